// The column at the right: what may be said honestly so far.
import { html } from "./html.js";
import { overview } from "./state.js";

export function minutes(seconds) {
  const whole = Math.round(seconds / 60);
  return whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h ${whole % 60} min`;
}

const figure = (term, value) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`;

export function receipt() {
  const now = overview.value;
  const most = Math.max(1, ...now.classes.map((one) => one.count));
  return html`<aside class="receipt" aria-label="Receipt">
    <dl class="figures">
      ${figure("Labelled", html`${now.labelled} <small>of ${now.samples}</small>`)}
      ${figure("Labels a minute", now.pace === null ? "–" : Math.round(now.pace))}
      ${figure("Time spent", minutes(now.seconds_spent))}
      ${now.skipped + now.discarded > 0 && figure("Skipped, discarded", `${now.skipped}, ${now.discarded}`)}
      ${now.goal && figure("To your goal", Math.max(0, now.goal - now.labelled))}
    </dl>
    <h2>How good is the machine?</h2>
    <p class="muted">Too early to say.</p>
    <h2>By class</h2>
    ${now.classes.length === 0 && html`<p class="muted">None yet: type what you see.</p>`}
    <ul class="counts">${now.classes.map((one) => html`<li key=${one.id}><span dir="auto">${one.name}</span>
      <b>${one.count}</b><progress max=${most} value=${one.count} aria-hidden="true"></progress></li>`)}</ul>
  </aside>`;
}
