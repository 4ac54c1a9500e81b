// The classes to choose from, with a field that finds one of them, or adds one.
import { classButton, classes } from "./buttons.js";
import { html } from "./html.js";
import { letGo } from "./keys.js";
import { ensureClass, plain } from "./labelling.js";
import { dialog, overview, why } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

const MOST_BUTTONS = 60; // beyond that the field finds the rest
const byTouch = matchMedia("(pointer: coarse)");
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

// So many classes that most are found by typing.
const areMany = () => overview.value.classes.filter((one) => one.key === null).length > 20;

// Each place where classes are chosen has words of its own in its field.
function makeFinder(adds) {
  const finder = { adds, typed: signal(""), steps: signal(0), field: null };
  finder.type = (words) => ((finder.typed.value = words), (finder.steps.value = 0));
  finder.keepField = (element) => {
    finder.field = element;
    if (element && adds && (overview.value.classes.length < 2 || areMany()) && !dialog.value) element.focus();
  };
  return finder;
}

const question = makeFinder(true); // what is typed may be a new class
const again = makeFinder(false);

export const focusField = () => question.field?.focus();

export const theClasses = (label) => choose(question, classes(), label, why.value?.class_id);

// For an answer that is looked at once more, in the correction and the review.
export const theClassesAgain = (some, press, last = null) => choose(again, some, (id) => press(id), last);

export const focusFieldAgain = () => again.field?.focus();
export const forgetTyped = () => again.type("");

// How well a class fits what was typed, 0 best; null where it does not. Whoever types its key means it, too.
function rank(one, text) {
  const name = plain(one.name);
  if (name === text) return 0;
  if (name.startsWith(text)) return 1;
  if (name.split(/[\s_-]+/).some((word) => word.startsWith(text))) return 2;
  if (one.key?.toLowerCase() === text) return 3;
  return name.includes(text) ? 4 : null;
}

// Which buttons there are, the best first, and the place of the one that Enter takes; after them all stands a new class.
function find({ adds, typed, steps }, all) {
  const text = plain(typed.value);
  const ranked = all.map((one) => ({ one, at: text ? rank(one, text) : 0 })).filter(({ at }) => at !== null);
  ranked.sort((a, b) => a.at - b.at);
  const shown = ranked.slice(0, MOST_BUTTONS).map(({ one }) => one);
  const isNew = adds && text !== "" && ranked[0]?.at !== 0;
  // Where nothing begins like that, few classes mean that it is a new one, and many that it is hard to find.
  const first = shown.length && (!isNew || areMany() || ranked[0].at < 4) ? 0 : shown.length;
  const aim = text ? Math.min(Math.max(first + steps.value, 0), shown.length - 1 + isNew) : -1;
  return { shown, isNew, aim, hidden: ranked.length - shown.length };
}

function choose(finder, all, press, last) {
  const { shown, isNew, aim, hidden } = find(finder, all);
  const many = areMany();
  const take = (id, how) => (finder.type(""), press(id, how));
  const add = async (how) => {
    const typed = finder.typed.value;
    const id = await ensureClass(typed);
    if (id === null) return;
    if (finder.typed.value === typed) finder.type(""); // and else somebody types the next one already
    press(id, how);
  };
  const enter = async (event) => {
    event.preventDefault();
    if (aim >= 0) await (aim < shown.length ? take(shown[aim].id, "key") : add("key"));
    if (aim >= 0 && overview.value.classes.length >= 2 && !many) finder.field?.blur();
  };
  const step = (by) => (finder.steps.value += Math.min(Math.max(aim + by, 0), shown.length - 1 + isNew) - aim);
  const field = (finder.adds || many) && theField(finder, { enter, step }, all.length);
  return html`<div class=${`classes ${many ? "many" : all.length ? "" : "none"}`}>
    ${many && field}
    ${shown.map((one, place) =>
      classButton(one, (id) => take(id, "button"), place === aim ? "aimed" : one.id === last ? "last" : ""))}
    ${isNew && all.length > 0 && newButton(finder, aim === shown.length, () => add("button"))}
    ${hidden > 0 && html`<p class="muted more">and ${hidden} more: type to find them</p>`}
    ${!many && field}
  </div>`;
}

const newButton = (finder, aimed, add) => html`<button key="new" class=${aimed ? "class aimed" : "class"}
  onClick=${(event) => (letGo(event), add())}><kbd class="enter">${aimed ? "⏎" : "+"}</kbd>
  <span>New class “<bdi>${finder.typed.value.trim()}</bdi>”</span></button>`;

// While somebody types, the list keeps its height, whatever is left in it: the picture stays where it is.
const listOf = (event) => event.target.closest(".classes");
const hold = (event) => (listOf(event).style.minHeight = `${listOf(event).offsetHeight}px`);
const release = (event) => (listOf(event).style.minHeight = "");

function theField(finder, { enter, step }, count) {
  const name = !finder.adds ? "Find a class" : count ? "Find or add a class" : "What is it?";
  const words = finder.adds && count === 1 ? "Another? Its name" : areMany() && !byTouch.matches ? `${name}; Esc for keys` : name;
  const press = (event) => {
    if (event.key === "Escape") (finder.type(""), event.target.blur());
    if (event.key in STEPS && finder.typed.value) (event.preventDefault(), step(STEPS[event.key]));
  };
  return html`<form class="find" key="find" onSubmit=${enter}>
    <input ref=${finder.keepField} value=${finder.typed.value} maxlength="300" autocomplete="off" spellcheck=${false} dir="auto"
      enterkeyhint="done" aria-label=${name} placeholder=${words} onInput=${(event) => finder.type(event.target.value)}
      onKeyDown=${press} onFocus=${hold} onBlur=${release} />
    ${!count && html`<button class="primary" type="submit">Enter</button>`}
  </form>`;
}
