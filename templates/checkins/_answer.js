(function () {
var box = document.getElementById("kept"), name = "kept:" + location.pathname.split("/")[2], busy = false, waiting = [];
if (!box || !window.fetch || !window.AbortController) return;
try { waiting = JSON.parse(localStorage.getItem(name)) || []; } catch (e) {}
function keep() { try { if (waiting.length) localStorage.setItem(name, JSON.stringify(waiting)); else localStorage.removeItem(name); } catch (e) {} }
function send() {
  if (busy || !waiting.length) return;
  busy = true;
  var one = waiting[0], stop = new AbortController(), late = setTimeout(function () { stop.abort(); }, 20000);
  fetch(one[0], {method: "POST", body: new URLSearchParams(one[1].concat([["ago", Math.max(0, Math.round((Date.now() - one[2]) / 1000)) || 0]])), credentials: "omit", signal: stop.signal}).then(function (got) {
    if (got.status > 499 || got.status === 429) throw got;
    clearTimeout(late); busy = false; waiting.shift(); keep();
    if (waiting.length) send(); else location.replace(one[0] + (got.status === 400 ? "?again=1&asked=1" : "?saved=1") + "&lang=" + document.documentElement.lang);
  }).catch(function () { clearTimeout(late); busy = false; box.hidden = false; setTimeout(send, 8000); });
}
document.addEventListener("submit", function (event) {
  var form = event.target, button = event.submitter, pairs;
  if (!form.hasAttribute("data-keep")) return;
  pairs = Array.from(new FormData(form)).map(function (pair) { return [pair[0], String(pair[1])]; });
  if (button && button.name) pairs.push([button.name, button.value]);
  event.preventDefault();
  if (busy) box.hidden = Date.now() - waiting[0][2] < 4000;
  waiting.push([form.action.split("?")[0], pairs, Date.now()]); keep(); send();
});
addEventListener("online", send);
send();
})();
