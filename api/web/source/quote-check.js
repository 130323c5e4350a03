// The check that the browser makes for itself: the quote against the lines that it fetched. It believes no badge.

import { find, holds, length } from "../shell/offsets.js";

/**
 * What a citation is worth, given {lines, sha256} of its file as it is indexed now: {result, marks, target}.
 * `result.kind`: ok, changed (file changed, quote still in place), moved, stale (gone from a changed file) or bad
 * (an unchanged file that never held it). Only characters that were found equal are ever marked.
 */
export function check(citation, { lines, sha256, route }, siblings = []) {
  const target = (first, last) => ({ first, last });
  if (!citation) return { result: null, marks: softly(siblings, null, lines, sha256), target: target(route.first, route.last) };
  const { quote, char_start: start, char_end: end, line_start: first, line_end: last } = citation;
  const same = citation.file_sha256 === sha256;
  const others = softly(siblings, citation, lines, sha256);
  const cited = lines.filter((line) => line.n >= first && line.n <= last);
  if (holds(cited, quote, start, end)) {
    const marks = [...others, { start, end, own: true }, ...answering(citation, lines)];
    return { result: { kind: same ? "ok" : "changed" }, marks, target: target(first, last) };
  }
  const now = same ? null : find(lines, quote);
  if (now) {
    const result = { kind: "moved", at: { line_start: now.first, line_end: now.last } };
    return { result, marks: [...others, { start: now.start, end: now.end, own: true }], target: target(now.first, now.last) };
  }
  // The lines are shown, since that is where the answer pointed, but nothing in them is marked.
  return { result: { kind: same ? "bad" : "stale" }, marks: others, target: target(first, last) };
}

/** The words of the quote that answer the question, where the lines hold exactly them. */
function answering({ answer_span: span, char_start: first, char_end: last }, lines) {
  if (!span || span.char_start < first || span.char_end > last) return [];
  const inside = lines.filter((line) => line.char_start <= span.char_end && line.char_start + length(line.text) >= span.char_start);
  return holds(inside, span.text, span.char_start, span.char_end) ? [{ start: span.char_start, end: span.char_end, answer: true }] : [];
}

/** The answer's other citations in the same version of this file, where they hold. */
function softly(siblings, citation, lines, sha256) {
  return siblings
    .filter((c) => c !== citation && c.file_sha256 === sha256 && holds(
      lines.filter((line) => line.n >= c.line_start && line.n <= c.line_end), c.quote, c.char_start, c.char_end))
    .map((c) => ({ start: c.char_start, end: c.char_end, own: false })); // prettier-ignore
}
