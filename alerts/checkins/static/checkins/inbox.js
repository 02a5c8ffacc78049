// Walk through the replies by keys; a digit goes to the button that means it.
const replies = [...document.querySelectorAll(".reply")];
const MEANS = { 1: "safe", 2: "help", 0: "none" };
let at = -1;

function go(place) {
  at = Math.max(0, Math.min(replies.length - 1, place));
  replies[at]?.focus();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  const off = localStorage.getItem("keys") === "off";
  if (typing || off || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === "j") go(at + 1);
  else if (key === "k") go(at - 1);
  else if (key in MEANS) replies[at]?.querySelector(`button[value="${MEANS[key]}"]`)?.focus();
});
