// A line by what it is: a heading, an item of a list, a row of a table, code. Its text stays as it was indexed.

import { el } from "../shell/dom.js";
import { length } from "../shell/offsets.js";

const BAR = / ?(?<!\\)\|/g; // between the cells of a row
const MOST_BARS = 64;
const OWN_BULLET = /^\s*(?:[*+•▪◦‣●■–-]|\(?\w{1,3}[.)])\s/;
const isRow = ({ kind }) => kind === "row" || kind === "head";

/** The class of a line. */
export function classOf({ kind, level, text }) {
  if (!kind) return "line";
  const more = kind === "heading" ? ` level-${Math.min(4, level ?? 4)}` : kind === "item" && !OWN_BULLET.test(text) ? " bullet" : "";
  return `line kind-${kind}${more}`;
}

/** What a line's text is for a screen reader. */
export const roleOf = ({ kind, level }) => (kind === "heading" ? { role: "heading", "aria-level": Math.min(6, 2 + (level ?? 4)) } : {});

/** The bars between a row's cells, as spans at which the line can be cut. */
export function bars(line) {
  const found = [];
  if (!isRow(line)) return found;
  let [from, at] = [0, line.char_start];
  for (const match of line.text.matchAll(BAR)) {
    const start = at + length(line.text.slice(from, match.index));
    [from, at] = [match.index + match[0].length, start + match[0].length];
    found.push({ start, end: at, bar: true });
    if (found.length === MOST_BARS) break;
  }
  return found;
}

/** Put the pieces of a line, {node, bar}, into its element: those of a row as cells, the bars at their ends unseen. */
export function fill(box, line, pieces) {
  if (!isRow(line)) return box.append(...pieces.map((piece) => piece.node));
  const cells = [el("span", { class: "cell" })];
  for (const { node, bar } of pieces) {
    cells.at(-1).append(bar ? el("span", { class: "cell-bar" }, node) : node);
    // A bar before the first cell opens the row, as in Markdown.
    if (bar && (cells.length > 1 || pieces[0].node !== node)) cells.push(el("span", { class: "cell" }));
  }
  if (cells.length > 1 && !cells.at(-1).textContent.trim()) cells.at(-2).append(...cells.pop().childNodes);
  box.style.gridTemplateColumns = `repeat(${cells.length}, minmax(0, 1fr))`;
  box.append(...cells);
}
