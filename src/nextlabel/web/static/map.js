// All pictures or texts in two dimensions, on a canvas of our own; a lasso chooses.
import { get, post } from "./api.js";
import { openAsGrid } from "./grid.js";
import { html } from "./html.js";
import { catchUp } from "./labelling.js";
import { miniature } from "./parts.js";
import { className, notice, ofTexts, overview, problem, thing } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

// The report's palette: it keeps apart under the usual kinds of colour blindness, as far as seven can.
const LIGHT = ["#0072b2", "#d55e00", "#008f68", "#b8558f", "#b87a00", "#2f93cc", "#6b4fb3"];
const DARK = ["#4ea8de", "#ff8a4c", "#2fc496", "#e08bbb", "#e8b23a", "#9bd3f5", "#a894ea"];
const EDGE = 24; // pixels around the points
const FORMS = 3; // square, disc, diamond: colours alone tell seven classes apart
const STATES = { labelled: "labelled", queued: "comes next", disputed: "two people disagree" };

const columns = signal(undefined); // null while it is computed
const colourBy = signal("class_id");
const chosen = signal([]); // places in the columns
const under = signal(null); // {place, x, y, text} of the point below the pointer
let canvas = null;
let line = null; // the lasso while it is drawn

export async function loadMap() {
  chosen.value = [];
  try {
    columns.value = await get("/api/map");
    if (columns.value === null) setTimeout(() => location.hash === "#map" && loadMap(), 2000);
  } catch (error) {
    problem.value = error.message;
  }
}

const watcher = new ResizeObserver(() => draw());
const keepCanvas = (element) => {
  if (canvas) watcher.unobserve(canvas);
  canvas = element;
  if (canvas) watcher.observe(canvas);
};

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const at = (place) => [
  EDGE + columns.value.x[place] * (canvas.clientWidth - 2 * EDGE),
  EDGE + columns.value.y[place] * (canvas.clientHeight - 2 * EDGE),
];
const palette = () => (style("--dark") === "1" ? DARK : LIGHT);

// Which colour and form a point has, as one number; null for the faint ones.
function looksOf(place) {
  const { state } = columns.value;
  if (state[place] === "audit") return null;
  const found = colourBy.value === "state" ? Object.keys(STATES).indexOf(state[place])
    : overview.value.classes.findIndex((one) => one.id === columns.value[colourBy.value][place]);
  return found < 0 ? null : found;
}

const formOf = (look) => Math.floor(look / LIGHT.length) % FORMS;

function drawPoint(pen, [x, y], size, form) {
  const half = size / 2;
  pen.beginPath();
  if (form === 0) pen.rect(x - half, y - half, size, size);
  else if (form === 1) pen.arc(x, y, half * 1.15, 0, 2 * Math.PI);
  else [[0, -1], [1, 0], [0, 1], [-1, 0]].forEach(([dx, dy]) => pen.lineTo(x + dx * half * 1.45, y + dy * half * 1.45));
  pen.fill();
}

