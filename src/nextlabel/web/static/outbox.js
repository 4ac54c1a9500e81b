// Answers on their way: one after the other, in their order, kept in the browser until the server has them on its disk.
// A reload, a crash or a server that is away loses none; each has an id of its own, so sent twice it is kept once.
import { Refused, Unreachable, post } from "./api.js";
import { signal } from "./vendor/signals-core/signals-core.js";

export const waiting = signal([]); // entries {client, path, body, order}
export const away = signal(false); // the server does not answer
export const locked = signal(""); // a sentence: the server no longer knows this page
export const durable = signal(true); // can this browser keep them over a reload?

const SLOWEST = 8000; // milliseconds between two attempts
let database = null;
let shelf = ""; // what the names of this project's and person's entries in localStorage begin with
const settlers = new Map(); // client -> whom to tell when it is settled
let sending = false;
let count = 0;
let hooks = { kept() {}, refused() {} };

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

// One shelf and one database a project and person: an answer must never reach another project that has the same port later.
export async function openOutbox(project, you, { kept, refused }) {
  hooks = { kept, refused };
  shelf = `nextlabel unsent ${project} ${you} `;
  const left = new Map(onShelf().map((entry) => [entry.client, entry]));
  try {
    const request = indexedDB.open(`nextlabel ${project} ${you}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("answers", { keyPath: "client" });
    database = await done(request);
    const table = database.transaction("answers").objectStore("answers");
    for (const entry of await done(table.getAll())) left.set(entry.client, entry);
  } catch {
    database = null; // a private window, perhaps
  }
  waiting.value = [...[...left.values()].sort((a, b) => a.order - b.order), ...waiting.value];
  addEventListener("beforeunload", (event) => !durable.value && waiting.value.length && event.preventDefault());
  pump();
}

function onShelf() {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(shelf));
    return names.map((name) => JSON.parse(localStorage.getItem(name)));
  } catch {
    return []; // storage may be forbidden
  }
}

// Two places, since each has a gap: IndexedDB may miss what it was given just before a reload, for it writes behind
// the page's back; localStorage has it at once, but may lose it with the whole browser. So one bridges the other.
function keep(entry) {
  let safe = true;
  try {
    localStorage.setItem(shelf + entry.client, JSON.stringify(entry));
  } catch {
    safe = false; // forbidden, or full
  }
  try {
    const writing = database.transaction("answers", "readwrite");
    writing.objectStore("answers").put(entry);
    writing.oncomplete = () => unshelve(entry);
    writing.onabort = () => (durable.value = safe);
  } catch {
    durable.value = safe;
  }
}

function unshelve(entry) {
  try {
    localStorage.removeItem(shelf + entry.client);
  } catch {
    // then it was never there
  }
}

// Resolves when the server has said yes or no to it.
export function put(path, body) {
  const entry = { client: body.client, path, body, order: Date.now() * 1000 + (count++ % 1000) };
  waiting.value = [...waiting.value, entry];
  keep(entry);
  pump();
  return new Promise((settle) => settlers.set(entry.client, settle));
}

function settle(entry) {
  settlers.get(entry.client)?.();
  settlers.delete(entry.client);
}

function remove(entry) {
  waiting.value = waiting.value.filter((one) => one.client !== entry.client);
  unshelve(entry);
  try {
    database.transaction("answers", "readwrite").objectStore("answers").delete(entry.client);
  } catch {
    // There is no database, or it is gone: then the entry is sent once more at most, and is kept once.
  }
}

async function send({ path, body }) {
  const reply = await post(path, body);
  if (reply?.event === undefined && reply?.events === undefined) throw new Unreachable("This is no reply of ours.");
  return reply;
}

async function pump() {
  if (sending) return;
  sending = true;
  let pause = 500;
  while (waiting.value.length && !locked.value) {
    const entry = waiting.value[0];
    try {
      const reply = await send(entry);
      away.value = false;
      pause = 500;
      remove(entry);
      hooks.kept(entry, reply);
      settle(entry);
    } catch (error) {
      if (error instanceof Unreachable) {
        away.value = true;
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(2 * pause, SLOWEST);
      } else if (error instanceof Refused && error.status !== 401 && error.status !== 403) {
        remove(entry);
        hooks.refused(entry, error.message);
        settle(entry);
      } else {
        locked.value = error.message; // nothing is thrown away: a new link, or a reload, lets them be sent
      }
    }
  }
  sending = false;
}
