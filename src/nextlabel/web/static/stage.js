// The question on the screen: its picture or text, and what may be shown beside it before it is answered.
import { html } from "./html.js";
import { fileName, fullText, percent } from "./parts.js";
import { pictureOf } from "./pictures.js";
import { className, dialog, overview, queue } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

// `turned`: the sample that is turned, and no other one.
export const look = signal({ turn: 0, turned: null, contrast: false, names: false });

export function turnPicture() {
  const { sample } = queue.value[0] ?? {};
  const { turn, turned } = look.value;
  look.value = { ...look.value, turned: sample, turn: turned === sample ? turn + 1 : 1 };
}

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
  const { turn, turned, contrast } = look.value;
  image.dataset.turn = turned === question.sample ? turn % 4 : 0;
  image.toggleAttribute("data-contrast", contrast);
  if (stage.firstChild !== image) stage.replaceChildren(image);
}

// A long text is read with the arrow keys; the focus stays where it is.
export const scrollText = (pages) => {
  const text = document.querySelector(".stage-box .text");
  text?.scrollBy({ top: pages * text.clientHeight });
  return text !== null;
};

export function theQuestion(question) {
  showPicture();
  const names = look.value.names || overview.value.settings.show_names;
  const said = question.prediction;
  return html`<div class="stage-box">
    <div class="stage" ref=${keepStage} hidden=${question.text != null} onClick=${() => (dialog.value = { name: "zoom", question })}></div>
    ${question.text != null && fullText(question.text, question.sample, "stage")}
    ${names && html`<p class="chip file-name">${fileName(question.path)}</p>`}
    ${said && html`<p class="chip prediction">the machine: <b><bdi>${className(said.class_id)}</bdi></b> ${percent(said.p)}</p>`}
  </div>`;
}
