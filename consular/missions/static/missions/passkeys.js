// Make a passkey, sign in with one, or confirm with one. Without this script, and where
// the browser knows no passkeys, the code from the authenticator app does the same.
const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function prepared(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.excludeCredentials, options.allowCredentials])
    for (const each of list || []) each.id = bytes(each.id);
  return options;
}

function answered(made) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (made.response[name]) response[name] = text(made.response[name]);
  return { id: made.id, rawId: text(made.rawId), type: made.type, response };
}

async function post(form, address, body) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  const reply = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
  const said = await reply.json();
  if (!reply.ok) throw new Error(said.error);
  return said;
}

async function run(form) {
  const publicKey = prepared(await post(form, form.dataset.begin, {}));
  const making = form.dataset.passkey === "add";
  const made = making
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  const name = form.querySelector("[name=name]")?.value || "";
  const said = await post(form, form.dataset.end, { answer: answered(made), name });
  const resume = document.getElementById("resume");
  if (!resume) return location.assign(form.dataset.next || said.next);
  resume.querySelector("[name=csrfmiddlewaretoken]").value = said.token;
  resume.submit();
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  const problem = form.querySelector("[role=alert]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.textContent = "";
    run(form).catch((error) => {
      problem.textContent =
        error.name === "NotAllowedError" ? "Not done: it was cancelled or took too long." : error.message;
    });
  });
}
