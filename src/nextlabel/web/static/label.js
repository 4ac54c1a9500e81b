// The page that opens: the picture, the classes with their keys, why it was asked, the last ten answers.
import { html } from "./html.js";
import { actionKeys, letGo, showKey, withKeys } from "./keys.js";
import { answer, ensureClass, lastLabel, undo } from "./labelling.js";
import { address, pictureOf } from "./pictures.js";
import { receipt } from "./receipt.js";
import { asked, className, dialog, overview, queue, recent, why } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const look = signal({ turn: 0, contrast: false, names: false });
const filter = signal("");
const MOST_BUTTONS = 60; // beyond that the field finds the rest

export const classes = () => withKeys(overview.value.classes, overview.value.settings);
const typesToFind = () => overview.value.classes.filter((one) => one.key === null).length > 20;

let field = null;
const keepField = (element) => {
  field = element;
  if (element && (overview.value.classes.length < 2 || typesToFind()) && !dialog.value) element.focus();
};

// The element that was decoded beforehand is put in its place as it is: nothing is loaded or decoded again.
let stage = null;
const keepStage = (element) => {
  stage = element;
  showPicture();
};
function showPicture() {
  if (!stage) return;
  const question = queue.value[0];
  if (!question || question.text != null) return stage.replaceChildren();
  const { image } = pictureOf(question.sample);
  const { turn, contrast } = look.value;
  image.dataset.turn = turn % 4;
  image.toggleAttribute("data-contrast", contrast);
  if (stage.firstChild !== image) stage.replaceChildren(image);
}

const label = (class_id, how) => {
  look.value = { ...look.value, turn: 0 };
  answer("label", how, class_id);
};

const DO = {
  undo: () => undo(),
  skip: () => answer("skip", "key"),
  discard: () => answer("discard", "key"),
  repeat: () => lastLabel.class_id !== null && label(lastLabel.class_id, "key"),
  note: () => queue.value[0] && (dialog.value = { name: "note", question: queue.value[0] }),
  find: () => field?.focus(),
  zoom: () => queue.value[0] && queue.value[0].text == null && (dialog.value = { name: "zoom", question: queue.value[0] }),
  turn: () => (look.value = { ...look.value, turn: look.value.turn + 1 }),
  contrast: () => (look.value = { ...look.value, contrast: !look.value.contrast }),
  names: () => (look.value = { ...look.value, names: !look.value.names }),
  help: () => (dialog.value = { name: "help" }),
};

// One key on this page; says whether it was one of ours. A key that is held down answers once.
export function pressLabel(key, repeated) {
  const action = actionKeys(overview.value.settings).find((one) => one.key === key);
  const chosen = action ? null : classes().find((one) => one.key?.toLowerCase() === key);
  if (!action && !chosen) return false;
  if (!repeated) action ? DO[action.name]() : label(chosen.id, "key");
  return true;
}

export function labelPage() {
  const now = overview.value;
  const question = queue.value[0];
  return html`<main class="label" id="main"><h1 class="for-ears">Label</h1>
    <section class="work" aria-label="Label">
      ${question ? theQuestion(question) : nothingLeft(now)}
      ${whyLine()}
      ${question && theClasses(now)}
      ${question && theActions(now)}
      ${theRecent()}
    </section>
    ${receipt()}
  </main>`;
}

function theQuestion(question) {
  showPicture();
  const { names } = look.value;
  return html`<div class="stage-box">
    <div class="stage" ref=${keepStage} hidden=${question.text != null}></div>
    ${question.text != null && html`<blockquote class="stage text" tabindex="0">${question.text}</blockquote>`}
    ${(names || overview.value.settings.show_names) && html`<p class="file-name">${question.path}</p>`}
  </div>`;
}

function nothingLeft(now) {
  if (!asked.value) return html`<div class="empty" role="status"><p>Looking for the first picture …</p></div>`;
  if (!now.samples) {
    return html`<div class="empty"><h1>No picture here yet</h1>
      <p>Put pictures into the folder “${now.name}”, then start <code>nextlabel label</code> again.</p></div>`;
  }
  return html`<div class="empty"><h1>All done</h1>
    <p>${now.labelled} of ${now.samples} have an answer${now.skipped ? `, ${now.skipped} were skipped` : ""}.</p>
    <p>Look through your answers in the <a href="#grid">grid</a>, or take them out with
      <code>nextlabel export</code>.</p></div>`;
}

