// What can be set: classes, asking, keys, the look, people.
import { get, post } from "./api.js";
import { setExample } from "./around.js";
import { html } from "./html.js";
import { ACTIONS, actionKeys, letGo, showKey } from "./keys.js";
import { catchUp, lookAgain } from "./labelling.js";
import { address } from "./pictures.js";
import { dialog, ofTexts, overview, problem, thing } from "./state.js";
import { setTheme, theme } from "./theme.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const link = signal(null); // of the person who was invited last
const seen = signal(""); // what a look through the folder found
let restoring = false;

async function send(path, body) {
  try {
    const reply = await post(path, body);
    overview.value = await get("/api/overview");
    problem.value = "";
    return reply;
  } catch (error) {
    problem.value = error.message;
    restoring = true; // fields show again what holds
    overview.value = { ...overview.value };
    restoring = false;
    return null;
  }
}

// A field's name and value. What somebody is typing in it stays, whoever else's answers make the page draw anew.
function holds(id, value) {
  const typing = document.activeElement;
  return { id, value: !restoring && typing?.id === id ? typing.value : value };
}

const set = (changes) => send("/api/settings", changes);

export function settingsPage() {
  const now = overview.value;
  return html`<main class="page settings" id="main"><h1>Settings</h1>
    <section><h2>Classes</h2>
      ${now.classes.length > 0 && html`<div class="rows">${now.classes.map((one) => classRow(one, now.classes))}</div>`}
      <form class="bar" onSubmit=${addClass}><label>New class <input name="name" maxlength="300" required autocomplete="off" dir="auto" /></label>
        <button class="primary" type="submit">Add</button></form>
      ${!ofTexts() && html`<p class="muted">To give a class an example picture, open one of your answers and choose “Use this picture as
        the example”.</p>`}</section>
    ${asking(now.settings)}${people(now)}
    <section><h2>Folder</h2><div class="bar"><button onClick=${look}>Look for new ${thing()}s</button>
      <span role="status">${seen.value}</span></div></section>
    <section><h2>Keys</h2><div class="rows keys-to-set">${actionKeys(now.settings).map(keyRow)}</div></section>
    <section><h2>Look</h2><div class="bar" role="group" aria-label="Theme">${["system", "light", "dark"].map((name) => html`<button
      class="tab" aria-pressed=${theme.value === name ? "true" : "false"} onClick=${() => setTheme(name)}>${name}</button>`)}</div></section>
  </main>`;
}

// A knob: its name, its field, and in one line what it does.
const knob = (words, field, why) => html`<label class="knob"><span>${words}</span>${field}<small class="muted">${why}</small></label>`;

// A number that is set by `name`; with a placeholder it may be none.
function number(name, min, max, step, placeholder = "") {
  const value = overview.value.settings[name];
  const read = (event) => {
    if (!event.target.reportValidity()) return;
    if (event.target.value !== "") set({ [name]: Number(event.target.value) });
    else if (placeholder) set({ [name]: null });
    else event.target.value = value;
  };
  return html`<input type="number" ...${holds(name, value ?? "")} min=${min} max=${max} step=${step} placeholder=${placeholder} onChange=${read} />`;
}

const box = (checked, change) => html`<input type="checkbox" checked=${checked} onChange=${(event) => change(event.target.checked)} />`;

function asking(now) {
  const strategies = now.strategies.includes(now.strategy) ? now.strategies : [now.strategy, ...now.strategies];
  const showPredictions = async (predictions) => (await set({ predictions })) && catchUp().catch(() => {});
  return html`<section><h2>Asking</h2><div class="knobs">
    ${knob("Strategy", html`<select value=${now.strategy} onChange=${(event) => set({ strategy: event.target.value })}>
      ${strategies.map((name) => html`<option value=${name}>${name}</option>`)}</select>`, "How the next questions are chosen.")}
    ${knob("Questions in a batch", number("batch", 1, 1000, 1), "The machine learns anew after each batch.")}
    ${knob("Share of audit questions", number("audit_share", 0, 0.4, 0.05),
      "Drawn at random to check the machine, from 0 to 0.4. The receipt rests on them.")}
    ${knob("Share for two people", number("overlap", 0, 1, 0.05),
      "Asked of two people each, to see how far they agree.")}
    ${knob("Goal, in labels", number("goal", 1, 1e7, 1, "none"), "Only to be shown how far it is.")}
    ${knob("Cost of an error", number("error_value", 0, 1e9, "any", "unknown"),
      "What one wrong answer of the machine costs you, in any unit …")}
    ${knob("Cost of a label", number("label_cost", 0, 1e9, "any", "unknown"),
      "… and one label, in the same unit: for the advice when to stop.")}
    ${knob("Show the machine’s answer first", box(now.predictions, showPredictions),
      "Faster, but people agree with what they see. Questions that check the machine never show it.")}
    ${knob("Show file names", box(now.show_names, (show_names) => set({ show_names })), "File and folder beside each question.")}
  </div><p class="muted">A change counts from the next batch on.${now.embedder && ` The machine sees the ${thing()}s through
    ${now.embedder}. That was chosen at the first start and stays, for all that was asked since rests on it; another one takes
    a project of its own, by --project and --embedder.`}</p></section>`;
}

