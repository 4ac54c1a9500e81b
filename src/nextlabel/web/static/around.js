// To look at, not to answer: what stands beside a question in its folder; and an earlier answer, to correct it.
import { get, post } from "./api.js";
import { badButton, classes, keyOf } from "./buttons.js";
import { focusFieldAgain, forgetTyped, theClassesAgain } from "./finder.js";
import { html } from "./html.js";
import { isTyping, letGo } from "./keys.js";
import { correct } from "./labelling.js";
import { fileName, fullText } from "./parts.js";
import { address } from "./pictures.js";
import { className, dialog, notice, ofTexts, overview, problem } from "./state.js";

let asking = 0;

// Opens at a sample, or at its neighbour: "previous" or "next".
export async function lookAround(sample, way = null) {
  const mine = ++asking;
  try {
    const here = await get(`/api/samples/${sample}/neighbours`);
    if (mine !== asking) return;
    if (way === null) dialog.value = { name: "around", here };
    else if (here[way] !== null) return lookAround(here[way]);
    else notice.value = way === "next" ? "This is the last one." : "This is the first one.";
  } catch (error) {
    problem.value = error.message;
  }
}

export function closeDialog() {
  asking++; // a reply that is still on its way must not open it again
  dialog.value = null;
}

export const aroundSheet = ({ here }) => html`
  ${here.text != null ? fullText(here.text, here.sample) : html`<img class="in-full" key=${here.sample}
    src=${address(here.sample, 1280)} alt="A picture of the folder, to look at" />`}
  <p class="path">${fileName(here.path)}</p><p class="muted">Only to look at: keys answer nothing here.</p>
  <div class="bar between">
    <button disabled=${here.previous === null} onClick=${() => lookAround(here.previous)}>← Before</button>
    <button disabled=${here.next === null} onClick=${() => lookAround(here.next)}>After →</button></div>`;

export function pressAround(event, { here }) {
  const to = { ArrowLeft: here.previous, ArrowRight: here.next }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (to !== null) lookAround(to);
}

// An answer opens with what is at hand; the rest of a long text follows.
export async function openCorrection(one) {
  forgetTyped();
  dialog.value = { name: "correct", one };
  if (one.text == null) return;
  const { text } = await get(`/api/samples/${one.sample}/neighbours`).catch(() => one);
  if (dialog.value?.one === one) dialog.value = { name: "correct", one: { ...one, text } };
}

function decide(one, class_id) {
  correct(one, class_id, "button");
  dialog.value = null;
}

export function pressCorrection(event, { one }) {
  if (isTyping(event.target)) return;
  if (event.key === keyOf("find")) return event.preventDefault(), focusFieldAgain();
  const chosen = classes().find((each) => each.key?.toLowerCase() === event.key.toLowerCase());
  const isBad = event.key.toLowerCase() === keyOf("discard");
  if ((chosen || isBad) && !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey) decide(one, isBad ? null : chosen.id);
}

export const correctionSheet = ({ one }) => html`
  ${one.text != null ? fullText(one.text, one.sample) : html`<img class="in-full" alt="The picture to correct" src=${address(one.sample, 1280)} />`}
  ${one.path && html`<p class="path">${fileName(one.path)}</p>`}${one.note && html`<p>Note: <bdi>${one.note}</bdi></p>`}
  ${theClassesAgain(classes(), (id) => decide(one, id), one.class_id)}
  ${badButton(() => decide(one, null))}
  ${exampleButton(one)}`;

function exampleButton(one) {
  const known = overview.value.classes.find((each) => each.id === one.class_id);
  if (!known || ofTexts()) return null;
  if (known.example === one.sample) return html`<p class="muted">This picture is the example of “<bdi>${known.name}</bdi>”.</p>`;
  return html`<button class="quiet" onClick=${(event) => (letGo(event), setExample(known.id, one.sample))}>Use
    this picture as the example of “<bdi>${known.name}</bdi>”</button>`;
}

export async function setExample(class_id, sample) {
  try {
    const classes = await post(`/api/classes/${class_id}`, { example: sample });
    overview.value = { ...overview.value, classes };
    notice.value = sample === null ? "The example is taken away." : `The example of ${className(class_id)} is set.`;
  } catch (error) {
    problem.value = error.message;
  }
}
