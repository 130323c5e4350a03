// The address of a line: #/d/{document}?L=8-9, or ?p=12&L=8 for line 8 of page 12. `c`, the citation's characters, is only a key to find the citation
// again in the history after a reload; without it the lines themselves are what is shown.

/** {document, first, last, chars} of an address, or null. */
export function parse(hash) {
  const match = /^#\/d\/([^?]+)\?(.*)$/.exec(hash);
  if (!match) return null;
  const query = new URLSearchParams(match[2]);
  const lines = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(query.get("L") ?? "");
  const chars = /^(\d{1,12})-(\d{1,12})$/.exec(query.get("c") ?? "");
  let document;
  try {
    document = decodeURIComponent(match[1]);
  } catch {
    return null;
  }
  const first = lines ? Math.max(1, Number(lines[1])) : 1;
  const last = lines?.[2] ? Math.max(first, Number(lines[2])) : first;
  const page = /^\d{1,6}$/.test(query.get("p") ?? "") ? Number(query.get("p")) : null;
  return { document, first, last, ...(page && { page }), whole: !lines, chars: chars ? [Number(chars[1]), Number(chars[2])] : null };
}

/** The address of lines of a document. */
export function format(document, first, last = first, chars = null) {
  const lines = first === last ? `${first}` : `${first}-${last}`;
  return `#/d/${encodeURIComponent(document)}?L=${lines}${chars ? `&c=${chars[0]}-${chars[1]}` : ""}`;
}

export const ofCitation = (c) => format(c.document_id, c.line_start, c.line_end, [c.char_start, c.char_end]);
