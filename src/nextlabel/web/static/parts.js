// Small pieces that several pages show.
import { html } from "./html.js";
import { address } from "./pictures.js";

// A text in full, which scrolls where it is long; each of its lines has a direction of its own.
export const fullText = (text, id, kind = "") => html`<div class=${`text ${kind}`} key=${id} tabindex="0" role="group"
  aria-label="The text"><div class="lines" dir="auto">${text}</div></div>`;

// A picture or the beginning of a text, small.
export const miniature = (one, side) => one.text != null
  ? html`<span class="snippet" dir="auto">${one.text.slice(0, 300)}</span>`
  : html`<img src=${address(one.sample, side)} alt="" loading="lazy" />`;

// "beach/left.jpg" as its folder, quietly, and its name.
export function fileName(path) {
  const cut = path.lastIndexOf("/") + 1;
  return html`<bdi><span class="muted">${path.slice(0, cut)}</span>${path.slice(cut)}</bdi>`;
}

export const percent = (p) => `${Math.round(100 * p)} %`;