function whyLine() {
  const said = why.value;
  if (!said) return html`<p class="why"> </p>`;
  const name = said.kind === "label" ? className(said.class_id) : said.kind === "skip" ? "Not sure" : "Discarded";
  return html`<p class="why"><b>${name}</b>${said.words && html` <span>asked because: ${said.words}</span>`}
    ${said.agrees === false && html` <span class="differs">the machine said otherwise</span>`}</p>`;
}

function theClasses(now) {
  const all = classes();
  const text = filter.value.trim().toLowerCase();
  const some = (text ? all.filter((one) => one.name.toLowerCase().includes(text)) : all).slice(0, MOST_BUTTONS);
  return html`<div class="classes">
    ${some.map(
      (one) => html`<button key=${one.id} class=${why.value?.class_id === one.id ? "class last" : "class"}
        title=${one.description ?? one.name} onClick=${(event) => (letGo(event), label(one.id, "button"))}>
        ${one.key && html`<kbd>${showKey(one.key)}</kbd>`}<span dir="auto">${one.name}</span></button>`,
    )}
    <form class="find" onSubmit=${(event) => (event.preventDefault(), submit(some, text))}>
      <input ref=${keepField} value=${filter.value} maxlength="300" autocomplete="off" spellcheck=${false} dir="auto"
        enterkeyhint="done" aria-label=${all.length ? "Find or add a class" : "What is it?"}
        placeholder=${all.length ? (all.length < 2 ? "Something else? Type its name" : "Find or add a class") : "What is it?"}
        onInput=${(event) => (filter.value = event.target.value)}
        onKeyDown=${(event) => event.key === "Escape" && ((filter.value = ""), event.target.blur())} />
      ${!all.length && html`<button class="primary" type="submit">Enter</button>`}
    </form>
  </div>`;
}

// Enter in the field: the class of exactly that name, or the first that is shown, or a new one.
async function submit(some, text) {
  if (!text) return;
  const typed = filter.value;
  const exact = some.find((one) => one.name.toLowerCase() === text);
  const id = (exact ?? (typesToFind() ? some[0] : null))?.id ?? (await ensureClass(typed));
  if (id === null) return;
  if (filter.value === typed) filter.value = ""; // and else somebody types the next one already
  label(id, "key");
  if (overview.value.classes.length >= 2 && !typesToFind()) field?.blur();
}

function theActions(now) {
  const keys = Object.fromEntries(actionKeys(now.settings).map((one) => [one.name, one]));
  const button = (name, words) => html`<button class="quiet" title=${keys[name].words}
    onClick=${(event) => (letGo(event), DO[name]())}><kbd>${showKey(keys[name].key)}</kbd><span>${words}</span></button>`;
  return html`<div class="actions" role="group" aria-label="Other answers">
    ${button("undo", "Undo")}${button("skip", "Not sure")}${button("discard", "Bad picture")}
    ${button("note", "Note")}${button("zoom", "Zoom")}${button("help", "Keys")}</div>`;
}

function theRecent() {
  return html`<ol class="recent" aria-label="Your last answers: choose one to correct it">
    ${recent.value.map((one) => {
      const name = one.kind === "label" ? className(one.class_id) : one.kind === "skip" ? "not sure" : one.kind;
      return html`<li key=${one.sample}><button title=${`${name}: correct it`} aria-label=${`${name}: correct it`}
        onClick=${() => (dialog.value = { name: "correct", sample: one.sample, path: one.path, class_id: one.class_id })}>
        ${one.text != null ? html`<span class="snippet">${one.text}</span>`
          : html`<img src=${address(one.sample, 160)} alt="" loading="lazy" />`}
        <span class="caption" dir="auto">${name}</span></button></li>`;
    })}</ol>`;
}

export const keysForHelp = () => [
  ...classes().filter((one) => one.key).map((one) => ({ key: one.key, words: one.name })),
  ...actionKeys(overview.value.settings),
];
