// Keep the board fresh: ask with a cursor, show what changed, say how old it is.
const work = document.querySelector("[data-live]");
const fresh = document.getElementById("fresh");
const stale = document.getElementById("stale");
const announce = document.getElementById("announce");
const alarm = document.getElementById("alarm");
const list = document.getElementById("cases");
const sound = document.getElementById("sound");
const keys = document.getElementById("help-keys");
const POLL_MS = 3000;
const SLOWER = 2; // times as long as the server took
const LATE_S = 20;
const STALE_S = 60;
let cursor = work.dataset.cursor;
let help = Number(work.dataset.help);
let newest = Number(work.dataset.newest);
let heard = Date.now();
let waiting = null;
let loud = localStorage.getItem("sound") === "on";
let speaker = null;

function put(name, html) {
  document.getElementById(name).innerHTML = html;
}

function row(html) {
  const holder = document.createElement("ol");
  holder.innerHTML = html;
  return holder.firstElementChild;
}

// Put the rows in their order; false where one is missing and has to be asked for.
function arrange(order, cases) {
  const known = new Map([...list.querySelectorAll(".case[id]")].map((one) => [one.id, one]));
  const rows = [];
  for (const number of order) {
    const one = number in cases ? row(cases[number]) : known.get(`case-${number}`);
    if (!one) return false;
    rows.push(one);
  }
  const kept = [...list.children].filter((one) => one.classList.contains("more"));
  if (rows.length) list.replaceChildren(...rows, ...kept);
  else list.replaceChildren(row('<li class="empty"><b>Nobody waits for help</b></li>'));
  wait();
  return true;
}

// The list keeps its place: while someone works in it, new rows wait for a press.
function show(said) {
  const merged = waiting ? { ...waiting.cases, ...said.cases } : said.cases;
  const busy = list.contains(document.activeElement) && document.activeElement !== list;
  if (busy || list.matches(":hover")) {
    waiting = { order: said.order, cases: merged };
    announce.hidden = false;
    const here = new Set([...list.children].map((one) => one.id));
    const more = said.order.filter((number) => !here.has(`case-${number}`)).length;
    announce.firstElementChild.textContent = more ? `${more} new – show` : "List changed – show";
    return;
  }
  waiting = null;
  announce.hidden = true;
  if (!arrange(said.order, merged)) poll(true);
}

announce.firstElementChild.addEventListener("click", () => {
  const held = waiting;
  waiting = null;
  announce.hidden = true;
  if (held && !arrange(held.order, held.cases)) poll(true);
});

// One for all tones: a tablet gives a page few of them.
function hear() {
  if (!speaker) {
    speaker = new AudioContext();
    speaker.addEventListener("statechange", label);
  }
  speaker.resume();
  return speaker;
}

function beep() {
  const context = hear();
  for (const at of [0, 0.3]) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    volume.gain.value = 0.2;
    tone.frequency.value = 880;
    tone.connect(volume).connect(context.destination);
    tone.start(context.currentTime + at);
    tone.stop(context.currentTime + at + 0.18);
  }
}

function callForHelp(more) {
  alarm.textContent = `${more} new ${more === 1 ? "call" : "calls"} for help`;
  if (loud) beep();
}

async function poll(full = false) {
  if (document.hidden && !loud) return;
  const address = new URL(work.dataset.live, location.href);
  address.search = location.search;
  address.searchParams.set("since", full ? "" : cursor);
  if (full) address.searchParams.set("full", "1");
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.status === 304) heard = Date.now();
    if (answer.status !== 200) return;
    const said = await answer.json();
    heard = Date.now();
    cursor = said.cursor;
    for (const [name, html] of Object.entries(said.parts)) put(name, html);
    const inbox = document.getElementById("inbox-count");
    if (inbox) inbox.textContent = said.inbox.toLocaleString("en");
    // One may call while another is found safe: the number alone does not tell.
    const more = Math.max(said.help - help, said.newest > newest ? 1 : 0);
    help = said.help;
    newest = Math.max(newest, said.newest);
    if (said.order) show(said);
    if (more > 0) callForHelp(more);
  } catch (error) {
    console.warn("the server did not answer", error.name);
  }
}

async function keepAsking() {
  const began = Date.now();
  await poll();
  setTimeout(keepAsking, Math.max(POLL_MS, SLOWER * (Date.now() - began)));
}

function wait() {
  for (const each of list.querySelectorAll("[data-since]")) {
    const minutes = Math.floor((Date.now() - Date.parse(each.dataset.since)) / 60000);
    each.textContent = `${Math.max(0, minutes)} min`;
  }
}

function age() {
  const seconds = Math.round((Date.now() - heard) / 1000);
  fresh.classList.toggle("late", seconds >= LATE_S);
  fresh.lastElementChild.textContent =
    seconds >= LATE_S ? "Waiting for the server" : `Updated ${seconds} s ago`;
  stale.hidden = seconds < STALE_S;
  stale.textContent = `These numbers are ${Math.floor(seconds / 60)} min old. The server does not answer.`;
}

// A browser plays nothing on a page that nobody has touched since it was opened.
function label() {
  const on = speaker?.state === "running" ? "Sound on" : "Sound on after a click";
  sound.textContent = loud ? on : "Sound off";
}

function setSound(on) {
  loud = on;
  if (on) hear();
  localStorage.setItem("sound", on ? "on" : "off");
  sound.setAttribute("aria-pressed", String(on));
  label();
}

sound.hidden = false;
setSound(loud);
sound.addEventListener("click", () => {
  setSound(!loud);
  if (loud) beep();
});
for (const name of ["click", "keydown"]) {
  document.addEventListener(name, () => loud && hear());
}

const useKeys = document.getElementById("use-keys");
useKeys.checked = localStorage.getItem("keys") !== "off";
useKeys.addEventListener("change", () => {
  localStorage.setItem("keys", useKeys.checked ? "on" : "off");
});
const openKeys = document.getElementById("keys");
openKeys.hidden = false;
openKeys.addEventListener("click", () => keys.showModal());

function step(by) {
  const rows = [...list.querySelectorAll(".case[id]")];
  const at = rows.findIndex((one) => one.matches(":target"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
  if (next) location.hash = next.id;
}

const follow = (selector) => document.querySelector(selector)?.click();
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  t: () => list.querySelector(".case:target form button")?.focus(),
  r: () => follow(".case:target [data-reply]"),
  m: () => document.getElementById("picture").scrollIntoView(),
  l: () => list.focus(),
  f: () => follow("#wall"),
  "/": () => follow('[href$="/people/"]'),
  "?": () => keys.showModal(),
  1: () => follow("a.t-help"),
  2: () => follow("a.t-none"),
  3: () => follow("a.t-unre"),
  4: () => follow("a.t-safe"),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !useKeys.checked) return;
  const act = KEYS[event.key.toLowerCase()];
  if (act) {
    event.preventDefault();
    act();
  }
});

setTimeout(keepAsking, POLL_MS);
setInterval(age, 1000);
setInterval(wait, 20000);
document.addEventListener("visibilitychange", () => poll());
