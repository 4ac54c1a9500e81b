// What opens over the page: keys, a note, a correction, what is beside it, the picture in full. Escape closes each.
import { aroundSheet, closeDialog, correctionSheet, pressAround, pressCorrection } from "./around.js";
import { keysForHelp } from "./buttons.js";
import { html } from "./html.js";
import { showKey } from "./keys.js";
import { addNote } from "./labelling.js";
import { address } from "./pictures.js";
import { dialog, notice, thing } from "./state.js";

const open = (element) => element && !element.open && element.showModal();
const outside = (event) => event.target === event.currentTarget && closeDialog();

const frame = (title, inside, press) => html`<dialog key=${title} ref=${open} onClose=${closeDialog} onCancel=${closeDialog} onClick=${outside}
  onKeyDown=${press} aria-label=${title}><div class="sheet" tabindex="-1" autofocus=${!title.startsWith("Note")}><header><h2>${title}</h2>
  <button class="quiet" onClick=${closeDialog}>Close</button></header>${inside}</div></dialog>`;

const sheets = {
  help: () => frame("Keys", html`<dl class="keys">${keysForHelp().map((one) => html`<div><dt><kbd>${showKey(one.key)}</kbd></dt>
    <dd dir="auto">${one.words}</dd></div>`)}</dl><p class="muted">Keys do nothing while you type. Change them in
    the <a href="#settings" onClick=${closeDialog}>settings</a>.</p>`),
  note: ({ question }) => frame("Note", html`<form onSubmit=${(event) => keep(event, question)}>
    <label>What should be remembered about this ${thing()}?<textarea name="note" rows="3" maxlength="2000" dir="auto" autofocus
      onKeyDown=${(event) => event.key === "Enter" && !event.shiftKey && keep(event, question)}></textarea></label>
    <button class="primary" type="submit">Keep the note</button></form>`),
  correct: (what) => frame("Correct an answer", correctionSheet(what), (event) => pressCorrection(event, what)),
  around: (what) => frame("In the folder", aroundSheet(what), (event) => pressAround(event, what)),
  merge: ({ one, other, go }) => frame("Merge two classes", html`<p>All labels “<bdi>${one.name}</bdi>” (${one.count}) will count as
    “<bdi>${other.name}</bdi>”. There is no way back but to label them again.</p>
    <button class="primary" onClick=${() => (go(), closeDialog())}>Merge them</button>`),
  zoom: ({ question }) => html`<dialog key="zoom" class="zoom" ref=${open} onClose=${closeDialog} onCancel=${closeDialog} onClick=${closeDialog}
    onKeyDown=${(event) => event.key.toLowerCase() === "z" && closeDialog()} aria-label="The picture in full">
    <div class="pan" tabindex="0" role="group" aria-label="Arrow keys move the picture">
      <img alt="The picture in full" src=${address(question.sample, 3840)} /></div></dialog>`,
};

function keep(event, question) {
  event.preventDefault();
  const text = event.target.form?.note.value ?? event.target.note.value;
  if (text.trim()) addNote(question.sample, text.trim());
  notice.value = "The note is kept.";
  closeDialog();
}

export const dialogs = () => dialog.value && sheets[dialog.value.name](dialog.value);
