// Warn before a session ends, let it last longer without leaving the page, and learn
// from other tabs that it does. Without this script the server says so when a page is
// opened late, and keeps what was typed when it is sent too late.
const note = document.getElementById("session");
const WARN_S = 600;
const LAST_S = 120;

function watch() {
  const words = note.querySelector("[data-words]");
  const form = note.querySelector("form");
  const problem = note.querySelector("[data-problem]");
  const later = note.querySelector("[data-later]");
  const news = "BroadcastChannel" in window ? new BroadcastChannel("muster-session") : null;
  let endsAt = Date.now() + Number(note.dataset.left) * 1000;
  let quietUntil = 0;
  let said = "";

  const say = (text) => {
    if (text !== said) words.textContent = said = text;
  };
  const reset = (left) => {
    endsAt = Date.now() + left * 1000;
    quietUntil = 0;
    look();
  };
  async function learn() {
    const reply = await fetch(note.dataset.ask, { headers: { Accept: "application/json" }, redirect: "manual" });
    if (reply.ok) endsAt = Date.now() + (await reply.json()).left_s * 1000;
  }
  function look() {
    const left = Math.ceil((endsAt - Date.now()) / 1000);
    const isQuiet = Date.now() < quietUntil && left > LAST_S;
    note.hidden = left > WARN_S || isQuiet;
    if (left > WARN_S) return;
    const minutes = Math.ceil(left / 60);
    if (left <= 0) say("Your session has ended. What you typed is still here: send it as usual, sign in, and go on with it.");
    else say(`Your session ends in ${minutes} minute${minutes === 1 ? "" : "s"}. What you typed is not saved by itself.`);
    form.hidden = left <= 0;
    note.classList.toggle("over", left <= 0);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const headers = { Accept: "application/json" };
    problem.textContent = "";
    try {
      const reply = await fetch(form.action, { method: "POST", headers, body: new FormData(form) });
      const answer = await reply.json();
      if (!reply.ok) {
        problem.textContent = answer.error;
        return;
      }
      form.elements.code.value = "";
      reset(answer.left_s);
      if (news) news.postMessage(answer.left_s);
    } catch {
      problem.textContent = "Not done: there is no connection, or the session has ended.";
    }
  });
  later.hidden = false;
  later.addEventListener("click", () => {
    quietUntil = endsAt - LAST_S * 1000;
    look();
  });
  if (news) news.onmessage = (event) => reset(event.data);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && endsAt - Date.now() < WARN_S * 1000) learn().then(look, look);
  });
  setInterval(look, 1000);
  look();
}

if (note) watch();
