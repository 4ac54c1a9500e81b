// The labelling itself, without anything to see: answer, undo, correct, refill. Nothing here waits for the network.
import { Refused, get, newId, post } from "./api.js";
import * as outbox from "./outbox.js";
import { lookAhead } from "./pictures.js";
import { asked, className, notice, overview, problem, queue, recent, why } from "./state.js";
import { batch } from "./vendor/signals-core/signals-core.js";

const ENOUGH = 12; // questions at hand; fewer, and more are fetched
const FETCH = 24;
const LAST = 10; // thumbnails

const past = []; // {client, question} of this tab's answers, for undo without waiting
const settled = new Map(); // sample -> when the server had its answer; Infinity until it has
let shownAt = Date.now();
let fetching = false;
let refreshing = null;
let asking = null; // the timer of the next look for questions, where there are none

export const lastLabel = { class_id: null };

export async function begin() {
  overview.value = await get("/api/overview");
  await outbox.openOutbox(overview.value.project, overview.value.you, { kept, refused });
  for (const entry of outbox.waiting.value) if (entry.body.sample != null) settled.set(entry.body.sample, Infinity);
  recent.value = await get(`/api/recent?count=${LAST}`);
  await refill();
}

export function refresh() {
  // At most one look in a second and a half, however fast the keys are.
  refreshing ??= setTimeout(async () => {
    refreshing = null;
    const now = await get("/api/overview").catch(() => null);
    if (now && !outbox.waiting.value.length) overview.value = now;
    if (!queue.value.length) refill();
  }, 1500);
}

const askSoon = () => (asking ??= setTimeout(() => ((asking = null), refill()), 2000));

async function refill() {
  if (fetching || queue.value.length >= ENOUGH) return;
  fetching = true;
  const began = performance.now();
  try {
    // What is answered, and not there yet, is still asked: it must not take the place of others.
    const next = await get(`/api/questions?count=${FETCH + Math.min(outbox.waiting.value.length, FETCH)}`);
    const here = new Set(queue.value.map((one) => one.sample));
    const open = next.filter((one) => !here.has(one.sample) && !(settled.get(one.sample) >= began));
    batch(() => {
      if (open.length) setQueue([...queue.value, ...open]);
      asked.value = true;
    });
    if (!outbox.waiting.value.length) outbox.away.value = false; // else answers still wait to be sent
    if (!queue.value.length && overview.value.left > 0) askSoon(); // somebody may give back what they looked at
  } catch (error) {
    if (error instanceof Refused && (error.status === 401 || error.status === 403)) outbox.locked.value = error.message;
    else {
      outbox.away.value = true;
      askSoon();
    }
  }
  fetching = false;
}

// A question is lent for two minutes: whoever looks at it longer keeps it by asking again.
setInterval(() => {
  if (!document.hidden && queue.value.length) get(`/api/questions?count=${FETCH}`).catch(() => {});
}, 45_000);

// The server's last answer is not this page's any more: from now on undo asks it what comes back.
export const forgetPast = () => (past.length = 0);

// What is asked changed at once: by a setting, a lasso, a look through the folder, a demonstration's oracle.
export async function catchUp() {
  forgetPast();
  const began = performance.now();
  const [now, last, next] = await Promise.all([
    get("/api/overview"), get(`/api/recent?count=${LAST}`), get(`/api/questions?count=${FETCH}`),
  ]);
  batch(() => {
    overview.value = now;
    recent.value = last;
    setQueue(next.filter((one) => !(settled.get(one.sample) >= began)));
    asked.value = true;
  });
}

// Says what joined the folder, and what is gone from it.
export async function lookAgain() {
  try {
    const { new: joined, gone } = await post("/api/scan", {});
    await catchUp();
    notice.value = joined || gone ? `${joined} new, ${gone} gone.` : "Nothing has changed.";
  } catch (error) {
    notice.value = problem.value = error.message;
  }
  return notice.value;
}

function setQueue(questions) {
  if (questions[0]?.sample !== queue.value[0]?.sample) shownAt = Date.now();
  queue.value = questions;
  lookAhead(questions);
}

function count(class_id, kind, by) {
  const now = overview.value;
  if (kind === "note") return;
  const classes = now.classes.map((one) => (one.id === class_id ? { ...one, count: one.count + by } : one));
  const done = kind === "label" ? { labelled: now.labelled + by } : {};
  overview.value = { ...now, classes, ...done, left: kind === "skip" ? now.left : now.left - by };
}

