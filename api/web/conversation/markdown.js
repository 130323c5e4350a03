// An answer as Markdown, to be pasted elsewhere: its citations as footnotes with file, line, quote and link.

import { parts } from "./answer-parts.js";
import { lines, t } from "../words/language.js";
import { format } from "../source/address.js";

const BIDI = /[\u202a-\u202e\u2066-\u2069]/;

/** Text that Markdown must not read as its own: an article could carry an image or a link. */
export function plain(text) {
  const one = text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>!#|~&]/g, "\\$&").replace(/^([-+]|\d+[.)])(?=\s)/, "\\$1");
  // Direction marks are kept, since a quote is verbatim, but walled off from what stands around them.
  return BIDI.test(one) ? `\u2068${one}\u2069` : one;
}

const code = (text) => `\`${text.replaceAll("`", "'")}\``;

/** The Markdown of a turn. `base` is the address of the page. */
export function markdown(turn, base) {
  const answer = turn.answer ?? turn;
  const body = parts(answer).map(({ text, citations, supported }) => {
    const notes = citations.map((c) => `[^${c.n}]`).join("");
    return plain(text) + (notes || (answer.status === "answered" && supported === false ? ` (${t("uncited")})` : ""));
  });
  const notes = (answer.citations ?? []).map((c) => {
    const link = `${base}${format(c.document_id, c.line_start, c.line_end)}`;
    return `[^${c.n}]: ${code(c.file)}, ${lines(c)}: «${plain(c.quote)}» <${link}>`;
  });
  const unsure = answer.status === "unsure" ? `*${t("unsure")}*` : "";
  const whole = answer.standalone_question;
  const understood = whole ? `*${t("understood")} ${plain(whole)}*` : "";
  return [`**${plain(turn.question)}**`, understood, unsure, body.join(" "), notes.join("\n")].filter(Boolean).join("\n\n") + "\n";
}
