// Pictures, decoded before they are needed: the element that will be shown is made, loaded and decoded beforehand.
const AHEAD = 10;
const BEHIND = 10; // kept for undo
const AT_ONCE = 3; // of a browser's six connections: answers must find one free
const STEPS = [640, 960, 1280, 1920, 2560, 3840];

const held = new Map(); // sample -> {image, ready}
const wanted = [];
let loading = 0;

export const address = (sample, side) => `/pictures/${sample}?side=${side}`;

function screenSide() {
  const most = Math.max(innerWidth, innerHeight) * Math.min(devicePixelRatio || 1, 2);
  return STEPS.find((step) => step >= most * 0.8) ?? STEPS.at(-1);
}

function start() {
  while (loading < AT_ONCE && wanted.length) {
    const { sample, image, settle } = wanted.shift();
    if (held.get(sample)?.image !== image) {
      settle(); // dropped while it waited
      continue;
    }
    loading++;
    image.src = address(sample, screenSide());
    image
      .decode()
      .catch(() => {}) // the element shows what there is; its alt text says the rest
      .then(() => {
        loading--;
        image.toggleAttribute("data-small", image.naturalWidth > 0 && image.naturalWidth < 100);
        settle();
        start();
      });
  }
}

export function pictureOf(sample, urgent = true) {
  const known = held.get(sample);
  if (known) {
    const place = urgent ? wanted.findIndex((one) => one.sample === sample) : -1;
    if (place > 0) wanted.unshift(...wanted.splice(place, 1));
    return known;
  }
  const image = new Image();
  image.alt = "The picture to label";
  image.draggable = false;
  image.decoding = "sync"; // it is decoded already: paint it in the same frame as what stands around it
  const entry = { image };
  entry.ready = new Promise((settle) => wanted[urgent ? "unshift" : "push"]({ sample, image, settle }));
  held.set(sample, entry);
  start();
  return entry;
}

export function lookAhead(questions) {
  const next = questions.filter((one) => one.text === null).slice(0, AHEAD).map((one) => one.sample);
  next.forEach((sample, place) => pictureOf(sample, place === 0));
  const old = [...held.keys()].filter((sample) => !next.includes(sample));
  for (const sample of old.slice(0, Math.max(0, old.length - BEHIND))) held.delete(sample);
}