// Answer the question on the screen, and move on in the same frame.
export function answer(kind, how, class_id = null) {
  const question = queue.value[0];
  if (!question) return void (why.value = { kind: "none" });
  const body = {
    client: newId(), ask: question.ask, sample: question.sample, kind, class_id, note: null, how,
    shown_at: shownAt / 1000, answered_at: Date.now() / 1000,
  };
  past.push({ client: body.client, question });
  settled.set(question.sample, Infinity);
  if (kind === "label") lastLabel.class_id = class_id;
  batch(() => {
    outbox.put("/api/answers", body); // kept before anything is drawn: no fault of the page's can lose it
    remember({ ...body, path: question.path, text: question.text, at: body.answered_at });
    count(class_id, kind, 1);
    why.value = { client: body.client, kind, class_id, words: "", agrees: null };
    setQueue(queue.value.slice(1));
    notice.value = `${kind === "label" ? className(class_id) : kind === "skip" ? "Not sure" : "Put aside"}. Next.`;
  });
  refill();
}

function remember(one) {
  recent.value = [one, ...recent.value.filter((other) => other.sample !== one.sample)].slice(0, LAST);
}

export async function undo() {
  const last = past.pop();
  const client = newId();
  if (!last) return undoOlder(client);
  const taken = recent.value.find((one) => one.client === last.client);
  batch(() => {
    if (taken) count(taken.class_id, taken.kind, -1);
    recent.value = recent.value.filter((one) => one.client !== last.client);
    why.value = null;
    notice.value = "Undone.";
    setQueue([last.question, ...queue.value.filter((one) => one.sample !== last.question.sample)]);
  });
  outbox.put("/api/undo", { client, of: last.client }); // and not what another tab answered since
}

// What another tab, or this page before a reload, answered: the server knows what comes back.
async function undoOlder(client) {
  if (outbox.waiting.value.length) return void outbox.put("/api/undo", { client });
  try {
    await kept({ path: "/api/undo", body: { client } }, await post("/api/undo", { client }));
  } catch (error) {
    notice.value = problem.value = error.message;
  }
}

async function kept(entry, reply) {
  if (entry.path === "/api/undo") {
    // It may have been answered anew while the undo was on its way.
    if (!outbox.waiting.value.some((one) => one.body.sample === reply.sample)) settled.delete(reply.sample);
    const again = reply.question; // none where an answer before it holds again, or it was a grid's
    if (!again) why.value = { kind: "back" };
    const shown = queue.value.some((one) => one.sample === reply.sample);
    if (again && !shown && !past.some((one) => one.question.sample === reply.sample)) {
      setQueue([again, ...queue.value]);
    }
    recent.value = await get(`/api/recent?count=${LAST}`).catch(() => recent.value);
    return refresh();
  }
  if (entry.body.kind !== "note") settled.set(entry.body.sample, performance.now());
  if (why.value?.client === entry.client && reply.why) {
    why.value = { ...why.value, words: reply.why.words, agrees: reply.agrees };
  }
  refresh();
  refill();
}

function refused(entry, sentence) {
  problem.value = entry.path === "/api/undo" ? sentence : `An answer was not taken: ${sentence}`;
  recent.value = recent.value.filter((one) => one.client !== entry.client);
  if (entry.body.sample != null) settled.delete(entry.body.sample);
  refresh();
}

// Another answer to what was answered before: a class, or null for a bad picture; `how` is "button", or "review".
// Returns its own id, by which it can be taken back.
export function correct({ sample, path, text }, class_id, how) {
  const now = Date.now() / 1000;
  const kind = class_id === null ? "discard" : "label";
  const body = { client: newId(), ask: null, sample, kind, class_id, note: null, how, shown_at: null, answered_at: now };
  forgetPast();
  remember({ ...body, path, text, at: now });
  outbox.put("/api/answers", body);
  return body.client;
}

export function addNote(sample, note) {
  forgetPast();
  why.value = { kind: "note" };
  outbox.put("/api/answers", {
    client: newId(), ask: null, sample, kind: "note", class_id: null, note, how: "key",
    shown_at: null, answered_at: Date.now() / 1000,
  });
}

// A class's name as it is compared: the server takes two that differ in no more than this for one.
export const plain = (name) => name.normalize("NFC").trim().toLowerCase();
const same = (one, other) => plain(one) === plain(other);

// The class of that name, made where there is none; null where the server refuses it.
export async function ensureClass(name) {
  const known = overview.value.classes.find((one) => same(one.name, name));
  if (known) return known.id;
  try {
    const classes = await post("/api/classes", { name: name.trim() });
    overview.value = { ...overview.value, classes };
    return classes.find((one) => same(one.name, name))?.id ?? null;
  } catch (error) {
    problem.value = error.message;
    return null;
  }
}
