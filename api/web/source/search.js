// Finds words in a file, whatever their case and accents.

import { send } from "../shell/requests.js";

const PART = 2000; // lines that the server returns in one answer
const MOST_PARTS = 50;
export const MOST_FOUND = 1000;

let kept = null; // {key, lines} of the file that was searched last

/** All lines of a document, or its first 100,000. */
export async function whole({ id, count }) {
  const key = `${id} ${count}`;
  if (kept?.key === key) return kept.lines;
  const lines = [];
  for (let from = 1; from <= Math.min(count, PART * MOST_PARTS); from += PART) {
    const response = await send(`/v1/documents/${encodeURIComponent(id)}/lines?start=${from}&end=${Math.min(count, from + PART - 1)}`);
    if (!response.ok) throw new Error(response.status);
    lines.push(...(await response.json()).lines);
  }
  kept = { key, lines };
  return lines;
}

/** Where the words stand, in order, at most 1,000 times: {n: line, start, end, found: true}, in the file's code points. */
export function occurrences(lines, words) {
  const wanted = fold(Array.from(words.trim())).text;
  const found = [];
  if (!wanted) return found;
  for (const line of lines) {
    const { text, places } = fold(Array.from(line.text));
    for (let i = text.indexOf(wanted); i >= 0 && found.length < MOST_FOUND; i = text.indexOf(wanted, i + wanted.length)) {
      const start = line.char_start + places[i];
      found.push({ n: line.n, start, end: line.char_start + places[i + wanted.length - 1] + 1, found: true });
    }
    if (found.length === MOST_FOUND) break;
  }
  return found;
}

/** A text without case and accents, and the code point that each of its characters comes from. */
function fold(points) {
  const places = [];
  let text = "";
  points.forEach((point, place) => {
    const plain = point.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    for (let i = 0; i < plain.length; i += 1) places.push(place);
    text += plain;
  });
  return { text, places };
}
