// A desk without a connection: enter, keep, send when there is one, decide on conflicts.
import * as store from "./offline_store.js";

const desk = document.getElementById("desk");
const form = document.getElementById("entry");
const place = (name) => document.getElementById(name);
const BATCH = 25;
const EVERY_MS = 5000;
const WORDS = {
  waiting: "waits to be sent", saved: "registered", added: "added to who is on record",
  refused: "to mend", conflict: "decide: on record already",
};
let entries = new Map();
let editing = null;
let busy = false;
let ended = false;
let said = "";

function element(tag, text = "", more = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, more);
}

function button(text, act) {
  const made = element("button", text, { type: "button", className: "btn btn-sm" });
  made.addEventListener("click", act);
  return made;
}

function those(state) {
  return [...entries.values()].filter((entry) => entry.state === state);
}

function show() {
  const counts = Object.keys(WORDS).map((state) => [those(state).length, state]);
  const told = counts.filter(([n]) => n).map(([n, state]) => `${n} ${WORDS[state]}`);
  place("state").textContent = [said, told.join(", ") || "Nothing is kept here."].join(" ").trim();
  place("none").hidden = entries.size > 0;
  place("entries").replaceChildren(...[...entries.values()].reverse().map(line));
}

function line(entry) {
  const item = element("li");
  const who = `${entry.typed.given_name} ${entry.typed.family_name}, ${entry.typed.place}`;
  item.append(element("bdi", who), " ", element("span", WORDS[entry.state], { className: "chip" }), " ");
  if (entry.reference) item.append(element("code", entry.reference), " ");
  for (const problem of entry.problems ?? []) item.append(element("p", problem, { className: "errors" }));
  if (entry.state === "conflict") item.append(conflict(entry));
  if (entry.state !== "added" && entry.state !== "conflict") item.append(button("Change", () => edit(entry)));
  return item;
}

function conflict(entry) {
  const box = element("div", "", { className: "on-record" });
  box.append(element("p", entry.changes ? "Somebody changed this meanwhile. On record now:" : "On record already:"));
  const theirs = Object.entries(entry.theirs).filter(([, value]) => value);
  for (const [name, value] of theirs) box.append(element("p", `${name}: ${value}`));
  const choices = entry.changes
    ? [["Write mine over it", "mine"], ["Leave it as it is on record", ""]]
    : [["The same: add the place", "add"], ["Another person", "apart"], ["Drop mine", ""]];
  const row = element("p", "", { className: "row" });
  row.append(...choices.map(([text, decided]) => button(text, () => decide(entry, decided))));
  box.append(row);
  return box;
}

async function keep(entry) {
  await store.put(entry);
  entries.set(entry.id, entry);
}

async function decide(entry, decided) {
  if (decided) {
    await keep({ ...entry, decided, state: "waiting" });
  } else if (entry.changes) {
    await keep({ ...entry, state: "saved", theirs: {} });
  } else {
    await store.remove(entry.id);
    entries.delete(entry.id);
  }
  show();
  send();
}

function edit(entry) {
  editing = entry.id;
  for (const field of form.elements) {
    if (field.type === "checkbox") field.checked = entry.typed[field.name] === "on";
    else if (field.name) field.value = entry.typed[field.name] ?? "";
  }
  heading();
  form.elements.given_name.focus();
}

function heading() {
  place("title").textContent = editing ? "Change what you entered" : "Enter somebody";
  place("leave").hidden = !editing;
}

function wrong(typed) {
  if (!typed.given_name.trim()) return "Give the name.";
  if (!typed.place.trim()) return "Say where they are: a town, or a country.";
  if (!typed.phone.trim() && !typed.email.trim()) return "Give a phone number or an e-mail address.";
  return typed.warn ? "" : "Without their yes it cannot be kept.";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const typed = Object.fromEntries(new FormData(form));
  const trouble = place("trouble");
  trouble.textContent = wrong(typed);
  trouble.hidden = !trouble.textContent;
  if (trouble.textContent || ended) return;
  const before = entries.get(editing) ?? store.fresh();
  const changes = before.reference && before.state !== "added" ? before.reference : "";
  try {
    // A new key: what was sent under the old one may have arrived as it was.
    await keep({ ...before, typed, changes, key: store.newKey(), state: "waiting", problems: [], decided: "" });
  } catch (error) {
    trouble.textContent = `This browser could not keep it (${error.name}). Write it down.`;
    trouble.hidden = false;
    return;
  }
  editing = null;
  form.reset();
  heading();
  show();
  form.elements.given_name.focus();
  send();
});

place("leave").addEventListener("click", () => { editing = null; form.reset(); heading(); });
place("send").addEventListener("click", () => send());
place("tidy").addEventListener("click", async () => {
  for (const entry of [...those("saved"), ...those("added")]) {
    await store.remove(entry.id);
    entries.delete(entry.id);
  }
  show();
});

async function ask(options = {}) {
  const answer = await fetch(desk.dataset.sync, { redirect: "manual", cache: "no-store", ...options });
  if (answer.type === "opaqueredirect" || answer.status === 403) {
    throw new Error("Your session has ended: sign in again in another tab. What is kept here waits.");
  }
  if (!answer.ok) throw new Error(`The server answered ${answer.status}. What is kept here waits.`);
  return answer.json();
}

async function batch(token) {
  const sent = those("waiting").slice(0, BATCH);
  const body = JSON.stringify({ entries: sent.map((entry) => ({
    key: entry.key, typed: entry.typed, decided: entry.decided,
    reference: entry.changes, revision: entry.revision })) });
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  const { entries: answers } = await ask({ method: "POST", headers, body });
  for (const answer of answers) {
    const before = sent.find((entry) => entry.key === answer.key);
    const now = entries.get(before.id);
    if (!now) continue;
    const known = { reference: answer.reference, revision: answer.revision };
    if (now.key === answer.key) await keep({ ...now, ...answer, changes: now.changes });
    else if (answer.state === "saved") await keep({ ...now, ...known, changes: answer.reference });
  }
}

async function send() {
  if (busy || ended || !those("waiting").length) return;
  busy = true;
  try {
    const { token, officer } = await ask();
    if (String(officer) !== desk.dataset.officer) throw new Error("Another officer is signed in here.");
    while (those("waiting").length) {
      await batch(token);
      show();
    }
    said = "";
  } catch (error) {
    said = error instanceof TypeError ? "No connection: what you enter is kept here." : error.message;
  }
  busy = false;
  show();
}

function gone() {
  ended = true;
  entries = new Map();
  form.reset();
  said = "Signed out: nothing is kept here any more.";
  show();
}

async function old() {
  const over = ended ? 0 : await store.purge();
  if (!over) return;
  const now = Date.now();
  for (const entry of entries.values()) if (entry.until <= now) entries.delete(entry.id);
  said = `${over} older than eight hours were erased.`;
  show();
}

window.addEventListener("online", send);
window.addEventListener("beforeunload", (event) => { if (those("waiting").length) event.preventDefault(); });
document.querySelector(".sign-out").closest("form").addEventListener("submit", (event) => {
  const left = those("waiting").length + those("conflict").length + those("refused").length;
  if (left && !confirm(`${left} entries have not been taken in and would be erased. Sign out?`)) event.preventDefault();
});
setInterval(send, EVERY_MS);
setInterval(old, 60000);
const opened = await store.open(desk.dataset.officer, gone);
entries = new Map(opened.entries.map((entry) => [entry.id, entry]));
if (opened.over) said = `${opened.over} older than eight hours were erased.`;
desk.dataset.ready = "yes";
show();
send();
