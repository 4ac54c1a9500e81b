// What may be said honestly so far: as a column beside the question, and as a page.
import { get } from "./api.js";
import { html } from "./html.js";
import { overview, problem } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const said = signal(null); // as /api/receipt gives it

export async function loadReceipt() {
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

export const receiptColumn = (first) => html`<aside class="receipt" aria-label="Receipt">${first}${figures()}
  <h2>How good is the machine?</h2><p class="muted">Too early to say.</p><h2>By class</h2>${byClass()}</aside>`;

export function receiptPage() {
  const now = said.value;
  return html`<main class="page receipt-page" id="main"><h1>Receipt</h1>${figures()}
    ${!now ? html`<p class="muted" role="status">Looking …</p>` : html`
    <section><h2>How good is the machine?</h2>${now.lines.length ? now.lines.map((line) => html`<p>${line.words}</p>`) : html`
      <p>Too early to say.</p>`}
      <p class="muted">It is measured on questions that were drawn at random, whose answers the choice of questions never
        sees: ${now.audit} of your ${now.labelled} labels so far. Before there are enough of them, no figure would be honest.</p></section>
    <section><h2>Do people agree?</h2>${agreement(now.agreement)}</section>`}
    <section><h2>By class</h2>${byClass()}</section>
  </main>`;
}

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
