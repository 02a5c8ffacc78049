(function () {
var box = document.getElementById("kept"), name = "kept:" + location.pathname.split("/")[2], busy = false, waiting = [];
if (!box || !window.fetch || !window.AbortController) return;
try { waiting = JSON.parse(localStorage.getItem(name)) || []; } catch (e) {}
function keep() { try { if (waiting.length) localStorage.setItem(name, JSON.stringify(waiting)); else localStorage.removeItem(name); } catch (e) {} }
{# A tap has a key of the page and of its moment: sent again, it counts once. #}
function said(one) { return one[1].map(function (pair) { return pair[0] === "key" ? ["key", pair[1].slice(0, 20) + Number(one[2]).toString(36)] : pair; }).concat([["ago", Math.max(0, Math.round((Date.now() - one[2]) / 1000)) || 0]]); }
function send() {
  if (busy || !waiting.length) return;
  busy = true;
  var one = waiting[0], stop = new AbortController(), late = setTimeout(function () { stop.abort(); }, 20000);
  fetch(one[0], {method: "POST", body: new URLSearchParams(said(one)), credentials: "omit", signal: stop.signal}).then(function (got) {
    if (got.status > 499 || got.status === 429) throw got;
    clearTimeout(late); busy = false; waiting.shift(); keep();
    if (waiting.length) send(); else location.replace(one[0] + (got.status === 400 ? "?again=1&asked=1" : "?saved=1") + "&lang=" + document.documentElement.lang);
  }).catch(function () { clearTimeout(late); busy = false; box.hidden = false; setTimeout(send, 8000); });
}
document.addEventListener("submit", function (event) {
  var form = event.target, button = event.submitter, last = waiting[waiting.length - 1], now = Date.now(), pairs, to;
  if (!form.hasAttribute("data-keep")) return;
  pairs = Array.from(new FormData(form)).map(function (pair) { return [pair[0], String(pair[1])]; });
  if (button && button.name) pairs.push([button.name, button.value]);
  event.preventDefault();
  if (busy) box.hidden = now - waiting[0][2] < 4000;
  to = form.action.split("?")[0];
  if (last && now - last[2] < 1000 && JSON.stringify([to, pairs]) === JSON.stringify([last[0], last[1]])) return;
  waiting.push([to, pairs, now]); keep(); send();
});
addEventListener("online", send);
send();
})();
