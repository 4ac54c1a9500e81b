// Many at once: what is labelled, to search; what the machine is surest of, or what was drawn around on the map, to
// confirm but for the wrong ones.
import { get, newId } from "./api.js";
import { openCorrection } from "./around.js";
import { html } from "./html.js";
import { letGo } from "./keys.js";
import { catchUp, forgetPast } from "./labelling.js";
import { put } from "./outbox.js";
import { miniature, percent } from "./parts.js";
import { className, notice, overview, problem, thing } from "./state.js";
import { batch, signal } from "./vendor/signals-core/signals-core.js";

const EACH = 60;
const PAUSE = 200; // milliseconds
const AGAIN = 2000; // milliseconds until one looks again whether something is found
const mode = signal("labelled"); // or "sure", or "lasso", or one of ODD
const ODD = { "near-duplicates": "near-duplicates", outliers: "outliers" };
const chosenClass = signal(null);
const who = signal(""); // whose labels; "" for everybody's
const search = signal("");
const shown = signal(null); // {total, samples}
const wrong = signal(new Set());
const lassoed = signal([]); // samples that were drawn around on the map
let offset = 0;
const confirmed = []; // client ids of this page's grids
let asking = 0;
let typing = 0; // the timer of a search that is being typed

const isOdd = () => mode.value in ODD;
const confirms = () => mode.value !== "labelled" && !isOdd();

function address() {
  return isOdd() ? `/api/oddities?kind=${mode.value}&offset=${offset}&count=${EACH}` : `/api/samples?${query()}`;
}

function query() {
  const said = new URLSearchParams({ count: EACH, grid: confirms() });
  if (mode.value === "lasso") lassoed.value.slice(offset, offset + EACH).forEach((sample) => said.append("ids", sample));
  else said.set("offset", offset);
  if (chosenClass.value !== null && mode.value !== "lasso") said.set("class_id", chosenClass.value);
  if (search.value) said.set("text", search.value);
  if (who.value && !confirms()) said.set("annotator", who.value);
  return said;
}

export async function loadGrid() {
  const mine = ++asking;
  const first = overview.value.classes[0]?.id ?? null;
  if (chosenClass.value === null && mode.value === "sure") chosenClass.value = first;
  const nothing = (mode.value === "sure" && first === null) || (mode.value === "lasso" && !lassoed.value.length);
  try {
    const found = nothing ? { total: 0, samples: [] } : await get(address());
    if (mine !== asking) return; // what was typed last counts, whichever reply comes last
    if (!found) return void setTimeout(() => mine === asking && location.hash === "#grid" && loadGrid(), AGAIN);
    if (mode.value === "lasso") found.total = lassoed.value.length;
    batch(() => {
      if (mode.value === "lasso" && chosenClass.value === null) chosenClass.value = mostFrequent(found.samples) ?? first;
      shown.value = found;
      // What was clicked while this was on its way stays clicked.
      const here = new Set(found.samples.map((one) => one.sample));
      wrong.value = new Set([...wrong.value].filter((sample) => here.has(sample)));
    });
  } catch (error) {
    problem.value = error.message;
  }
}

