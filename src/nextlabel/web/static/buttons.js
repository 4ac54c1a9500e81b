// The classes as buttons with their keys, and the field that finds or adds one.
import { html } from "./html.js";
import { actionKeys, letGo, showKey, withKeys } from "./keys.js";
import { ensureClass } from "./labelling.js";
import { address } from "./pictures.js";
import { dialog, ofTexts, overview, thing, why } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const filter = signal("");
const MOST_BUTTONS = 60; // beyond that the field finds the rest

export const classes = () => withKeys(overview.value.classes, overview.value.settings);
const typesToFind = () => overview.value.classes.filter((one) => one.key === null).length > 20;

let field = null;
const keepField = (element) => {
  field = element;
  if (element && (overview.value.classes.length < 2 || typesToFind()) && !dialog.value) element.focus();
};

export const focusField = () => field?.focus();

// One class as a button; `press` is called with its id.
export const classButton = (one, press, marked = false) => html`<button key=${one.id} class=${marked ? "class last" : "class"}
  title=${one.description || one.name} onClick=${(event) => (letGo(event), press(one.id))}>
  ${one.key && html`<kbd>${showKey(one.key)}</kbd>`}
  ${one.example !== null && !ofTexts() && html`<img class="example" src=${address(one.example, 160)} alt="" />`}
  <span dir="auto">${one.name}</span></button>`;

export const badKey = () => actionKeys(overview.value.settings).find((one) => one.name === "discard").key;

// Beside the classes, where an answer is looked at once more: it was none of them.
export const badButton = (press) => html`<button class="quiet" onClick=${(event) => (letGo(event), press())}>
  <kbd>${showKey(badKey())}</kbd> Bad ${thing()}</button>`;

export function theClasses(label) {
  const all = classes();
  const text = filter.value.trim().toLowerCase();
  const some = (text ? all.filter((one) => one.name.toLowerCase().includes(text)) : all).slice(0, MOST_BUTTONS);
  const words = all.length === 0 ? "What is it?" : all.length < 2 ? "Something else? Type its name" : "Find or add a class";
  return html`<div class="classes">
    ${some.map((one) => classButton(one, (id) => label(id, "button"), why.value?.class_id === one.id))}
    <form class="find" onSubmit=${(event) => (event.preventDefault(), submit(some, text, label))}>
      <input ref=${keepField} value=${filter.value} maxlength="300" autocomplete="off" spellcheck=${false} dir="auto"
        enterkeyhint="done" aria-label=${all.length ? "Find or add a class" : "What is it?"} placeholder=${words}
        onInput=${(event) => (filter.value = event.target.value)}
        onKeyDown=${(event) => event.key === "Escape" && ((filter.value = ""), event.target.blur())} />
      ${!all.length && html`<button class="primary" type="submit">Enter</button>`}
    </form>
  </div>`;
}

// Enter in the field: the class of exactly that name, or the first that is shown, or a new one.
async function submit(some, text, label) {
  if (!text) return;
  const typed = filter.value;
  const exact = some.find((one) => one.name.toLowerCase() === text);
  const id = (exact ?? (typesToFind() ? some[0] : null))?.id ?? (await ensureClass(typed));
  if (id === null) return;
  if (filter.value === typed) filter.value = ""; // and else somebody types the next one already
  label(id, "key");
  if (overview.value.classes.length >= 2 && !typesToFind()) field?.blur();
}

export const keysForHelp = () => [
  ...classes().filter((one) => one.key).map((one) => ({ key: one.key, words: one.name })),
  ...actionKeys(overview.value.settings).filter((one) => !(ofTexts() && one.pictures)),
];
