/* Keep the sending page fresh: ask every 2 s while the tab is seen, count the hold down. */
"use strict";
(() => {
  const live = document.getElementById("live");
  if (!live || !live.dataset.progress) return;
  const EVERY_MS = 2000;
  let state = "", heard = Date.now(), left = null;

  function adopt(seconds) {
    left = seconds;
    heard = Date.now();
  }
  function countDown() {
    const clock = live.querySelector("[data-left]");
    if (!clock || left === null) return;
    const now = Math.max(0, Math.round(left - (Date.now() - heard) / 1000));
    clock.textContent = `${Math.floor(now / 60)}:${String(now % 60).padStart(2, "0")}`;
    live.querySelector("[data-left-words]").textContent = String(now);
  }
  async function ask() {
    if (document.hidden) return;
    try {
      const answer = await fetch(live.dataset.progress, {credentials: "same-origin"});
      if (!answer.ok) throw new Error(String(answer.status));
      const got = await answer.json();
      const focused = live.contains(document.activeElement);
      if (!(focused && got.state === state)) live.innerHTML = got.html;
      if (got.state !== state && got.is_over) location.reload();
      state = got.state;
      adopt(got.left_s);
    } catch (error) {
      if (Date.now() - heard > 20000) live.classList.add("is-old");
    }
  }
  const first = live.querySelector("[data-left]");
  if (first) { state = "held"; adopt(Number(first.dataset.left)); }
  setInterval(ask, EVERY_MS);
  setInterval(countDown, 250);
})();
