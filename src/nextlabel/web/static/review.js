// Labels to look at once more, one at a time: disputed ones first, then those that are probably wrong.
import { get } from "./api.js";
import { badButton, badKey, classButton, classes } from "./buttons.js";
import { html } from "./html.js";
import { letGo, showKey } from "./keys.js";
import { correct } from "./labelling.js";
import { fullText } from "./parts.js";
import { address } from "./pictures.js";
import { className, problem } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const doubts = signal(null);

export async function loadReview() {
  try {
    doubts.value = await get("/api/review");
  } catch (error) {
    problem.value = error.message;
  }
}

function decide(class_id) {
  const [one, ...rest] = doubts.value;
  correct(one, class_id, "review");
  doubts.value = rest;
}

const own = () => doubts.value[0].answers[0].class_id;

export function pressReview(key, repeated) {
  if (!doubts.value?.length) return false;
  const chosen = classes().find((one) => one.key?.toLowerCase() === key);
  const isBad = key === badKey();
  if (key !== "Enter" && key !== " " && !isBad && !chosen) return false;
  if (repeated) return true;
  if (isBad) decide(null);
  else if (key === " ") doubts.value = [...doubts.value.slice(1), doubts.value[0]];
  else decide(chosen ? chosen.id : own());
  return true;
}

export function reviewPage() {
  const list = doubts.value;
  return html`<main class="page review" id="main"><h1>Review</h1>
    ${!list ? html`<p class="muted" role="status">Looking …</p>` : !list.length ? html`<div class="empty">
      <p>Nothing to review. Labels that are probably wrong, and those on which two people disagree, come here once the
        machine has learned something.</p><p><a href="#label">Label</a></p></div>` : doubt(list[0], list.length)}
  </main>`;
}

const doubt = (one, left) => html`<p class="muted">${left} to look at. <kbd>Enter</kbd> confirms the answer, a class's key
    changes it, <kbd>${showKey(badKey())}</kbd> puts it aside for good, <kbd>Space</kbd> leaves it for later.</p>
  ${one.text != null ? fullText(one.text, one.sample)
    : html`<img class="in-full" key=${one.sample} src=${address(one.sample, 1280)} alt="The picture to review" />`}
  <p class="said">${one.answers.map((said) => html`<span><bdi>${said.annotator}</bdi>: <b><bdi>${className(said.class_id)}</bdi></b></span>`)}
    ${one.model !== null && html`<span>the machine: <b><bdi>${className(one.model)}</bdi></b></span>`}</p>
  <div class="classes"><button class="primary" onClick=${(event) => (letGo(event), decide(own()))}>It is
      “<bdi>${className(own())}</bdi>”</button>
    ${classes().map((each) => each.id !== own() && classButton(each, decide))}
    ${badButton(() => decide(null))}</div>`;
