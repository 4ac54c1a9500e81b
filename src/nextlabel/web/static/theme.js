// Light and dark: the system's choice, unless this person chose. Kept in this browser.
import { signal } from "./vendor/signals-core/signals-core.js";

const KEY = "nextlabel theme";
const read = () => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden
  }
};

export const theme = signal(["light", "dark"].includes(read()) ? read() : "system");

export function setTheme(name) {
  theme.value = name;
  document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // it holds until the page is closed
  }
}

document.documentElement.dataset.theme = theme.value;

export function switchTheme() {
  const dark = theme.value === "dark" || (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  setTheme(dark ? "light" : "dark");
}
