// Many at once: what is labelled, to search; and what the machine is surest of, to confirm but for the wrong ones.
import { get, newId } from "./api.js";
import { html } from "./html.js";
import { put } from "./outbox.js";
import { address } from "./pictures.js";
import { className, dialog, overview, problem } from "./state.js";
import { batch, signal } from "./vendor/signals-core/signals-core.js";

const EACH = 60;
const mode = signal("labelled"); // or "sure", or "chosen" on the map
const chosenClass = signal(null);
const search = signal("");
const shown = signal(null); // {total, samples}
const wrong = signal(new Set());
let offset = 0;
let asking = 0;

export async function loadGrid() {
  const mine = ++asking;
  const query = new URLSearchParams({ offset, count: EACH, grid: mode.value === "sure" });
  if (chosenClass.value === null && mode.value === "sure") chosenClass.value = overview.value.classes[0]?.id ?? null;
  if (chosenClass.value !== null) query.set("class_id", chosenClass.value);
  if (search.value) query.set("text", search.value);
  try {
    const found = await get(`/api/samples?${query}`);
    // What was typed last counts, whichever reply comes last.
    if (mine === asking) batch(() => ((shown.value = found), (wrong.value = new Set())));
  } catch (error) {
    problem.value = error.message;
  }
}

const change = (set) => {
  offset = 0;
  set();
  loadGrid();
};

function turn(by) {
  offset = Math.max(0, offset + by * EACH);
  loadGrid();
}

function toggle(sample) {
  const next = new Set(wrong.value);
  next.delete(sample) || next.add(sample);
  wrong.value = next;
}

function confirm() {
  const ids = shown.value.samples.map((one) => one.sample);
  if (mode.value !== "sure" || !ids.length) return;
  const right = ids.filter((id) => !wrong.value.has(id));
  put("/api/grid", { client: newId(), class_id: chosenClass.value, right, wrong: [...wrong.value] });
  shown.value = { ...shown.value, samples: [] };
  setTimeout(loadGrid, 300);
}

export function pressGrid(key) {
  if (key === "Enter") return confirm(), true;
  if (key === "Backspace") return put("/api/undo", { client: newId() }), setTimeout(loadGrid, 300), true;
  return false;
}

export function gridPage() {
  const now = overview.value;
  const found = shown.value;
  const sure = mode.value === "sure";
  const tab = (name, words) => html`<button class="tab" aria-pressed=${mode.value === name ? "true" : "false"}
    onClick=${() => change(() => (mode.value = name))}>${words}</button>`;
  return html`<main class="page" id="main"><h1>Grid</h1>
    <div class="bar" role="group" aria-label="What is shown">
      ${tab("labelled", "Labelled already")}${tab("sure", "The machine is sure")}
      <label>Class <select value=${chosenClass.value ?? ""}
        onChange=${(event) => change(() => (chosenClass.value = event.target.value === "" ? null : Number(event.target.value)))}>
        ${!sure && html`<option value="">all</option>`}
        ${now.classes.map((one) => html`<option value=${one.id}>${one.name} (${one.count})</option>`)}</select></label>
      <label>Search <input type="search" value=${search.value} maxlength="200"
        onInput=${(event) => change(() => (search.value = event.target.value))} /></label>
    </div>
    ${sure && found?.samples.length > 0 && html`<p class="hint">Choose the ones that are not
      “${className(chosenClass.value)}”. <kbd>Enter</kbd> confirms the rest, <kbd>⌫</kbd> takes that back.
      <button class="primary" onClick=${confirm}>Confirm ${found.samples.length - wrong.value.size}</button></p>`}
    ${!found ? html`<p class="muted" role="status">Looking …</p>` : !found.samples.length ? nothing(sure) : html`
      <ul class="tiles">${found.samples.map((one) => tile(one, sure))}</ul>${pager(found)}`}
  </main>`;
}

const nothing = (sure) => html`<div class="empty"><p>${sure
  ? "The machine is not sure of anything here yet. Label some more, then come back."
  : "Nothing is labelled here yet."} <a href="#label">Label</a></p></div>`;

function tile(one, sure) {
  const bad = wrong.value.has(one.sample);
  const press = () => sure ? toggle(one.sample)
    : (dialog.value = { name: "correct", sample: one.sample, path: one.path, class_id: one.class_id });
  return html`<li key=${one.sample}><button class=${bad ? "tile wrong" : "tile"} onClick=${press} title=${one.path}
    aria-pressed=${sure ? String(bad) : undefined} aria-label=${`${className(one.class_id)}, ${one.path}${bad ? ": wrong" : ""}`}>
    ${one.text != null ? html`<span class="snippet">${one.text}</span>` : html`<img src=${address(one.sample, 320)} alt="" loading="lazy" />`}
    <span class="caption" dir="auto">${bad ? "not this" : className(one.class_id)}</span></button></li>`;
}

const pager = (found) => found.total > EACH && html`<nav class="pager" aria-label="Pages of the grid">
  <button class="quiet" disabled=${offset === 0} onClick=${() => turn(-1)}>Earlier</button>
  <span>${offset + 1} to ${Math.min(offset + EACH, found.total)} of ${found.total}</span>
  <button class="quiet" disabled=${offset + EACH >= found.total} onClick=${() => turn(1)}>Later</button></nav>`;
