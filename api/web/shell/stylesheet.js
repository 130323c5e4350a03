// Adds a style sheet that the page doesn't need from the start.

import { el } from "./dom.js";

const sheets = new Map();

/** Resolves when the style sheet applies, or can't be had: then what it would style is shown without it. */
export function stylesheet(path) {
  if (!sheets.has(path)) {
    sheets.set(path, new Promise((done) => {
      document.head.append(el("link", { rel: "stylesheet", href: path, on: { load: done, error: done } }));
    })); // prettier-ignore
  }
  return sheets.get(path);
}
