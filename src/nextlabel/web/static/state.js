// What the page knows, as signals: whoever reads one while drawing is drawn again when it changes.
import { signal } from "./vendor/signals-core/signals-core.js";

export const page = signal("label");
export const overview = signal(null); // as /api/overview gives it
export const queue = signal([]); // the next questions, the first of them on the screen
export const asked = signal(false); // has the first answer to "what is next?" come?
export const recent = signal([]); // one's own last answers, latest first
export const why = signal(null); // why the last question was asked
export const dialog = signal(null); // which overlay is open, {name, …}
export const problem = signal(""); // a sentence, until it is closed
export const hushed = signal(""); // the trouble that was closed
export const notice = signal(""); // a sentence for screen readers

export const className = (id) => overview.value?.classes.find((one) => one.id === id)?.name ?? "";
export const ofTexts = () => overview.value?.kind === "text";
export const thing = () => (ofTexts() ? "text" : "picture");
