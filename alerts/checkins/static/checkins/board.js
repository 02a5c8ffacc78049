// Keep the board fresh: ask every 5 s with a cursor, show what changed, say how old it is.
const work = document.querySelector("[data-live]");
const fresh = document.getElementById("fresh");
const stale = document.getElementById("stale");
const announce = document.getElementById("announce");
const cases = document.getElementById("cases");
const POLL_MS = 5000;
const LATE_S = 20;
const STALE_S = 60;
let cursor = work.dataset.cursor;
let help = Number(work.dataset.help);
let heard = Date.now();
let waiting = null;

function put(name, html) {
  document.getElementById(name).innerHTML = html;
}

// The list keeps its place: while someone works in it, new rows wait for a press.
function showCases(html, calls) {
  const busy = cases.contains(document.activeElement) && document.activeElement !== cases;
  if (!busy && !cases.matches(":hover")) {
    put("cases", html);
    return;
  }
  waiting = html;
  announce.hidden = false;
  const more = calls - help;
  announce.firstElementChild.textContent = more > 0 ? `${more} new – show` : "List changed – show";
}

announce.firstElementChild.addEventListener("click", () => {
  if (waiting !== null) put("cases", waiting);
  waiting = null;
  announce.hidden = true;
});

async function poll() {
  if (document.hidden) return;
  const address = new URL(work.dataset.live, location.href);
  address.search = location.search;
  address.searchParams.set("since", cursor);
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.status === 304) {
      heard = Date.now();
    } else if (answer.ok) {
      const said = await answer.json();
      heard = Date.now();
      cursor = said.cursor;
      put("tiles", said.parts.tiles);
      put("marks", said.parts.picture);
      put("timeline", said.parts.timeline);
      showCases(said.parts.cases, said.help);
      help = said.help;
    }
  } catch (error) {
    console.warn("the server did not answer", error.name);
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

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey) return;
  const rows = [...cases.querySelectorAll(".case")];
  const at = rows.findIndex((row) => row.matches(":target"));
  if (event.key === "j" || event.key === "k") {
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "j" ? 1 : -1)))];
    if (next) location.hash = next.id;
  } else if (event.key === "t" && at >= 0) {
    rows[at].querySelector("form[action] button")?.focus();
  }
});

setInterval(poll, POLL_MS);
setInterval(age, 1000);
document.addEventListener("visibilitychange", poll);
