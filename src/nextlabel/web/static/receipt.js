// What may be said honestly so far: as a column beside the question, and as a page.
import { get, post } from "./api.js";
import { html } from "./html.js";
import { catchUp } from "./labelling.js";
import { loadOutlook, outlookCard } from "./outlook.js";
import { notice, overview, page, problem, thing } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const FIRST = 30; // audit answers of the first look
const said = signal(null); // as /api/receipt gives it

export async function loadReceipt() {
  if (page.value === "receipt") loadOutlook();
  try {
    said.value = await get("/api/receipt");
  } catch (error) {
    problem.value = error.message;
  }
}

function minutes(seconds) {
  const whole = Math.round(seconds / 60);
  return whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h ${whole % 60} min`;
}

const figure = (term, value) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`;

function figures() {
  const now = overview.value;
  const open = now.goal && Math.max(0, now.goal - now.labelled);
  const time = open && now.pace ? html` <small>about ${minutes((60 * open) / now.pace)}</small>` : "";
  return html`<dl class="figures">
    ${figure("Labelled", html`${now.labelled} <small>of ${now.samples}</small>`)}
    ${figure("Labels a minute", now.pace === null ? "–" : Math.round(now.pace))}
    ${figure("Time spent", minutes(now.seconds_spent))}
    ${now.skipped > 0 && figure("Not sure", now.skipped)}
    ${now.discarded > 0 && figure("Put aside", now.discarded)}
    ${now.goal && figure("To your goal", open ? html`${open}${time}` : "reached")}
  </dl>`;
}

function byClass() {
  const { classes } = overview.value;
  const most = Math.max(1, ...classes.map((one) => one.count));
  return html`${classes.length === 0 && html`<p class="muted">None yet: type what you see.</p>`}
    <ul class="counts">${classes.map((one) => html`<li key=${one.id}><span dir="auto">${one.name}</span>
      <b>${one.count}</b><progress max=${most} value=${one.count} aria-hidden="true"></progress></li>`)}</ul>`;
}

const percent = (share) => `${(100 * share).toFixed(1)}%`;

// A share with its interval, on a track from nothing to all; words beside it say the same, so ears need none of it.
const bar = ({ low, high, value }) => html`<svg class="interval" aria-hidden="true"><rect class="track" width="100%" height="100%" rx="4" />
  <rect class="band" x=${percent(low)} width=${percent(high - low)} height="100%" rx="4" />
  ${value !== null && html`<rect class="value" x=${percent(value)} width="2" height="100%" />`}</svg>`;

const drawn = (line) => line.unit === "share" && line.low !== null && line.high !== null;
const line = (one) => html`<section class="line" key=${one.name} title=${one.made_of}><h2>${one.title}</h2>
  ${drawn(one) && bar(one)}<p>${one.words}</p></section>`;

export const receiptColumn = (first) => html`<aside class="receipt" aria-label="Receipt">${first}${figures()}
  ${lines(line)}<h2>By class</h2>${byClass()}</aside>`;

function lines(shown) {
  const found = said.value?.lines ?? [];
  if (found.length) return found.map(shown);
  const audit = said.value?.audit ?? 0;
  return html`<section class="line"><h2>How good is the machine?</h2>
    <p class="muted">${audit < FIRST ? `Too early for a figure: ${audit} of ${FIRST} audit answers.` : "Looking …"}</p></section>`;
}

const explained = (one) => html`<section class="line" key=${one.name}><h2>${one.title}</h2>${drawn(one) && bar(one)}
  <p>${one.words}</p><p class="muted">${one.made_of}</p>
  ${one.name === "new" && html`${curve(said.value.curve)}${judged(said.value)}`}</section>`;

export function receiptPage() {
  const now = said.value;
  return html`<main class="page receipt-page" id="main"><h1>Receipt</h1>${figures()}
    ${!now ? html`<p class="muted" role="status">Looking …</p>` : html`${lines(explained)}
      <p class="muted">Figures rest on questions that were drawn at random, whose answers the choice of questions never
        sees: ${now.audit} of your ${now.labelled} labels so far.</p>
      ${outlookCard()}
      ${checkRest()}
      <section><h2>Do people agree?</h2>${agreement(now.agreement)}</section>`}
    <section><h2>By class</h2>${byClass()}</section>
    ${neverShown()}
  </main>`;
}

const wanted = signal(59); // none wrong of so many: at least 95 of 100 of the rest are right, with 95 % confidence

function checkRest() {
  const { samples, labelled, discarded } = overview.value;
  const left = samples - labelled - discarded;
  if (!labelled || left < 1) return "";
  return html`<section><h2>Done? Check the rest</h2>
    <p>Some ${thing()}s are drawn from the ${left} that have no label, and come next. Your answers tell how many of the rest the
      machine has right, as it is now. With 59 of 59 right that is at least 95 of 100.</p>
    <div class="bar"><label>How many <input type="number" min="1" max=${left} value=${Math.min(wanted.value, left)}
      onInput=${(event) => (wanted.value = Number(event.target.value))} /></label>
      <button onClick=${() => drawRest(Math.max(1, Math.min(wanted.value || 59, left)))}>Check the rest</button></div></section>`;
}

async function drawRest(count) {
  try {
    const { queued } = await post("/api/check", { count });
    await catchUp();
    notice.value = `${queued} come next.`;
    location.hash = "#label";
  } catch (error) {
    problem.value = error.message;
  }
}

// All looks so far: the interval as an area over the number of audit answers.
function curve(looks) {
  if (looks.length < 2) return "";
  const from = looks[0].audit;
  const x = (look) => 40 + (540 * (look.audit - from)) / (looks[looks.length - 1].audit - from);
  const y = (share) => 10 + 140 * (1 - share);
  const path = (shares) => shares.map(([look, share]) => `${x(look).toFixed(1)},${y(share).toFixed(1)}`).join(" ");
  const area = path([...looks.map((look) => [look, look.high]), ...looks.toReversed().map((look) => [look, look.low])]);
  const last = looks[looks.length - 1];
  return html`<figure class="curve"><svg viewBox="0 0 600 178" role="img"
      aria-label=${`At ${looks.length} looks: first ${range(looks[0])}, last ${range(last)}`}>
    ${[0, 0.5, 1].map((share) => html`<line class="grid" x1="40" x2="580" y1=${y(share)} y2=${y(share)} />
      <text x="34" y=${y(share) + 4} text-anchor="end">${100 * share}</text>`)}
    <polygon class="band" points=${area} /><polyline class="value" points=${path(looks.map((look) => [look, look.value]))} />
    ${looks.map((look) => html`<circle cx=${x(look)} cy=${y(look.value)} r="2.5" />`)}
    <text x="40" y="170">${from} audit answers</text><text x="580" y="170" text-anchor="end">${last.audit}</text>
  </svg><figcaption class="muted">Of 100 new ${thing()}s, how many the machine agrees on with you, at each look.</figcaption></figure>`;
}

const range = (one) => `${Math.floor(100 * one.low)} to ${Math.ceil(100 * one.high)} of 100`;

function judged({ classes: rows, confusions }) {
  if (!rows.length) return "";
  return html`<details><summary>Class by class</summary><table><thead><tr><th scope="col">Class</th><th scope="col">Audit answers</th>
      <th scope="col">Agreed</th><th scope="col">Of 100</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.name}><td dir="auto">${row.name}</td><td>${row.answers}</td><td>${row.hits}</td>
      <td>${row.low === null ? "too few" : range(row)}</td></tr>`)}</tbody></table>
    ${confusions.length > 0 && html`<p>Taken for another: ${confusions.slice(0, 5).map((one, i) => html`${i > 0 && ", "}<bdi>${one.name}</bdi>
      for <bdi>${one.taken_for}</bdi> ${one.times === 1 ? "once" : `${one.times} times`}`)}.</p>`}</details>`;
}

const neverShown = () => html`<details class="never"><summary>What is never shown here, and why</summary><ul>
  <li>How often the machine is right on the labels that it chose to ask: it asks what is hard, so that says nothing about the rest.</li>
  <li>How often it is right on what it has learned: it knows these answers.</li>
  <li>How sure it is of itself: that was off by 27 points in trials.</li>
  <li>An interval that is only right for a single look: you look more often than once.</li>
  <li>Labels saved, drawn out beyond what was seen: no trial of it was both narrow and right.</li></ul></details>`;

const kappa = (value) => value.toFixed(2);

function agreement(found) {
  if (!found) {
    return html`<p class="muted">Nobody knows yet: it takes pictures that two people have labelled. Invite somebody, and let
      a share of the questions go to two people, in the <a href="#settings">settings</a>.</p>`;
  }
  return html`<p><b class="large">${kappa(found.kappa)}</b> Cohen’s kappa, between ${kappa(found.low)} and ${kappa(found.high)} with
    95 % confidence, from ${found.pairs} that two people labelled.</p>
    <p class="muted">1 is perfect agreement, 0 is what chance alone brings. Where two disagree, it comes to the <a href="#review">review</a>.</p>`;
}
