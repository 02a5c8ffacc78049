// Offer places while a name is typed. Without this, the page asks after "Next".
"use strict";

(function () {
  const words = document.currentScript.dataset;
  const PAUSE_MS = 250;

  function offer(input) {
    const chosen = input.form.elements[input.name.replace(/place$/, "chosen")];
    const list = document.createElement("ul");
    const said = document.createElement("p");
    const known = new Map();
    let places = [];
    let active = -1;
    let isBusy = false;
    let timer = 0;

    list.id = input.id + "_list";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", words.name);
    said.className = "vh";
    said.setAttribute("role", "status");
    const box = document.createElement("div");
    box.className = "ls";
    box.append(list, said);
    input.after(box);
    for (const [name, value] of [
      ["role", "combobox"],
      ["autocomplete", "off"],
      ["aria-autocomplete", "list"],
      ["aria-controls", list.id],
      ["aria-expanded", "false"],
    ]) {
      input.setAttribute(name, value);
    }

    function set(value) {
      if (chosen instanceof RadioNodeList) {
        chosen.forEach((radio) => (radio.checked = radio.value === value));
      } else if (chosen) {
        chosen.value = value;
      }
    }

    function close() {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function move(to) {
      active = (to + places.length) % places.length;
      [...list.children].forEach((row, index) =>
        row.setAttribute("aria-selected", String(index === active)),
      );
      const row = list.children[active];
      input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    }

    function choose(place) {
      input.value = place.label;
      set(place.value);
      said.textContent = place.said;
      close();
    }

    function show(found) {
      places = found;
      close();
      list.replaceChildren(
        ...places.map((place, index) => {
          const row = document.createElement("li");
          row.id = list.id + index;
          row.dir = "auto";
          row.textContent = place.said;
          row.setAttribute("role", "option");
          row.setAttribute("aria-selected", "false");
          row.addEventListener("click", () => choose(place));
          return row;
        }),
      );
      list.hidden = !places.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      said.textContent = places.length ? words.found.replace("{n}", places.length) : "";
    }

    // The countries of the other stops: of two namesakes, the near one goes first.
    function beside() {
      const others = document.querySelectorAll('input[type=hidden][name$="-chosen"]');
      const codes = [...others].map((other) => other !== chosen && other.value.split(",")[2]);
      return codes.filter(Boolean).join();
    }

    async function asked(text) {
      const lang = document.documentElement.lang;
      const body = new URLSearchParams({ q: text, lang, beside: beside() });
      const answer = await fetch(words.url, { method: "POST", body, credentials: "omit" });
      return answer.ok ? (await answer.json()).places : null;
    }

    // One question at a time: on a slow network, the letters in between ask nothing.
    async function ask() {
      const text = input.value.trim();
      if (isBusy || document.activeElement !== input) {
        return;
      }
      if (!known.has(text)) {
        isBusy = true;
        const found = await asked(text).catch(() => null);
        isBusy = false;
        if (found) {
          known.set(text, found);
        } else {
          return;
        }
      }
      if (input.value.trim() !== text) {
        ask();
      } else if (document.activeElement === input) {
        show(known.get(text));
      }
    }

    input.addEventListener("input", () => {
      set("");
      close();
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE_MS);
    });
    input.addEventListener("blur", close);
    // The field keeps the focus while somebody taps on a place.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || !places.length) {
        return;
      }
      const isOpen = !list.hidden;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        list.hidden = false;
        input.setAttribute("aria-expanded", "true");
        move(event.key === "ArrowDown" ? active + 1 : Math.max(active, 0) - 1);
      } else if (event.key === "Enter" && isOpen && active >= 0) {
        event.preventDefault();
        choose(places[active]);
      } else if (event.key === "Escape" && isOpen) {
        event.preventDefault();
        close();
      }
    });
  }

  document.querySelectorAll("input[data-places]").forEach(offer);
})();
