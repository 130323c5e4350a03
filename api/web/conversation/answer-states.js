// What an answer shows besides its sentences: state, differing values, questions to ask.

import { el, foreign } from "../shell/dom.js";
import { length, slice } from "../shell/offsets.js";
import { lines, t } from "../words/language.js";
import { ofCitation } from "../source/address.js";

const SUGGESTED = 3; // questions offered at most

/** What stands above the sentences: nothing for an answer, or how far the articles go. */
export function heading(answer) {
  if (answer?.status === "unsure") return el("p", { class: "unsure" }, t("unsure"));
  // The suggested questions stand in the text behind a blank line; here they are buttons.
  if (answer?.status === "none_asked") return foreign("p", { class: "reply" }, answer.text.split("\n\n")[0]);
  if (answer?.status !== "no_evidence") return null;
  return el("div", { class: "none" }, el("p", { class: "none-title" }, t("none")), el("p", { class: "none-text" }, t("noneText")));
}

/** The values that sources give, side by side with who gives them; or how many sources agree. `link(citation, …)`. */
export function comparison({ citations = [], differing, agreeing }, link) {
  const values = (Array.isArray(differing) ? differing : [])
    .map(({ value, citations: numbers }) => ({ value, from: citations.filter((c) => numbers.includes(c.n)) }))
    .filter(({ from }) => from.length);
  if (values.length > 1) {
    const columns = values.map(({ value, from }) =>
      el("li", {}, foreign("p", { class: "value" }, value),
        el("ul", { role: "list" }, from.map((c) => el("li", {}, link(ofCitation(c),
          el("span", { class: "row-n" }, String(c.n)), foreign("span", { class: "file" }, c.file), el("span", { class: "where" }, lines(c))))))),
    ); // prettier-ignore
    return el("div", { class: "differing", role: "group", "aria-label": t("differing") }, el("h3", {}, t("differing")),
      el("ul", { class: "values", role: "list" }, columns)); // prettier-ignore
  }
  return agreeing > 1 ? el("p", { class: "agreeing" }, t("agreeing", { n: agreeing })) : null;
}

/** Questions that the articles do answer, as buttons that ask them. */
export function suggestions({ suggestions: offered }, ask) {
  const questions = (Array.isArray(offered) ? offered : []).slice(0, SUGGESTED);
  if (!questions.length) return null;
  const rows = questions.map((question) =>
    el("li", {}, el("button", { type: "button", class: "suggestion", on: { click: () => ask(question) } }, foreign("span", {}, question))),
  ); // prettier-ignore
  return el("div", { class: "suggestions", role: "group", "aria-label": t("suggestions") }, el("h3", {}, t("suggestions")),
    el("ul", { role: "list" }, rows)); // prettier-ignore
}

/**
 * A quote as children of an element, the words that answer the question in bold. The span is believed only where the
 * quote has exactly its words there; `text`, where it is shown, must be the quote itself. Of more than `most`
 * characters a part is shown that has those words in it.
 */
export function emphasised({ quote, char_start: base, answer_span: span }, text = quote, most = Infinity) {
  const count = length(text);
  let [start, end] = span && text === quote ? [span.char_start - base, span.char_end - base] : [0, 0];
  if (start < 0 || (span && slice(text, start, end) !== span.text)) [start, end] = [0, 0];
  const from = end > most ? Math.max(0, Math.min(start - Math.floor(most / 2), count - most)) : 0;
  const to = Math.max(Math.min(count, from + most), end);
  return [
    `${from ? "…" : ""}${slice(text, from, start)}`,
    end > start ? el("strong", { class: "answer-span" }, slice(text, start, end)) : "",
    `${slice(text, end, to)}${to < count ? "…" : ""}`,
  ];
}
