// Keep entries in this browser: encrypted with a key that cannot be taken out of it.
const HOURS = 8;
const KEPT_MS = HOURS * 3600 * 1000;
const NAME = "muster-desk";
let db, key, owner;

function asked(request) {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

function store(name, mode = "readonly") {
  return db.transaction(name, mode).objectStore(name);
}

// Return the entries of an officer that are younger than eight hours, and how many
// were older; `gone` is called when the browser erases all, at a sign-out.
export async function open(officer, gone) {
  owner = officer;
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("keys", { keyPath: "owner" });
    request.result.createObjectStore("entries", { keyPath: "id" });
  };
  db = await asked(request);
  db.onclose = gone;
  db.onversionchange = () => { db.close(); gone(); };
  const over = await purge();
  const kept = await asked(store("keys").get(owner));
  key = kept?.key ?? await made();
  const rows = (await asked(store("entries").getAll())).filter((row) => row.owner === owner);
  const entries = [];
  for (const row of rows) {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv }, key, row.sealed);
    entries.push({ ...JSON.parse(new TextDecoder().decode(plain)), id: row.id, until: row.until });
  }
  return { entries: entries.sort((one, two) => one.at - two.at), over };
}

async function made() {
  const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await asked(store("keys", "readwrite").put({ owner, key: fresh }));
  return fresh;
}

// Write one entry; it is on the disk when this returns.
export async function put(entry) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const { id, until, ...rest } = entry;
  const plain = new TextEncoder().encode(JSON.stringify(rest));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain);
  const writing = db.transaction("entries", "readwrite", { durability: "strict" });
  writing.objectStore("entries").put({ id, until, owner, iv, sealed });
  await new Promise((done, failed) => {
    writing.oncomplete = done;
    writing.onerror = writing.onabort = () => failed(writing.error);
  });
}

export async function remove(id) {
  await asked(store("entries", "readwrite").delete(id));
}

// Erase what is older than eight hours, of whichever officer; return how many of ours.
export async function purge() {
  const now = Date.now();
  const rows = await asked(store("entries").getAll());
  const over = rows.filter((row) => row.until <= now);
  for (const row of over) await remove(row.id);
  const owners = new Set(rows.filter((row) => row.until > now).map((row) => row.owner));
  for (const row of await asked(store("keys").getAll())) {
    if (row.owner !== owner && !owners.has(row.owner)) {
      await asked(store("keys", "readwrite").delete(row.owner));
    }
  }
  return over.filter((row) => row.owner === owner).length;
}

export function fresh() {
  const id = crypto.randomUUID();
  return { id, at: Date.now(), until: Date.now() + KEPT_MS };
}

export function newKey() {
  return crypto.randomUUID().replaceAll("-", "");
}
