// Classes and keys, how the machine chooses, who else labels, light or dark.
import { get, post } from "./api.js";
import { html } from "./html.js";
import { actionKeys, showKey } from "./keys.js";
import { overview, problem } from "./state.js";
import { theme, setTheme } from "./theme.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const link = signal(null);

async function send(path, body) {
  try {
    const reply = await post(path, body);
    overview.value = await get("/api/overview");
    problem.value = "";
    return reply;
  } catch (error) {
    problem.value = error.message;
    overview.value = { ...overview.value }; // fields show again what holds
    return null;
  }
}

const set = (changes) => send("/api/settings", changes);

export function settingsPage() {
  const now = overview.value;
  return html`<main class="page settings" id="main"><h1>Settings</h1>
    <section><h2>Classes</h2>
      ${now.classes.length > 0 && html`<div class="rows">${now.classes.map((one) => classRow(one, now.classes))}</div>`}
      <form class="bar" onSubmit=${addClass}><label>New class <input name="name" maxlength="300" required autocomplete="off" dir="auto" /></label>
        <button class="primary" type="submit">Add</button></form></section>
    <section><h2>Asking</h2><div class="bar">
      ${number("Pictures in a batch", now.settings.batch, 1, 1000, 1, (batch) => set({ batch }))}
      ${number("Share of audit questions", now.settings.audit_share, 0, 0.4, 0.05, (audit_share) => set({ audit_share }))}
      ${number("Goal, in labels", now.settings.goal, 1, 1e7, 1, (goal) => set({ goal }))}
      <label class="check"><input type="checkbox" checked=${now.settings.show_names}
        onChange=${(event) => set({ show_names: event.target.checked })} /> Show file names</label></div>
      <p class="muted">Chosen by ${now.settings.strategy}. A change counts from the next batch on.</p></section>
    <section><h2>Keys</h2><div class="rows">${actionKeys(now.settings).map((one) => html`<label class="row" key=${one.name}>
      <input class="key" value=${one.key.length === 1 && one.key !== " " ? one.key : ""} placeholder=${showKey(one.key)} maxlength="1"
        aria-label=${`Key for: ${one.words}`} onChange=${(event) => bind(one, event.target)} /><span>${one.words}</span></label>`)}</div></section>
    <section><h2>Look</h2><div class="bar" role="group" aria-label="Theme">${["system", "light", "dark"].map((name) => html`<button
      class="tab" aria-pressed=${theme.value === name ? "true" : "false"} onClick=${() => setTheme(name)}>${name}</button>`)}</div></section>
    <section><h2>People</h2><p>${now.people.join(", ")}</p>
      <form class="bar" onSubmit=${invite}><label>Invite <input name="name" maxlength="100" required autocomplete="off" placeholder="their name" /></label>
        <button class="primary" type="submit">Make a link</button></form>
      ${link.value && html`<p>This link lets ${link.value.name} in, once: <code class="link">${link.value.link}</code></p>`}</section>
  </main>`;
}

function number(words, value, min, max, step, change) {
  const read = (event) => event.target.reportValidity() && event.target.value !== "" && change(Number(event.target.value));
  return html`<label>${words} <input type="number" value=${value ?? ""} min=${min} max=${max} step=${step} onChange=${read} /></label>`;
}

function classRow(one, all) {
  const change = (changes) => send(`/api/classes/${one.id}`, changes);
  const others = all.filter((other) => other.id !== one.id);
  return html`<div class="row" key=${one.id}>
    <input class="key" value=${one.key ?? ""} maxlength="1" aria-label=${`Key of ${one.name}`}
      onChange=${(event) => change({ key: event.target.value || null })} />
    <input value=${one.name} maxlength="300" dir="auto" aria-label=${`Name of ${one.name}`}
      onChange=${(event) => event.target.value.trim() && change({ name: event.target.value.trim() })} />
    <input value=${one.description ?? ""} maxlength="2000" placeholder="What belongs here" aria-label=${`Description of ${one.name}`}
      onChange=${(event) => change({ description: event.target.value })} />
    <select aria-label=${`Merge ${one.name} into`} value="" disabled=${!others.length} onChange=${(event) => merge(one, event.target)}>
      <option value="">merge into …</option>${others.map((other) => html`<option value=${other.id}>${other.name}</option>`)}</select>
  </div>`;
}

function merge(one, field) {
  const into = Number(field.value);
  if (field.value !== "") send(`/api/classes/${one.id}/merge`, { into });
}

async function addClass(event) {
  event.preventDefault();
  const form = event.target;
  if (await send("/api/classes", { name: form.elements.name.value.trim() })) form.reset();
}

function bind(action, field) {
  const key = field.value.toLowerCase();
  const now = overview.value;
  const taken = [...actionKeys(now.settings), ...now.classes].find((one) => one.key === key && one.name !== action.name);
  if (taken) problem.value = `The key “${key}” is bound to “${taken.words ?? taken.name}” already. Choose another one.`;
  const actions = { ...now.settings.actions };
  if (key && !taken) actions[action.name] = key;
  else if (!key) delete actions[action.name];
  if (!taken) set({ actions });
  else field.value = action.key;
}

async function invite(event) {
  event.preventDefault();
  link.value = await send("/api/people", { name: event.target.elements.name.value });
}
