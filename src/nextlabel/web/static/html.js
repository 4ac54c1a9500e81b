// Markup in JavaScript without a build step: htm over preact.
import htm from "./vendor/htm/htm.js";
import { h } from "./vendor/preact/preact.js";

export const html = htm.bind(h);
