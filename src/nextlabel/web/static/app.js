// The page: where one is, what stands above it, and drawing it anew when something it reads changes.
import { follow } from "./api.js";
import { dialogs } from "./dialogs.js";
import { gridPage, loadGrid, pressGrid } from "./grid.js";
import { html } from "./html.js";
import { letGo, listen } from "./keys.js";
import { labelPage, pressLabel } from "./label.js";
import { begin, refresh } from "./labelling.js";
import { loadMap, mapPage } from "./map.js";
import { away, durable, locked, waiting } from "./outbox.js";
import { loadReceipt, receiptPage } from "./receipt.js";
import { loadReview, lookForDoubts, pressReview, reviewPage } from "./review.js";
import { settingsPage } from "./settings.js";
import { dialog, hushed, notice, overview, page, problem, thing } from "./state.js";
import { switchTheme, theme } from "./theme.js";
import { render } from "./vendor/preact/preact.js";
import { effect } from "./vendor/signals-core/signals-core.js";

const nothing = () => {};
const PAGES = {
  label: { words: "Label", view: labelPage, load: nothing, press: pressLabel },
  grid: { words: "Grid", view: gridPage, load: loadGrid, press: pressGrid },
  map: { words: "Map", view: mapPage, load: loadMap, press: () => false },
  review: { words: "Review", view: reviewPage, load: loadReview, press: pressReview },
  receipt: { words: "Receipt", view: receiptPage, load: loadReceipt, press: () => false },
  settings: { words: "Settings", view: settingsPage, load: nothing, press: () => false },
};
const STAGES = { idle: "", embedding: "", learning: "learning", choosing: "choosing the next ones" };

function head() {
  const now = overview.value;
  const { done, total } = now.embedding;
  const busy = done < total;
  return html`<header class="top"><a class="skip-link" href="#main" onClick=${toMain}>To the page</a>
    <strong class="project" title=${now.name} dir="auto">${now.name}</strong>
    <nav aria-label="Pages">${Object.entries(PAGES).map(([name, { words }]) => html`<a href=${`#${name}`}
      aria-current=${page.value === name ? "page" : undefined}>${words}</a>`)}</nav>
    <span class="stage-of">${busy ? `reading the ${thing()}s: ${done} of ${total}` : STAGES[now.learning]}</span>
    <button class="quiet" onClick=${(event) => (letGo(event), switchTheme())} title="Light or dark" aria-label="Light or dark">◐</button>
    <button class="quiet" onClick=${() => (dialog.value = { name: "help" })} title="All keys (?)" aria-label="All keys">?</button>
    <progress class=${busy ? "thin" : "thin whole"} max=${total || 1} value=${done} aria-label=${`${thing()}s read`}></progress>
  </header>`;
}

// One line for what a person must know; it lies over the page, so that nothing moves.
function news() {
  const left = waiting.value.length;
  const answers = left === 1 ? "One answer waits" : `${left} answers wait`;
  if (locked.value) return html`<p class="news" role="alert">${locked.value}${left > 0 && ` ${answers} here until then.`}</p>`;
  if (away.value && left) {
    const safe = durable.value ? "They are kept here, also over a reload, and sent again." : "Keep this page open: they are sent again.";
    return html`<p class="news" role="status">The server does not answer. ${answers} to be sent. ${safe}</p>`;
  }
  if (away.value) return html`<p class="news" role="status">The server does not answer. Is <code>nextlabel label</code> still running?</p>`;
  const trouble = overview.value?.trouble;
  if (!problem.value && trouble && trouble !== hushed.value)
    return html`<p class="news" role="status">${trouble}
      <button class="quiet" onClick=${() => (hushed.value = trouble)}>Close</button></p>`;
  return problem.value && html`<p class="news" role="alert">${problem.value}
    <button class="quiet" onClick=${() => (problem.value = "")}>Close</button></p>`;
}

function toMain(event) {
  event.preventDefault();
  document.getElementById("main").querySelector("button, input, a, [tabindex]")?.focus();
}

const view = () => overview.value === null
  ? html`<main class="empty" id="main"><h1>nextlabel</h1><p role="status">${problem.value || "Opening …"}</p></main>`
  : html`${head()}${news()}${PAGES[page.value].view()}<p class="for-ears" role="status">${notice.value}</p>${dialogs()}`;

function go() {
  const name = location.hash.slice(1);
  if (!(name in PAGES)) return;
  page.value = name;
  problem.value = "";
  dialog.value = null;
  document.title = name === "label" ? "nextlabel" : `${PAGES[name].words} – nextlabel`;
  PAGES[name].load();
}

effect(() => {
  theme.value; // the map's colours follow it
  render(view(), document.getElementById("app"));
});

listen((key, repeated) => {
  if (!overview.value || dialog.value) return false;
  if (key === "?") return (dialog.value = { name: "help" }), true;
  return PAGES[page.value].press(key, repeated);
});

begin()
  .then(() => {
    addEventListener("hashchange", go);
    go();
    loadReceipt();
    follow((change) => {
      refresh();
      if (change.kind === "receipt" || page.value === "receipt") loadReceipt();
      if (page.value === "review") lookForDoubts();
    });
  })
  .catch((error) => (problem.value = error.message));