export function draw() {
  if (!canvas || !columns.value) return;
  const scale = devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * scale;
  canvas.height = canvas.clientHeight * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const [colours, faint, ink] = [palette(), style("--faint"), style("--ink")];
  const inside = new Set(chosen.value);
  const room = Math.max(1, Math.min(2, canvas.clientWidth / 1200)); // larger points on a larger screen
  const size = room * (columns.value.ids.length > 5000 ? 3 : 7);
  const looks = columns.value.ids.map((_, place) => [place, looksOf(place)]);
  // What has a colour lies above what has none.
  looks.sort(([, one], [, other]) => (one !== null) - (other !== null));
  looks.forEach(([place, look]) => {
    const [x, y] = at(place);
    pen.fillStyle = look === null ? faint : colours[look % colours.length];
    drawPoint(pen, [x, y], size, look === null ? 0 : formOf(look));
    if (columns.value.state[place] === "queued" || inside.has(place)) {
      pen.strokeStyle = ink;
      pen.strokeRect(x - size / 2 - 1.5, y - size / 2 - 1.5, size + 3, size + 3);
    }
  });
  if (!line) return;
  pen.strokeStyle = style("--accent");
  pen.lineWidth = 1.5;
  pen.beginPath();
  line.forEach(([x, y], step) => (step ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  pen.stroke();
}

// A point is inside where a ray from it crosses the line an odd number of times.
function isInside([x, y], polygon) {
  let inside = false;
  polygon.forEach(([x1, y1], step) => {
    const [x2, y2] = polygon.at(step - 1);
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}

const selectable = (place) => columns.value.state[place] !== "audit";
const places = () => columns.value.ids.map((_, place) => place).filter(selectable);
const pointer = (event) => [event.offsetX, event.offsetY];

function down(event) {
  canvas.setPointerCapture(event.pointerId);
  line = [pointer(event)];
  under.value = null;
}

function move(event) {
  const [x, y] = pointer(event);
  if (line) return line.push([x, y]), draw();
  let best = 12; // pixels: how near the pointer must be
  let found = null;
  columns.value.ids.forEach((_, place) => {
    const [px, py] = at(place);
    const far = Math.hypot(px - x, py - y);
    if (far < best) [best, found] = [far, place];
  });
  if (found !== under.value?.place) point(found === null ? null : { place: found, x, y });
}

// A text is fetched when the pointer comes to its point; a picture is there already.
async function point(at) {
  under.value = at;
  if (!at || !ofTexts()) return;
  const { text } = await get(`/api/samples/${columns.value.ids[at.place]}/neighbours`).catch(() => ({ text: "" }));
  if (under.value === at) under.value = { ...at, text };
}

function up() {
  if (line?.length > 3) choose(places().filter((place) => isInside(at(place), line)));
  line = null;
  draw();
}

function choose(some) {
  chosen.value = some;
  notice.value = `${some.length} ${thing()}s chosen.`;
}

const chosenSamples = () => chosen.value.map((place) => columns.value.ids[place]);

async function askNext() {
  try {
    const { queued } = await post("/api/lasso", { samples: chosenSamples() });
    await catchUp();
    notice.value = `${queued} come next.`;
    location.hash = "#label";
  } catch (error) {
    problem.value = error.message;
  }
}

export function mapPage() {
  const now = columns.value;
  chosen.value, colourBy.value; // read, so that a change of theirs draws anew
  queueMicrotask(draw);
  return html`<main class="page wide map" id="main"><h1>Map</h1>
    ${now === undefined ? html`<p class="muted" role="status">Looking …</p>`
      : now === null ? html`<div class="empty" role="status"><p>The map is being computed: similar ${thing()}s will lie close
          together. It appears here by itself; go on labelling meanwhile.</p><p><a href="#label">Label</a></p></div>`
      : !now.ids.length ? html`<div class="empty"><p>No ${thing()} is on the map yet.</p><p><a href="#label">Label</a></p></div>` : theMap(now)}
  </main>`;
}

function theMap(now) {
  const count = chosen.value.length;
  return html`<div class="bar">
      <label>Colour by <select value=${colourBy.value} onChange=${(event) => (colourBy.value = event.target.value)}>
        <option value="class_id">label</option><option value="predicted">the machine's answer</option>
        <option value="state">what is known</option></select></label>
      <label>Choose <select value="" onChange=${chooseByClass}><option value="">with the lasso, or …</option>
        <option value="null">all without a label</option>
        ${overview.value.classes.map((one) => html`<option value=${one.id}>${one.name}</option>`)}</select></label>
      <button class="primary" disabled=${!count} onClick=${askNext}>${count ? `Ask about these ${count.toLocaleString("en")} next` : "Draw around some points"}</button>
      <button disabled=${!count} onClick=${() => openAsGrid(chosenSamples())}>Open as a grid</button>
    </div>
    <div class="plane"><canvas ref=${keepCanvas} role="img" aria-label=${`Map of ${now.ids.length} ${thing()}s; similar ones are close together`}
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up} onPointerLeave=${() => point(null)}></canvas>
      ${under.value && tip(now)}</div>
    ${legend()}`;
}

function legend() {
  const names = colourBy.value === "state" ? Object.values(STATES) : overview.value.classes.map((one) => one.name);
  return html`<ul class="legend">${names.map((name, look) => html`<li><i data-colour=${look % LIGHT.length} data-form=${formOf(look)}></i>
      <span dir="auto">${name}</span></li>`)}
    <li><i></i>${colourBy.value === "state" ? "nothing" : colourBy.value === "predicted" ? "no answer" : "no label"}, or for checking the machine</li></ul>`;
}

function chooseByClass(event) {
  const id = event.target.value === "null" ? null : Number(event.target.value);
  const column = columns.value[id !== null && colourBy.value === "predicted" ? "predicted" : "class_id"];
  if (event.target.value === "") return;
  choose(places().filter((place) => column[place] === id));
}

function tip(now) {
  const { place, x, y } = under.value;
  const left = x > canvas.clientWidth / 2 ? x - 176 : x + 16;
  const top = y > canvas.clientHeight / 2 ? y - 176 : y + 16;
  const one = { sample: now.ids[place], text: ofTexts() ? (under.value.text ?? "") : null };
  return html`<figure class="tip" style=${{ left: `${left}px`, top: `${top}px` }}>${miniature(one, 320)}
    <figcaption dir="auto">${className(now.class_id[place]) || "no label"}</figcaption></figure>`;
}
