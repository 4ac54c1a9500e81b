// Will asking go on helping? A card of the receipt: looked at when somebody wants to know, from the audit answers.
import { get, post } from "./api.js";
import { html } from "./html.js";
import { letGo } from "./keys.js";
import { overview, thing } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const FIRST = 30; // audit answers, from which on it may be asked
const AGAIN = 1000; // milliseconds until one looks whether it is there
const now = signal(undefined); // as /api/outlook gives it; null while it is computed
const fault = signal("");
let last = null; // what was found before the look that is under way

export async function loadOutlook() {
  try {
    now.value = await get("/api/outlook");
    fault.value = "";
    last = now.value?.outlook ?? last;
    if (now.value === null) setTimeout(() => location.hash === "#receipt" && loadOutlook(), AGAIN);
  } catch (error) {
    fault.value = error.message;
  }
}

async function lookAhead(event) {
  letGo(event);
  try {
    await post("/api/outlook", {});
    await loadOutlook();
  } catch (error) {
    fault.value = error.message;
  }
}

export function outlookCard() {
  const busy = now.value === null;
  const found = busy ? last : now.value?.outlook;
  return html`<section class="outlook" aria-label="Will asking go on helping here?"><h2>Will asking go on helping here?</h2>
    ${found && whatIsFound(found)}
    ${now.value?.silent && html`<p>${now.value.silent}</p>`}${fault.value && html`<p role="alert">${fault.value}</p>`}
    <div role="status">${busy && html`<p class="muted">Looking ahead … It takes about a minute. Go on meanwhile.</p>`}</div>
    ${!busy && now.value && theButton(now.value)}</section>`;
}

function theButton({ audit, lacking, outlook }) {
  if (lacking > 0) return html`<p class="muted">From ${FIRST} audit answers on: ${audit} so far.</p>`;
  const more = outlook ? audit - outlook.audit : 0;
  return html`${!outlook && html`<p>Plays the rest of this labelling many times, on what your ${audit} audit answers tell
      of it: once with chosen questions, and once with random ones. It takes about a minute; go on meanwhile.</p>`}
    <p><button onClick=${lookAhead}>${outlook ? "Look ahead again" : "Look ahead"}</button>
      ${more > 0 && html` <span class="muted">${more} more audit ${more === 1 ? "answer" : "answers"} since then.</span>`}</p>`;
}

const STRATEGY = { random: "random questions" };

function whatIsFound(found) {
  const best = found.forecast?.recommended;
  return html`<p class="headline">${found.headline}</p>
    ${best && html`<p>What is best from here, as far as can be told: <b>${STRATEGY[best] ?? best}</b>${best === overview.value.settings.strategy
      ? ", which is what is set." : html`. What is set now: ${overview.value.settings.strategy} (<a href="#settings">settings</a>).`}</p>`}
    ${found.notes.map((note) => html`<p class="muted">${note}</p>`)}
    ${played(found)}
    ${found.reasons.length > 0 && html`<h3>Why</h3><ul class="reasons">${found.reasons.map((one) => html`<li key=${one.name}>
      <b>${one.title}</b> ${one.words}</li>`)}</ul>`}
    <p class="muted">Rests on ${found.audit} audit answers, which are its pilot, and looks as far as ${found.budget} labels in
      all${found.looked_at < found.samples ? `, at ${found.looked_at} of the ${found.samples} ${thing()}s` : ""}.</p>`;
}

// The loop as it was played: the mean of each strategy, and how far it strayed.
function played({ curves, metric }) {
  const points = curves.flatMap((one) => one.labelled.map((at, i) => [at, one.low[i], one.high[i]]));
  if (points.length < 2) return "";
  const [from, to] = [Math.min(...points.map(([at]) => at)), Math.max(...points.map(([at]) => at))];
  const [bottom, top] = [Math.max(0, Math.min(...points.map(([, low]) => low))), Math.min(1, Math.max(...points.map(([, , high]) => high)))];
  const x = (at) => 40 + (540 * (at - from)) / (to - from || 1);
  const y = (share) => 10 + (140 * (top - share)) / (top - bottom || 1);
  const path = (one, name) => one.labelled.map((at, i) => `${x(at).toFixed(1)},${y(Math.min(1, Math.max(0, one[name][i]))).toFixed(1)}`);
  const last = (one) => one.mean[one.mean.length - 1];
  const said = curves.map((one) => `${one.strategy} ${(100 * last(one)).toFixed(0)}`).join(", ");
  return html`<figure class="curve played"><svg viewBox="0 0 600 178" role="img" aria-label=${`Of 100, at ${to} labels: ${said}`}>
    ${[top, bottom].map((share) => html`<line class="grid" x1="40" x2="580" y1=${y(share)} y2=${y(share)} />
      <text x="34" y=${y(share) + 4} text-anchor="end">${(100 * share).toFixed(0)}</text>`)}
    ${curves.map((one, i) => html`<polygon class="band" data-line=${i} points=${[...path(one, "low"), ...path(one, "high").reverse()].join(" ")} />`)}
    ${curves.map((one, i) => html`<polyline class="value" data-line=${i} points=${path(one, "mean").join(" ")} />`)}
    <text x="40" y="170">${from} labels</text><text x="580" y="170" text-anchor="end">${to}</text>
  </svg><ul class="legend">${curves.map((one, i) => html`<li><svg class="stroke" viewBox="0 0 26 8" aria-hidden="true"><line class="value"
      data-line=${i} x1="0" x2="26" y1="4" y2="4" /></svg>${one.strategy}</li>`)}</ul>
  <figcaption class="muted">The rest of this labelling as it was played, not as it will be: of 100 ${thing()}s${metric === "accuracy" ? "" : ", as many of each class"}, how many the
    machine would have right. It leans to the side of asking; the sentence above has set that right.</figcaption></figure>`;
}
