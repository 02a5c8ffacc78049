/* Count text messages and preview them while they are typed; the server's count rules. */
"use strict";
(() => {
  const form = document.getElementById("form");
  const GSM = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    + "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
  const TWICE = new Set("\f^{}\\[~]|€");
  const ALIKE = {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "‛": "'", "‟": '"', "`": "'", "´": "'", "ʼ": "'", "′": "'", "″": '"', "‹": "'", "›": "'",
    "\u2010": "-", "\u2011": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "…": "...",
    "\u00a0": " ", "\u2007": " ", "\u202f": " ", "\u2009": " ",
    "\u200b": "", "\ufeff": "", "\t": " "};
  const BARE = {};
  [..."ÁÀÂÃáâãÈÊËêëÍÌÎÏíîïÓÒÔÕóôõÚÙÛúûçÝýÿŒœ"].forEach((letter, place) => {
    BARE[letter] = "AAAAaaaEEEeeIIIIiiiOOOOoooUUUuucYyyOo"[place];
  });
  const swapped = (text, table) => [...text].map(letter => table[letter] ?? letter).join("");

  // A letter that takes two places is not cut in two at the end of a part.
  function partsOf(widths, alone, together) {
    if (widths.reduce((sum, width) => sum + width, 0) <= alone) return 1;
    let parts = 1, left = together;
    for (const width of widths) {
      if (width > left) {
        parts += 1;
        left = together;
      }
      left -= width;
    }
    return parts;
  }

  function size(text) {
    const letters = [...text];
    const culprits = [...new Set(letters.filter(c => !GSM.has(c) && !TWICE.has(c)))];
    const widths = letters.map(c => culprits.length ? c.length : (TWICE.has(c) ? 2 : 1));
    const [alone, together] = culprits.length ? [70, 67] : [160, 153];
    const units = widths.reduce((sum, width) => sum + width, 0);
    return {units, parts: partsOf(widths, alone, together), culprits};
  }

  // A phone takes what is no ASCII behind a link for more of it.
  const apart = text => text.replace(/\{link\}(?=[^\x00-\x7f\s])/gu, "{link} ");

  function cheapest(text) {
    const plain = swapped(text.normalize("NFC"), ALIKE);
    const parts = each => size(apart(each)).parts;
    return [plain, swapped(plain, BARE), text].reduce(
      (best, each) => parts(each) < parts(best) ? each : best);
  }

  const saysReply = /\{reply\}([\s\S]*?)\{\/reply\}/g;

  function asSent(area, answered) {
    const mark = area.dataset.mark;
    let body = area.value.trim().replace(saysReply, answered ? "$1" : "");
    if (mark && body && !body.startsWith(mark)) body = `${mark} ${body}`;
    if (area.dataset.channel === "sms") body = cheapest(body);
    return apart(body).replaceAll("{link}", form.dataset.link).replaceAll("{code}", form.dataset.code);
  }

  function note(counted, text) {
    if (!counted.culprits.length || counted.culprits.length > 8) return "";
    const odd = new Set(counted.culprits);
    const parts = size([...text].map(c => odd.has(c) ? "x" : c).join("")).parts;
    if (parts === counted.parts) return "";
    const letters = counted.culprits.length === 1 ? "the letter" : "the letters";
    return `${letters} ${counted.culprits.join(" ")} make it ${counted.parts} texts instead of ${parts}`;
  }

  function show(area) {
    const part = area.closest(".part"), line = part.querySelector("[data-size]");
    const preview = part.querySelector("[data-preview]");
    const text = asSent(area, area.hasAttribute("data-answered"));
    const oneWay = part.querySelector("[data-one-way]");
    if (oneWay) oneWay.innerText = asSent(area, false);
    const counted = size(text);
    const words = document.createElement("span");
    words.textContent = area.dataset.channel === "sms"
      ? `${counted.parts} text${counted.parts === 1 ? "" : "s"} · ${counted.units} characters`
      : `${text.length} characters`;
    line.replaceChildren(...(text ? [words] : []));
    if (area.dataset.channel === "sms") {
      const said = text ? note(counted, text) : "";
      if (said) {
        const tip = document.createElement("span");
        tip.className = "tipn";
        tip.textContent = said;
        line.append(tip);
      }
      preview.innerText = text;
    }
    const missing = area.dataset.channel !== "social" && text && !area.value.includes("{link}");
    area.toggleAttribute("data-no-link", Boolean(missing));
    if (missing) {
      const tip = document.createElement("span");
      tip.className = "tipn";
      tip.textContent = "{link} is missing";
      line.append(tip);
    }
  }

  form.querySelectorAll("textarea[data-channel]").forEach(area => {
    area.addEventListener("input", () => show(area));
  });
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", event => { if (changed) event.preventDefault(); });
})();
