// Answers on their way: one after the other, in their order, kept in the browser until the server has them on its disk.
// A reload, a crash or a server that is away loses none; each has an id of its own, so sent twice it is kept once.
import { Unreachable, post } from "./api.js";
import { signal } from "./vendor/signals-core/signals-core.js";

export const waiting = signal([]); // entries {client, path, body, order}
export const away = signal(false); // the server does not answer
export const locked = signal(""); // a sentence: the server no longer knows this page
export const durable = signal(true); // can this browser keep them over a reload?

const SLOWEST = 8000; // milliseconds between two attempts
let database = null;
let sending = false;
let count = 0;
let hooks = { kept() {}, refused() {} };

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const table = (mode) => database.transaction("answers", mode).objectStore("answers");

// One database a project and person: an answer must never reach another project that has the same port later.
export async function openOutbox(project, you, { kept, refused }) {
  hooks = { kept, refused };
  try {
    const request = indexedDB.open(`nextlabel ${project} ${you}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("answers", { keyPath: "client" });
    database = await done(request);
    const left = await done(table("readonly").getAll());
    waiting.value = [...left.sort((a, b) => a.order - b.order), ...waiting.value];
  } catch {
    database = null; // a private window, perhaps: answers are sent all the same
    durable.value = false;
  }
  pump();
}

export function put(path, body) {
  const entry = { client: body.client, path, body, order: Date.now() * 1000 + (count++ % 1000) };
  if (database) table("readwrite").put(entry).onerror = () => (durable.value = false);
  waiting.value = [...waiting.value, entry];
  pump();
}

function remove(entry) {
  waiting.value = waiting.value.filter((one) => one.client !== entry.client);
  if (database) table("readwrite").delete(entry.client);
}

async function pump() {
  if (sending) return;
  sending = true;
  let pause = 500;
  while (waiting.value.length && !locked.value) {
    const entry = waiting.value[0];
    try {
      const reply = await post(entry.path, entry.body);
      away.value = false;
      pause = 500;
      remove(entry);
      hooks.kept(entry, reply);
    } catch (error) {
      if (error instanceof Unreachable) {
        away.value = true;
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(2 * pause, SLOWEST);
      } else if (error.status === 401 || error.status === 403) {
        locked.value = error.message; // nothing is thrown away: a new link lets them be sent
      } else {
        remove(entry);
        hooks.refused(entry, error.message);
      }
    }
  }
  sending = false;
}
