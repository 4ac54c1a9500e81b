// The page that opens: the question, the classes with their keys, why it was asked, the last ten answers.
import { post } from "./api.js";
import { lookAround, openCorrection } from "./around.js";
import { classes } from "./buttons.js";
import { focusField, theClasses } from "./finder.js";
import { html } from "./html.js";
import { actionKeys, letGo, showKey } from "./keys.js";
import { answer, catchUp, forgetPast, lastLabel, lookAgain, undo } from "./labelling.js";
import { miniature } from "./parts.js";
import { receiptColumn } from "./receipt.js";
import { look, scrollText, theQuestion, turnPicture } from "./stage.js";
import { asked, className, dialog, notice, ofTexts, overview, problem, queue, recent, thing, why } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const DEMO = 50; // answers of the oracle for one press
const STEP = 10;
const PAGES = { ArrowDown: 0.2, ArrowUp: -0.2, PageDown: 0.9, PageUp: -0.9 };
const oracleAtWork = signal(false);

const label = (class_id, how) => answer("label", how, class_id);

const ask = (name) => queue.value[0] && (dialog.value = { name, question: queue.value[0] });

// What each action does; `how` is "key" or "button".
const DO = {
  undo: () => undo(),
  skip: (how) => answer("skip", how),
  discard: (how) => answer("discard", how),
  repeat: (how) => lastLabel.class_id !== null && label(lastLabel.class_id, how),
  note: () => ask("note"),
  find: focusField,
  before: () => queue.value[0] && lookAround(queue.value[0].sample, "previous"),
  after: () => queue.value[0] && lookAround(queue.value[0].sample, "next"),
  around: () => queue.value[0] && lookAround(queue.value[0].sample),
  zoom: () => !ofTexts() && ask("zoom"),
  turn: turnPicture,
  contrast: () => (look.value = { ...look.value, contrast: !look.value.contrast }),
  names: () => (look.value = { ...look.value, names: !look.value.names }),
  help: () => (dialog.value = { name: "help" }),
};

// One key on this page; says whether it was one of ours. A key that is held down answers once.
export function pressLabel(key, repeated) {
  if (key in PAGES) return scrollText(PAGES[key]);
  const action = actionKeys(overview.value.settings).find((one) => one.key === key);
  const chosen = action ? null : classes().find((one) => one.key?.toLowerCase() === key);
  if (!action && !chosen) return false;
  if (!repeated) action ? DO[action.name]("key") : label(chosen.id, "key");
  return true;
}

export function labelPage() {
  const now = overview.value;
  const question = queue.value[0];
  return html`<main class="label" id="main"><h1 class="for-ears">Label</h1>
    <section class="work" aria-label="Label">
      ${question ? theQuestion(question) : nothingLeft(now)}
      ${whyLine()}
      ${question && theClasses(label)}
      ${question && theActions(now)}
      ${theRecent()}
    </section>
    ${receiptColumn(now.demo && theOracle())}
  </main>`;
}

function nothingLeft(now) {
  if (!asked.value) return html`<div class="empty" role="status"><p>Looking for the first ${thing()} …</p></div>`;
  if (!now.samples) {
    return html`<div class="empty"><h1>No ${thing()} here yet</h1>
      <p>Put pictures into the folder “<bdi>${now.name}</bdi>”, then look again.</p>
      <button class="primary" onClick=${lookAgain}>Look for new pictures</button></div>`;
  }
  if (now.left > 0) {
    return html`<div class="empty" role="status"><h1>Nothing to ask this moment</h1>
      <p>${now.people.length > 1 ? "Somebody else looks at what is left, or the" : "The"} next questions are being chosen.
        They appear here by themselves; until then keys answer nothing.</p></div>`;
  }
  return html`<div class="empty"><h1>All done</h1>
    <p>${now.labelled} of ${now.samples} have a label${now.discarded ? `, ${now.discarded} were put aside` : ""}.</p>
    <p>Look through your answers in the <a href="#grid">grid</a>, look at doubtful ones in the <a href="#review">review</a>,
      or take them out with <code>nextlabel export</code>.</p></div>`;
}

const SAID = {
  skip: "Not sure: it comes back later", discard: "Put aside", note: "The note is kept", back: "Taken back",
  none: "Your last key answered nothing: no question was there yet",
};

function whyLine() {
  const said = why.value;
  if (!said && overview.value.classes.length) return html`<p class="why"> </p>`;
  if (!said) return html`<p class="why first">Type what you see, then Enter. Once there are two classes, each has a key of its own.</p>`;
  const name = said.kind === "label" ? className(said.class_id) : SAID[said.kind];
  return html`<p class="why"><b><bdi>${name}</bdi></b>${said.words && html` <span><span class="because">asked because: </span>${said.words}</span>`}
    ${said.agrees === false && html` <span class="differs">the machine said otherwise</span>`}</p>`;
}

function theActions(now) {
  const keys = Object.fromEntries(actionKeys(now.settings).map((one) => [one.name, one]));
  const button = (name, words, key = showKey(keys[name].key)) => html`<button class=${`quiet do-${name}`}
    title=${keys[name]?.words ?? "Look at what is beside it in its folder"} onClick=${(event) => (letGo(event), DO[name]("button"))}><kbd>${key}</kbd><span>${words}</span></button>`;
  const around = showKey(keys.before.key) + showKey(keys.after.key);
  return html`<div class="actions" role="group" aria-label="Other answers">
    ${button("undo", "Undo")}${button("skip", "Not sure")}${button("discard", `Bad ${thing()}`)}
    ${button("note", "Note")}${!ofTexts() && button("zoom", "Zoom")}${button("around", "In its folder", around)}${button("help", "Keys")}</div>`;
}

// In a demonstration a visitor need not label: the answers are known.
function theOracle() {
  const atWork = oracleAtWork.value;
  return html`<div class="oracle"><p>This is a demonstration. Label some yourself, or let an oracle do it, and see the
    machine learn.</p><button disabled=${atWork} onClick=${askOracle}>${atWork ? "The oracle is answering …"
    : `Let an oracle answer the next ${DEMO}`}</button></div>`;
}

// A few at a time, so that a visitor sees them come.
async function askOracle(event) {
  letGo(event);
  forgetPast();
  oracleAtWork.value = true;
  try {
    let open = DEMO;
    while (open > 0) {
      const { answered } = await post("/api/demo", { count: Math.min(STEP, open) });
      await catchUp();
      open = answered ? open - answered : 0;
    }
    notice.value = "The oracle has answered.";
  } catch (error) {
    problem.value = error.message;
  }
  oracleAtWork.value = false;
}

function theRecent() {
  return html`<ol class="recent" aria-label="Your last answers: choose one to correct it">
    ${recent.value.map((one) => {
      const name = one.kind === "label" ? className(one.class_id) : { skip: "not sure", discard: "put aside", note: "note" }[one.kind];
      return html`<li key=${one.sample}><button title=${`${name}: correct it`} aria-label=${`${name}: correct it`}
        onClick=${() => openCorrection(one)}>${miniature(one, 160)}<span class="caption" dir="auto">${name}</span></button></li>`;
    })}</ol>`;
}