const people = (now) => html`<section><h2>People</h2><p>${now.people.map((name) => html`<span class="person"><bdi>${name}</bdi>${name === now.you
  && html` <small class="muted">(you)</small>`}</span>`)}</p>
  <form class="bar" onSubmit=${invite}><label>Invite <input name="name" maxlength="100" required autocomplete="off" placeholder="their name" dir="auto" /></label>
    <button class="primary" type="submit">Make a link</button></form>
  ${link.value && html`<p>This link lets <bdi>${link.value.name}</bdi> in, once: <code class="link">${link.value.link}</code></p>`}</section>`;

const keyRow = (one) => html`<label class="row" key=${one.name}>
  <input class="key" ...${holds(`key-${one.name}`, one.key.length === 1 && one.key !== " " ? one.key : "")} placeholder=${showKey(one.key)} maxlength="1"
    aria-label=${`Key for: ${one.words}`} onChange=${(event) => bind(one, event.target)} /><span>${one.words}</span></label>`;

// Two hundred lists of two hundred names would take seconds: a row's list is filled when somebody comes to it.
const merging = signal(null);

function classRow(one, all) {
  const come = () => (merging.value = one.id);
  const change = (changes) => send(`/api/classes/${one.id}`, changes);
  const others = merging.value === one.id ? all.filter((other) => other.id !== one.id) : [];
  return html`<div class="row" key=${one.id}>
    <input class="key" ...${holds(`key-${one.id}`, one.key ?? "")} maxlength="1" aria-label=${`Key of ${one.name}`}
      onChange=${(event) => change({ key: event.target.value || null })} />
    <input ...${holds(`name-${one.id}`, one.name)} maxlength="300" dir="auto" aria-label=${`Name of ${one.name}`}
      onChange=${(event) => (event.target.value.trim() ? change({ name: event.target.value.trim() }) : (event.target.value = one.name))} />
    <input ...${holds(`description-${one.id}`, one.description ?? "")} maxlength="2000" dir="auto" placeholder="What belongs here" aria-label=${`Description of ${one.name}`}
      onChange=${(event) => change({ description: event.target.value })} />
    ${!ofTexts() && example(one)}
    <select aria-label=${`Merge ${one.name} into`} value="" disabled=${all.length < 2} onFocus=${come}
      onPointerEnter=${come} onChange=${(event) => merge(one, event.target)}>
      <option value="">merge into …</option>${others.map((other) => html`<option value=${other.id}>${other.name}</option>`)}</select>
  </div>`;
}

// The example's picture takes it away again, so that no button more stands in each row.
const example = (one) => one.example === null ? html`<span class="example" title="No example yet"></span>`
  : html`<button class="quiet example" title="Take the example away" aria-label=${`Take the example of ${one.name} away`}
      onClick=${(event) => (letGo(event), setExample(one.id, null))}><img src=${address(one.example, 160)} alt="" /></button>`;

function merge(one, field) {
  const into = Number(field.value);
  const other = overview.value.classes.find((each) => each.id === into);
  if (field.value === "") return;
  field.value = "";
  dialog.value = { name: "merge", one, other, go: () => send(`/api/classes/${one.id}/merge`, { into }) };
}

async function addClass(event) {
  event.preventDefault();
  const form = event.target;
  if (await send("/api/classes", { name: form.elements.name.value.trim() })) form.reset();
}

async function look(event) {
  letGo(event);
  seen.value = "Looking …";
  seen.value = await lookAgain();
}

// An empty field gives an action its own key back.
function bind(action, field) {
  const now = overview.value;
  const own = ACTIONS.find((one) => one.name === action.name).key;
  const key = field.value.toLowerCase() || own;
  const others = [...actionKeys(now.settings).filter((one) => one.name !== action.name), ...now.classes];
  const taken = others.find((one) => one.key?.toLowerCase() === key);
  if (taken) {
    problem.value = `The key “${showKey(key)}” is bound to “${taken.words ?? taken.name}” already. Choose another one.`;
    field.value = action.key.length === 1 && action.key !== " " ? action.key : "";
    return;
  }
  const actions = { ...now.settings.actions, [action.name]: key };
  if (key === own) delete actions[action.name];
  set({ actions });
}

async function invite(event) {
  event.preventDefault();
  const form = event.target;
  link.value = await send("/api/people", { name: form.elements.name.value.trim() });
  if (link.value) form.reset();
}
