// Which key does what. A binding is data: one printable character or a named key, never code, never markup.

// `pictures`: of no use for texts.
export const ACTIONS = [
  { name: "undo", key: "Backspace", words: "Undo" },
  { name: "skip", key: " ", words: "Not sure: ask again later" },
  { name: "discard", key: "x", words: "Bad one: never ask again" },
  { name: "repeat", key: ".", words: "The same answer as before" },
  { name: "note", key: "n", words: "Write a note" },
  { name: "find", key: "/", words: "Find or add a class" },
  { name: "before", key: "ArrowLeft", words: "Look at the one before it in the folder" },
  { name: "after", key: "ArrowRight", words: "Look at the one after it in the folder" },
  { name: "names", key: "i", words: "Show the file's name and folder" },
  { name: "zoom", key: "z", words: "Zoom", pictures: true },
  { name: "turn", key: "r", words: "Turn the picture, for the eye only", pictures: true },
  { name: "contrast", key: "b", words: "More contrast, for the eye only", pictures: true },
  { name: "help", key: "?", words: "All keys" },
];

const ORDER = "1234567890acdefghjklmopqstuvwy";

const SIGNS = { " ": "Space", Backspace: "⌫", ArrowLeft: "←", ArrowRight: "→" };
export const showKey = (key) => SIGNS[key] ?? key;

export function actionKeys(settings) {
  const bound = settings?.actions ?? {};
  return ACTIONS.map((action) => {
    const own = bound[action.name];
    return typeof own === "string" && [...own].length === 1 ? { ...action, key: own } : action;
  });
}

// Each class with the key that answers with it: its own, or else the next that is free.
export function withKeys(classes, settings) {
  const taken = new Set([...actionKeys(settings).map((one) => one.key), ...classes.map((one) => one.key)]);
  const free = [...ORDER].filter((key) => !taken.has(key));
  return classes.map((one) => ({ ...one, key: one.key ?? free.shift() ?? null }));
}

export const isTyping = (target) =>
  target instanceof Element && (target.closest("input, textarea, select") || target.isContentEditable);
const isElsewhere = (target) => isTyping(target) || (target instanceof Element && target.closest("dialog"));

// Calls `press` with each key that is meant for the page: nobody is typing, and no shortcut of the browser's is held.
export function listen(press) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isElsewhere(event.target)) return;
    // A button or link that was reached with Tab does what its owner says: Enter and Space are its own.
    const onControl = event.target instanceof Element && event.target.closest("button, a, summary");
    if (onControl && (event.key === "Enter" || event.key === " ")) return;
    const key = event.key.length === 1 && event.key !== " " ? event.key.toLowerCase() : event.key;
    if (press(key, event.repeat)) event.preventDefault();
  });
}

// After a click with the mouse a button would keep the focus, and take the next Space for itself.
export function letGo(event) {
  if (event.detail > 0) event.currentTarget.blur();
}
