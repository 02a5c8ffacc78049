/* Keep what is drawn and not saved on the server, and say who else is on this page. */
"use strict";
(() => {
  const form = document.getElementById("form"), words = document.getElementById("company");
  if (!form || !form.elements.shape || !form.dataset.here) return;
  const saved = document.getElementById("saved"), since = Date.parse(form.dataset.since);
  let changed = false, leaving = false, timer = 0;

  const list = names => names.length > 2 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join(" and ");
  function say(got) {
    const parts = [];
    if (got.saved_at && Date.parse(got.saved_at) > since) parts.push("Somebody else has saved a zone since you opened this page; reload to see it.");
    const looking = got.names.filter(name => !got.drawing.includes(name));
    if (got.drawing.length) parts.push(`${list(got.drawing)} ${got.drawing.length > 1 ? "are" : "is"} drawing here too.`);
    if (looking.length) parts.push(`${list(looking)} ${looking.length > 1 ? "have" : "has"} this page open.`);
    words.textContent = parts.join(" ");
    words.hidden = !parts.length;
  }
  async function tell() {
    clearTimeout(timer);
    if (leaving || document.hidden) return;
    const told = new FormData(form);
    told.delete("file");
    if (changed) told.set("keep", "1");
    const mine = changed;
    changed = false;
    try {
      const answer = await fetch(form.dataset.here, {method: "POST", body: told, credentials: "same-origin"});
      if (!answer.ok) throw new Error(String(answer.status));
      say(await answer.json());
      if (mine) saved.textContent = "Not saved yet; what you drew is kept for you";
    } catch (error) {
      changed = changed || mine;
    }
    timer = setTimeout(tell, 10000);
  }
  function note() {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(tell, 1500);
  }
  form.addEventListener("input", note);
  form.addEventListener("drawn", note);
  form.addEventListener("submit", () => { leaving = true; });
  document.addEventListener("visibilitychange", tell);
  tell();
})();
