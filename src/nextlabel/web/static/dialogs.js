// What opens over the page: keys, a note, a correction, the picture in full. Escape closes each.
import { html } from "./html.js";
import { showKey } from "./keys.js";
import { classes, keysForHelp } from "./label.js";
import { addNote, correct } from "./labelling.js";
import { address } from "./pictures.js";
import { dialog, notice } from "./state.js";

const close = () => (dialog.value = null);
const open = (element) => element && !element.open && element.showModal();
const outside = (event) => event.target === event.currentTarget && close();

const frame = (title, inside, kind = "") => html`<dialog key=${title} class=${kind} ref=${open} onClose=${close}
  onClick=${outside} aria-label=${title}><div class="sheet"><header><h2>${title}</h2>
  <button class="quiet" onClick=${close} aria-label="Close">Close</button></header>${inside}</div></dialog>`;

const sheets = {
  help: () => frame("Keys", html`<dl class="keys">${keysForHelp().map((one) => html`<div><dt><kbd>${showKey(one.key)}</kbd></dt>
    <dd dir="auto">${one.words}</dd></div>`)}</dl><p class="muted">Keys do nothing while you type. Change them in the settings.</p>`),
  note: ({ question }) => frame("Note", html`<form onSubmit=${(event) => keep(event, question)}>
    <label>What should be remembered about this one?<textarea name="note" rows="3" maxlength="2000" autofocus
      onKeyDown=${(event) => event.key === "Enter" && !event.shiftKey && keep(event, question)}></textarea></label>
    <button class="primary" type="submit">Keep the note</button></form>`),
  correct: ({ sample, path, class_id }) => frame("Correct an answer", html`<img class="in-full" alt="The picture to correct"
    src=${address(sample, 640)} /><div class="classes">${classes().map((one) => html`<button
      class=${one.id === class_id ? "class last" : "class"} aria-pressed=${one.id === class_id ? "true" : "false"}
      onClick=${() => (correct(sample, one.id, "button", path), close())}><span dir="auto">${one.name}</span></button>`)}</div>`),
  zoom: ({ question }) => html`<dialog key="zoom" class="zoom" ref=${open} onClose=${close} onClick=${close}
    onKeyDown=${(event) => event.key.toLowerCase() === "z" && close()} aria-label="The picture in full">
    <div class="pan" tabindex="0" role="group" aria-label="Arrow keys move the picture">
      <img alt="The picture in full" src=${address(question.sample, 3840)} /></div></dialog>`,
};

function keep(event, question) {
  event.preventDefault();
  const text = event.target.form?.note.value ?? event.target.note.value;
  if (text.trim()) addNote(question.sample, text.trim());
  notice.value = "The note is kept.";
  close();
}

export const dialogs = () => dialog.value && sheets[dialog.value.name](dialog.value);
