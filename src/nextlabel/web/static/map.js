// All pictures in two dimensions, on a canvas of our own; a lasso chooses.
import { get, post } from "./api.js";
import { html } from "./html.js";
import { address } from "./pictures.js";
import { className, notice, overview, problem } from "./state.js";
import { signal } from "./vendor/signals-core/signals-core.js";

// The report's palette: it keeps apart under the usual kinds of colour blindness, as far as seven can.
const LIGHT = ["#0072b2", "#d55e00", "#008f68", "#b8558f", "#b87a00", "#2f93cc", "#6b4fb3"];
const DARK = ["#4ea8de", "#ff8a4c", "#2fc496", "#e08bbb", "#e8b23a", "#9bd3f5", "#a894ea"];
const EDGE = 24; // pixels around the points

const columns = signal(undefined); // null while it is computed
const colourBy = signal("class_id");
const chosen = signal([]); // places in the columns
const under = signal(null); // {place, x, y} of the point below the pointer
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

function colourOf(place, colours, faint) {
  const { state } = columns.value;
  const id = columns.value[colourBy.value][place];
  if (state[place] === "audit" || id === null) return faint;
  return colours[overview.value.classes.findIndex((one) => one.id === id) % colours.length] ?? faint;
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
  const size = columns.value.ids.length > 5000 ? 3 : 7;
  const looks = columns.value.ids.map((_, place) => [place, colourOf(place, colours, faint)]);
  // What has a colour lies above what has none.
  looks.sort(([, one], [, other]) => (one !== faint) - (other !== faint));
  looks.forEach(([place, colour]) => {
    const [x, y] = at(place);
    pen.fillStyle = colour;
    pen.fillRect(x - size / 2, y - size / 2, size, size);
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
export function isInside([x, y], polygon) {
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
  if (found !== under.value?.place) under.value = found === null ? null : { place: found, x, y };
}

function up() {
  if (line?.length > 3) choose(places().filter((place) => isInside(at(place), line)));
  line = null;
  draw();
}

function choose(some) {
  chosen.value = some;
  notice.value = `${some.length} pictures chosen.`;
}

async function askNext() {
  try {
    const { queued } = await post("/api/lasso", { samples: chosen.value.map((place) => columns.value.ids[place]) });
    notice.value = `${queued} come next.`;
    location.hash = "#label";
  } catch (error) {
    problem.value = error.message;
  }
}

export function mapPage() {
  const now = columns.value;
  chosen.value, colourBy.value;
  queueMicrotask(draw);
  return html`<main class="page map" id="main"><h1>Map</h1>
    ${now === undefined || now === null ? html`<div class="empty" role="status"><p>The map is being computed. It appears here by itself.</p></div>`
      : !now.ids.length ? html`<div class="empty"><p>No picture is on the map yet. <a href="#label">Label</a></p></div>` : theMap(now)}
  </main>`;
}

function theMap(now) {
  const free = chosen.value.length;
  return html`<div class="bar">
      <label>Colour by <select value=${colourBy.value} onChange=${(event) => (colourBy.value = event.target.value)}>
        <option value="class_id">label</option><option value="predicted">the machine's answer</option></select></label>
      <label>Choose <select value="" onChange=${chooseByClass}><option value="">with the lasso, or …</option>
        <option value="null">all without a label</option>
        ${overview.value.classes.map((one) => html`<option value=${one.id}>${one.name}</option>`)}</select></label>
      <button class="primary" disabled=${!free} onClick=${askNext}>${free ? `Ask about these ${free} next` : "Draw around some points"}</button>
    </div>
    <div class="plane"><canvas ref=${keepCanvas} role="img" aria-label=${`Map of ${now.ids.length} pictures; similar ones are close together`}
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up} onPointerLeave=${() => (under.value = null)}></canvas>
      ${under.value && tip(now)}</div>
    <ul class="legend">${overview.value.classes.map((one, place) => html`<li><i data-colour=${place % LIGHT.length}></i><span dir="auto">${one.name}</span></li>`)}
      <li><i data-colour="none"></i>no label, or for checking the machine</li></ul>`;
}

function chooseByClass(event) {
  const id = event.target.value === "null" ? null : Number(event.target.value);
  const column = columns.value[id === null ? "class_id" : colourBy.value];
  if (event.target.value !== "") choose(places().filter((place) => column[place] === id));
}

function tip(now) {
  const { place, x, y } = under.value;
  const left = x > canvas.clientWidth / 2 ? x - 176 : x + 16;
  const top = y > canvas.clientHeight / 2 ? y - 176 : y + 16;
  return html`<figure class="tip" style=${{ left: `${left}px`, top: `${top}px` }}><img src=${address(now.ids[place], 160)} alt="" />
    <figcaption>${className(now.class_id[place]) || "no label"}</figcaption></figure>`;
}
