// Labels to look at once more, one at a time: disputed ones first, then those that are probably wrong.
import { get, newId } from "./api.js";
import { badButton, classes, keyOf } from "./buttons.js";
import { focusFieldAgain, theClassesAgain } from "./finder.js";
import { html } from "./html.js";
import { letGo, showKey } from "./keys.js";
import { correct } from "./labelling.js";
import { put } from "./outbox.js";
import { fullText } from "./parts.js";
import { address } from "./pictures.js";
import { className, notice, problem } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const doubts = signal(null);
const decided = signal([]); // {client, one} of this page's decisions, to take back

export async function loadReview() {
  try {
    doubts.value = await get("/api/review");
  } catch (error) {
    problem.value = error.message;
  }
}

// The machine may have learned meanwhile, as just after a start; what is being looked at stays.
export const lookForDoubts = () => doubts.value?.length === 0 && loadReview();

function decide(class_id) {
  const [one, ...rest] = doubts.value;
  decided.value = [...decided.value, { client: correct(one, class_id, "review"), one }];
  doubts.value = rest;
}

// The decision goes, and what it was about comes again: the answer before it holds.
function takeBack() {
  const last = decided.value.at(-1);
  if (!last) return;
  decided.value = decided.value.slice(0, -1);
  put("/api/undo", { client: newId(), of: last.client });
  doubts.value = [last.one, ...doubts.value.filter((one) => one.sample !== last.one.sample)];
  notice.value = "Taken back.";
}

const later = () => (doubts.value = [...doubts.value.slice(1), doubts.value[0]]);
const own = () => doubts.value[0].answers[0].class_id;

export function pressReview(key, repeated) {
  if (!doubts.value) return false;
  const chosen = classes().find((one) => one.key?.toLowerCase() === key);
  const act = {
    [keyOf("undo")]: takeBack, [keyOf("discard")]: () => decide(null), [keyOf("find")]: focusFieldAgain,
    " ": later, Enter: () => decide(own()),
  }[key] ?? (chosen && (() => decide(chosen.id)));
  if (!act || (!doubts.value.length && act !== takeBack)) return false;
  if (!repeated) act();
  return true;
}

export function reviewPage() {
  const list = doubts.value;
  return html`<main class="page review" id="main"><h1>Review</h1>
    ${!list ? html`<p class="muted" role="status">Looking through your answers …</p>` : !list.length ? html`<div class="empty">
      <p>Nothing to review. Labels that are probably wrong, and those on which two people disagree, come here once the
        machine has learned something.</p><p><a href="#label">Label</a></p>${backButton()}</div>` : doubt(list[0], list.length)}
  </main>`;
}

const backButton = () => decided.value.length > 0 && html`<button class="quiet" onClick=${(event) => (letGo(event), takeBack())}>
  <kbd>${showKey(keyOf("undo"))}</kbd> Take the last one back</button>`;

const doubt = (one, left) => html`<p class="muted">${left} to look at. <span class="with-keys"><kbd>Enter</kbd> confirms the answer,
    a class’s key changes it.</span></p>
  ${one.text != null ? fullText(one.text, one.sample)
    : html`<img class="in-full" key=${one.sample} src=${address(one.sample, 1280)} alt="The picture to review" />`}
  <p class="said">${one.answers.map((said) => html`<span><bdi>${said.annotator}</bdi>: <b><bdi>${className(said.class_id)}</bdi></b></span>`)}
    ${one.model !== null && html`<span>the machine: <b><bdi>${className(one.model)}</bdi></b></span>`}</p>
  <div class="bar"><button class="primary" onClick=${(event) => (letGo(event), decide(own()))}>It is
      “<bdi>${className(own())}</bdi>”</button>
    ${badButton(() => decide(null))}
    <button class="quiet" onClick=${(event) => (letGo(event), later())}><kbd>${showKey(" ")}</kbd> Later</button>
    ${backButton()}</div>
  ${theClassesAgain(classes().filter((each) => each.id !== own()), decide)}`;
