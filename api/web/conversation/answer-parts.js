// An answer's text taken apart: sentences, each with the citations that support it, and what nothing supports.
// No element is made here.

import { slice } from "../shell/offsets.js";

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * The parts of an answer in reading order: {text, citations, start, supported, reason}. Markers are taken out; a
 * text that merely looks like one stays, since only files that the answer knows are looked for.
 */
export function parts(answer, { streaming = false } = {}) {
  const { text, citations = [], passages = [], sentences = [] } = answer;
  const files = [...new Set([...citations, ...passages].map((c) => c.file))];
  const points = Array.from(text);
  const found = [];
  let at = lead(answer);
  for (const span of spans(citations, sentences)) {
    loose(found, points.slice(at, span.start).join(""), at, files, false);
    const sentence = slice(text, span.start, span.end);
    if (sentence.trim()) found.push({ ...span, text: sentence });
    at = span.end;
  }
  loose(found, points.slice(at).join(""), at, files, streaming);
  return found;
}

/**
 * The length of what an unsure answer says before its sentences ("The articles don't clearly answer this …"): the page
 * has a headline for it.
 */
export const lead = ({ status, mode, citations = [] }) =>
  status === "unsure" && mode !== "generative" && citations.length ? Math.min(...citations.map((c) => c.answer_start)) : 0;

/** Spans of the text that somebody said something about, without overlaps. */
function spans(citations, sentences) {
  const groups = new Map();
  for (const c of citations) {
    const key = `${c.answer_start}-${c.answer_end}`;
    if (!groups.has(key)) {
      groups.set(key, { start: c.answer_start, end: c.answer_end, citations: [], supported: true, reason: null });
    }
    const group = groups.get(key);
    group.citations.push(c);
    if (c.supported === false) Object.assign(group, { supported: false, reason: c.reason ?? null });
  }
  // An unsupported sentence of a written answer may have no citation.
  for (const s of Array.isArray(sentences) ? sentences : []) {
    const [start, end] = [s.answer_start ?? s.start, s.answer_end ?? s.end];
    if (s.supported !== false || !Number.isInteger(start) || !Number.isInteger(end)) continue;
    const same = [...groups.values()].find((group) => group.start < end && group.end > start);
    if (same) Object.assign(same, { supported: false, reason: s.reason ?? null });
    else groups.set(`${start}-${end}`, { start, end, citations: [], supported: false, reason: s.reason ?? null });
  }
  let end = 0;
  return [...groups.values()]
    .sort((a, b) => a.start - b.start)
    .filter((group) => {
      const fits = group.start >= end && group.end > group.start;
      if (fits) end = group.end;
      return fits;
    });
}

/** Text between the spans: markers go, and at the end of a stream also the beginning of one. */
function loose(found, text, start, files, streaming) {
  let rest = text;
  if (files.length) rest = rest.replace(new RegExp(`\\s*\\[(?:${files.map(escape).join("|")}):[\\d:-]+\\]`, "g"), "");
  if (streaming) {
    const open = rest.lastIndexOf("[");
    if (open >= 0 && files.some((file) => `[${file}:`.startsWith(rest.slice(open)) || rest.startsWith(`[${file}:`, open))) {
      rest = rest.slice(0, open);
    }
  }
  if (rest.trim()) found.push({ text: rest.trim(), start, citations: [], supported: streaming ? null : false, reason: null });
}

/** What was retrieved and not cited. */
export const retrieved = (passages = []) => passages.filter((passage) => !passage.cited);
