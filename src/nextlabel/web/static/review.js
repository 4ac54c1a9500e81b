// Labels to look at once more, one at a time: disputed ones first, then those that are probably wrong.
import { get } from "./api.js";
import { html } from "./html.js";
import { letGo, showKey } from "./keys.js";
import { classes } from "./label.js";
import { correct } from "./labelling.js";
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
  correct(one.sample, class_id, "review", one.path);
  doubts.value = rest;
}

const own = () => doubts.value[0].answers[0].class_id;

export function pressReview(key, repeated) {
  if (!doubts.value?.length) return false;
  const chosen = classes().find((one) => one.key?.toLowerCase() === key);
  if (key !== "Enter" && key !== " " && !chosen) return false;
  if (repeated) return true;
  if (key === " ") doubts.value = [...doubts.value.slice(1), doubts.value[0]];
  else decide(chosen ? chosen.id : own());
  return true;
}

export function reviewPage() {
  const list = doubts.value;
  return html`<main class="page review" id="main"><h1>Review</h1>
    ${!list ? html`<p class="muted" role="status">Looking …</p>` : !list.length ? html`<div class="empty">
      <p>Nothing to review. Labels that are probably wrong, and pictures on which two people disagree, come here.</p>
      <p><a href="#label">Label</a></p></div>` : doubt(list[0], list.length)}
  </main>`;
}

const doubt = (one, left) => html`<p class="muted">${left} to look at: <kbd>Enter</kbd> confirms, a class's key changes, <kbd>Space</kbd> leaves it for later.</p>
  ${one.text != null ? html`<blockquote class="text">${one.text}</blockquote>`
    : html`<img class="in-full" key=${one.sample} src=${address(one.sample, 1280)} alt="The picture to review" />`}
  <p class="said">${one.answers.map((said) => html`<span>${said.annotator}: <b dir="auto">${className(said.class_id)}</b></span>`)}
    ${one.model !== null && html`<span>the machine: <b dir="auto">${className(one.model)}</b></span>`}</p>
  <div class="classes"><button class="primary" onClick=${(event) => (letGo(event), decide(own()))}>It is right</button>
    ${classes().map((each) => html`<button class="class" onClick=${(event) => (letGo(event), decide(each.id))}>
      ${each.key && html`<kbd>${showKey(each.key)}</kbd>`}<span dir="auto">${each.name}</span></button>`)}</div>`;
