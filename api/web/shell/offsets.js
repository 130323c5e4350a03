// The server counts Unicode code points; a JavaScript string counts UTF-16 units. Everything that crosses over
// does so here.

/** The code points of a string from `start` to `end`. */
export const slice = (text, start, end) => Array.from(text).slice(start, end).join("");

/** Number of code points. */
export function length(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * Cuts a line at the borders of spans. `spans` are {start, end, …} in the file's offsets; the result is the line's
 * pieces in order, each {text, spans: [those that cover it]}.
 */
export function cut(line, spans) {
  const points = Array.from(line.text);
  const end = line.char_start + points.length;
  const inside = spans.filter((span) => span.start < end && span.end > line.char_start);
  const borders = new Set([line.char_start, end]);
  for (const span of inside) {
    borders.add(Math.max(span.start, line.char_start));
    borders.add(Math.min(span.end, end));
  }
  const sorted = [...borders].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((from, i) => ({
    text: points.slice(from - line.char_start, sorted[i + 1] - line.char_start).join(""),
    spans: inside.filter((span) => span.start < sorted[i + 1] && span.end > from),
  }));
}

/**
 * Whether the lines hold exactly `quote` from code point `start` to `end`. Lines come without their ends; between
 * two of them the quote may have what fits the gap in the offsets: \n, \r or \r\n.
 */
export function holds(lines, quote, start, end) {
  const points = Array.from(quote);
  if (points.length !== end - start || !points.length || !lines.length) return false;
  if (start < lines[0].char_start) return false;
  let at = start;
  for (const line of lines) {
    const text = Array.from(line.text);
    // Only line ends may lie between the lines, at most two characters of them.
    for (; at < line.char_start && at < end; at += 1) if (!/[\r\n]/.test(points[at - start])) return false;
    for (; at < line.char_start + text.length && at < end; at += 1) {
      if (points[at - start] !== text[at - line.char_start]) return false;
    }
    if (at === end) return true;
  }
  return false;
}

/** Where a quote stands in the lines, if anywhere: {start, end, first, last}; line ends may differ. */
export function find(lines, quote) {
  const flat = (text) => text.replace(/\r\n|\r/g, "\n");
  const text = lines.map((line) => line.text).join("\n");
  const at = text.indexOf(flat(quote));
  if (at < 0 || !quote) return null;
  const lineAt = (index) => text.slice(0, index).split("\n").length - 1;
  const first = lineAt(at);
  const last = lineAt(at + flat(quote).length);
  const offset = (index, i) => lines[i].char_start + length(text.slice(text.lastIndexOf("\n", index - 1) + 1, index));
  return {
    start: offset(at, first),
    end: offset(at + flat(quote).length, last),
    first: lines[first].n,
    last: lines[last].n,
  };
}