function mostFrequent(samples) {
  const counts = new Map();
  for (const { class_id } of samples) if (class_id !== null) counts.set(class_id, (counts.get(class_id) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}

// After a pause: whoever types a word wants no look through all texts for each of its letters.
function searchFor(words) {
  search.value = words;
  clearTimeout(typing);
  typing = setTimeout(() => change(() => {}), PAUSE);
}

// Opened by the map: what was drawn around there.
export function openAsGrid(samples) {
  batch(() => {
    mode.value = "lasso";
    lassoed.value = samples;
    chosenClass.value = null;
    search.value = "";
    shown.value = null;
  });
  offset = 0;
  location.hash = "#grid";
}

const change = (set) => {
  offset = 0;
  set();
  loadGrid();
};

// Another question about the samples: what is on the screen answered the one before, and goes at once, or Enter would
// confirm it as an answer to this one.
const startAnew = (set) => change(() => batch(() => {
  shown.value = null;
  wrong.value = new Set();
  set();
}));

function turn(by) {
  offset = Math.max(0, offset + by * EACH);
  scrollTo(0, 0);
  loadGrid();
}

function toggle(sample) {
  const next = new Set(wrong.value);
  next.delete(sample) || next.add(sample);
  wrong.value = next;
}

// What was looked through goes; what was not comes in its place, as soon as the server has the answer.
async function confirm() {
  const ids = shown.value?.samples.map((one) => one.sample) ?? [];
  if (!confirms() || !ids.length || chosenClass.value === null) return;
  const right = ids.filter((id) => !wrong.value.has(id));
  const name = className(chosenClass.value);
  forgetPast();
  const client = newId();
  confirmed.push(client);
  const sent = put("/api/grid", { client, class_id: chosenClass.value, right, wrong: [...wrong.value] });
  lassoed.value = lassoed.value.filter((id) => !ids.includes(id));
  shown.value = null;
  await sent;
  catchUp().catch(() => {}); // some of them may wait on the first page, and would be asked once more
  notice.value = `${right.length} are “${name}”.`;
  loadGrid();
}

async function takeBack() {
  const of = confirmed.pop(); // the last grid of this page: no other answer is meant by this, here or on another page
  if (of === undefined) return;
  await put("/api/undo", { client: newId(), of });
  await catchUp().catch((error) => (problem.value = error.message));
  notice.value = "Taken back.";
  loadGrid();
}

export function pressGrid(key, repeated) {
  if (key !== "Enter" && key !== "Backspace") return false;
  if (!repeated) key === "Enter" ? confirm() : takeBack();
  return true;
}

export function gridPage() {
  const found = shown.value;
  return html`<main class="page wide" id="main"><h1>Grid</h1>${theBar()}
    ${confirms() && found?.samples.length > 0 && theHint(found)}
    ${!found ? html`<p class="muted" role="status">Looking …</p>` : !found.samples.length ? nothing() : html`
      ${isOdd() && html`<p class="muted">${oddWords()}</p>`}
      ${mode.value === "near-duplicates" ? thePairs(found) : html`<ul class="tiles">${found.samples.map(tile)}</ul>`}${pager(found)}`}
  </main>`;
}

function oddWords() {
  return mode.value === "outliers" ? "What lies farthest from all others, the farthest first. Look for what is broken, or does not belong here."
    : "Pairs that look the same to the machine, the nearest first. Look for copies, and for twins that were labelled differently.";
}

// A sample may be in several pairs: a pair is known by its place.
const thePairs = ({ samples }) => html`<ul class="tiles pairs">${samples.map((one, i) => i % 2 === 0 && samples[i + 1] && html`<li
  key=${offset + i}><ul>${tile(one)}${tile(samples[i + 1])}</ul></li>`)}</ul>`;

function theBar() {
  const now = overview.value;
  const tab = (name, words) => html`<button class="tab" aria-pressed=${mode.value === name ? "true" : "false"}
    onClick=${() => startAnew(() => (mode.value = name))}>${words}</button>`;
  const pick = ({ target }) => {
    const set = () => (chosenClass.value = target.value === "" ? null : Number(target.value));
    mode.value === "lasso" ? set() : startAnew(set); // around a lasso the class says what they are, not which
  };
  return html`<div class="bar" role="group" aria-label="What is shown">
    <span class="tabs">${tab("labelled", "Labelled already")}${tab("sure", "The machine is sure")}
      ${lassoed.value.length > 0 && tab("lasso", `From the map (${lassoed.value.length})`)}</span>
    ${!isOdd() && html`<label>${mode.value === "lasso" ? "These are" : "Class"} <select value=${chosenClass.value ?? ""} onChange=${pick}>
      ${!confirms() && html`<option value="">all</option>`}
      ${now.classes.map((one) => html`<option value=${one.id}>${one.name} (${one.count})</option>`)}</select></label>`}
    ${mode.value === "labelled" && now.people.length > 1 && html`<label>By <select value=${who.value}
      onChange=${(event) => change(() => (who.value = event.target.value))}><option value="">everybody</option>
      ${now.people.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>`}
    ${!isOdd() && html`<label>Search <input type="search" value=${search.value} maxlength="200" placeholder="in names and notes"
      onInput=${(event) => searchFor(event.target.value)} /></label>`}
    <label>Show <select value=${isOdd() ? mode.value : ""} onChange=${({ target }) => startAnew(() => (mode.value = target.value || "labelled"))}>
      <option value="">all</option>${Object.entries(ODD).map(([name, words]) => html`<option value=${name}>${words}</option>`)}</select></label></div>`;
}

const theHint = (found) => html`<p class="hint"><span>Click the ones that are not “<bdi>${className(chosenClass.value)}</bdi>”. <kbd>Enter</kbd> confirms
  the rest, <kbd>⌫</kbd> takes that back.</span>
  <button class="primary" onClick=${confirm}>Confirm ${found.samples.length - wrong.value.size}</button></p>`;

const reading = () => overview.value.embedding.done < overview.value.embedding.total;

function nothing() {
  const words = isOdd() ? `There are no ${ODD[mode.value]} here.`
    : search.value ? "Nothing here holds these words."
    : mode.value === "lasso" ? "All that you drew around on the map is answered, or checks the machine."
    : mode.value === "sure" && reading() ? `The ${thing()}s are still being read. Label meanwhile, and come back.`
    : mode.value === "sure" ? "The machine is not sure of anything here yet. Label some more, then come back."
    : chosenClass.value !== null || who.value ? "Nothing is labelled so yet." : "Nothing is labelled yet: what you label comes here, to look through.";
  return html`<div class="empty"><p>${words}</p><p><a href=${mode.value === "lasso" ? "#map" : "#label"}>${mode.value === "lasso" ? "To the map" : "Label"}</a></p></div>`;
}

function tile(one) {
  const bad = wrong.value.has(one.sample);
  const name = className(one.class_id) || "no answer yet";
  const guessed = isOdd() && one.annotator == null && one.class_id !== null; // beside a twin that somebody labelled
  const under = guessed ? `${name}?` : bad ? "not this" : one.score !== null ? `${name}, ${percent(one.score)}` : name;
  return html`<li key=${one.sample}><button class=${bad ? "tile wrong" : "tile"} title=${one.path}
    onClick=${(event) => (letGo(event), confirms() ? toggle(one.sample) : openCorrection(one))}
    aria-pressed=${confirms() ? String(bad) : undefined} aria-label=${`${under}, ${thing()} ${one.path}`}>
    ${miniature(one, 320)}<span class="caption" dir="auto">${under}</span>
    ${one.note && html`<span class="caption muted" dir="auto">${one.note}</span>`}</button></li>`;
}

const pager = (found) => found.total > EACH && html`<nav class="pager" aria-label="Pages of the grid">
  <button class="quiet" disabled=${offset === 0} onClick=${() => turn(-1)}>Earlier</button>
  <span>${offset + 1} to ${Math.min(offset + EACH, found.total)} of ${found.total}</span>
  <button class="quiet" disabled=${offset + EACH >= found.total} onClick=${() => turn(1)}>Later</button></nav>`;
