// The classes as buttons with their keys.
import { html } from "./html.js";
import { actionKeys, letGo, showKey, withKeys } from "./keys.js";
import { address } from "./pictures.js";
import { ofTexts, overview, thing } from "./state.js";

export const classes = () => withKeys(overview.value.classes, overview.value.settings);

// One class as a button; `press` is called with its id. `kind`: "last", or "aimed" for the one that Enter takes.
export const classButton = (one, press, kind = "") => html`<button key=${one.id} class=${`class ${kind}`}
  title=${one.description || one.name} onClick=${(event) => (letGo(event), press(one.id))}>
  ${kind === "aimed" ? html`<kbd class="enter">⏎</kbd>` : one.key && html`<kbd>${showKey(one.key)}</kbd>`}
  ${one.example !== null && !ofTexts() && html`<img class="example" src=${address(one.example, 160)} alt="" />`}
  <span dir="auto">${one.name}</span></button>`;

export const keyOf = (action) => actionKeys(overview.value.settings).find((one) => one.name === action).key;

// Beside the classes, where an answer is looked at once more: it was none of them.
export const badButton = (press) => html`<button class="quiet" onClick=${(event) => (letGo(event), press())}>
  <kbd>${showKey(keyOf("discard"))}</kbd> Bad ${thing()}</button>`;

export const keysForHelp = () => [
  ...classes().filter((one) => one.key).map((one) => ({ key: one.key, words: one.name })),
  ...actionKeys(overview.value.settings).filter((one) => !(ofTexts() && one.pictures)),
];
