// A turn as elements.

import { parts, retrieved } from "./answer-parts.js";
import { comparison, emphasised, heading, suggestions } from "./answer-states.js";
import { button, el, foreign, icon } from "../shell/dom.js";
import { lines, number, t } from "../words/language.js";
import { format, ofCitation } from "../source/address.js";
import { attach } from "./citation-card.js";
import { words as within } from "./scope.js";

const SHOWN = 3; // nearest passages shown at once
const SNIPPET = 260;

/** The article of a turn. `acts`: {open(route, turn), ask(question), retry(turn), edit(turn), copy(turn, button)}. */
export function view(turn, acts) {
  const id = `turn-${turn.id}`;
  const body = el("div", { class: "body" });
  const node = el("article", { class: "turn", id, "aria-labelledby": `${id}-q`, tabindex: "-1" },
    foreign("h2", { class: "question", id: `${id}-q` }, turn.question),
    within(turn.scope) && foreign("p", { class: "hint asked-in" }, within(turn.scope)), body); // prettier-ignore
  update(node, turn, acts);
  return node;
}

/** Bring the article up to date. Sentences that stand already are left alone: focus and pointer may be on them. */
export function update(node, turn, acts) {
  const body = node.lastElementChild;
  const answer = turn.answer ?? turn;
  node.dataset.state = turn.state;
  node.dataset.status = turn.answer?.status ?? "";
  let text = body.querySelector(".sentences");
  if (!text) body.append((text = el("div", { class: "sentences" })));
  const none = turn.answer?.status === "no_evidence";
  const reply = turn.answer?.status === "none_asked";
  sentences(text, none || reply ? [] : parts(answer, { streaming: !turn.answer }), turn, acts);
  const before = [understood(answer), progress(turn), heading(turn.answer)].filter(Boolean);
  const after = [turn.answer && comparison(answer, (route, ...children) => link(route, turn, acts, ...children))];
  after.push(...notes(turn), ending(turn, acts));
  if (turn.answer) after.push(suggestions(answer, acts.ask));
  if (turn.answer && !reply) after.push(cited(answer, turn, acts), others(answer, none, turn, acts), foot(answer, turn, acts));
  for (const child of [...body.children]) if (child !== text) child.remove();
  text.before(...before);
  text.after(...after.filter(Boolean));
}

function sentences(box, wanted, turn, acts) {
  wanted.forEach((part, i) => {
    const key = JSON.stringify([part.text, part.citations.map((c) => [c.n, c.now]), part.supported]);
    const old = box.children[i];
    if (old?.dataset.key === key) return;
    const node = sentence(part, turn, acts);
    node.dataset.key = key;
    if (old) old.replaceWith(node);
    else box.append(node);
  });
  while (box.children.length > wanted.length) box.lastChild.remove();
}

function sentence(part, turn, acts) {
  const doubt = part.supported === false;
  const label = part.reason ? t("unsupportedReason", part) : part.citations.length ? t("unsupported") : t("uncited");
  // A no-break space ties the first chip to the last word.
  const chips = part.citations.flatMap((c) => ["\u00a0", chip(c, turn, acts)]);
  const source = part.citations.find((c) => c.answer_span);
  const first = part.citations[0];
  const block = first?.code && (first.readable ?? first.quote).trim();
  const code = block && block.replace(/\s+/g, " ") === part.text;
  const words = code ? [block] : source ? emphasised(source, part.text) : [part.text];
  return el("p", { class: doubt ? "sentence doubt" : "sentence" }, foreign("span", { class: code ? "words code" : "words" }, ...words), chips,
    doubt ? foreign("span", { class: "doubt-label" }, label) : null); // prettier-ignore
}

function chip(c, turn, acts) {
  const node = el("button", {
    type: "button", class: c.verified === false ? "chip chip-bad" : "chip", data: { n: c.n, route: ofCitation(c), ...(c.now && { now: c.now }) },
    "aria-label": t("cite", { n: c.n, file: c.file, where: lines(c) }) + (c.now ? `. ${t(`check.${c.now}`)}` : ""),
    on: { click: () => acts.open(ofCitation(c), turn, node) },
  }, String(c.n)); // prettier-ignore
  attach(node, c);
  return node;
}

/** A follow-up as the server understood it. */
const understood = ({ standalone_question: whole }) =>
  whole ? el("p", { class: "hint understood" }, `${t("understood")} `, foreign("span", {}, whole)) : null;

function progress(turn) {
  const found = turn.passages.length;
  const words = { queued: t("queued"), asking: found ? t("read", { n: found }) : t("asking") }[turn.state];
  if (!words || turn.text) return turn.slow ? el("p", { class: "progress" }, t("slow")) : null;
  return el("p", { class: "progress" }, el("span", { class: "writing", "aria-hidden": "true" }), turn.slow ? t("slow") : words);
}

/** What the reader should know about how the answer was made. */
function notes({ answer }) {
  if (!answer) return [];
  const dropped = Array.isArray(answer.dropped_markers) ? answer.dropped_markers.length : Number(answer.dropped_markers) || 0;
  const degraded = answer.degraded && (typeof answer.degraded === "string" ? answer.degraded : t("degraded"));
  const invalid = answer.invalid_citations > 0 && t("invalid", { n: answer.invalid_citations });
  return [answer.notice, degraded, invalid, dropped > 0 && t("dropped", { n: dropped })]
    .filter(Boolean)
    .map((note) => foreign("p", { class: "note" }, note));
}

/** How a turn ended that has no whole answer, and what can be done. */
function ending(turn, acts) {
  if (!["stopped", "lost", "failed"].includes(turn.state)) return null;
  const began = turn.text ? "stopped" : "stoppedEmpty";
  const words = { stopped: t(began), lost: t("lost"), failed: turn.problem?.detail ?? t("failed") }[turn.state];
  return el("div", { class: `ending ending-${turn.state}`, role: turn.state === "stopped" ? undefined : "alert" },
    el("p", {}, turn.state === "failed" ? `${t("failed")} ` : "", foreign("span", {}, words)),
    turn.problem?.hint ? foreign("p", { class: "hint" }, turn.problem.hint) : null,
    el("p", { class: "acts" },
      button({ name: "again", text: t("again"), class: "act act-again" }, () => acts.retry(turn)),
      button({ name: "edit", text: t("edit"), class: "act" }, () => acts.edit(turn))),
  ); // prettier-ignore
}

function cited(answer, turn, acts) {
  if (!answer.citations.length) return null;
  const rows = answer.citations.map((c) =>
    el("li", {}, link(ofCitation(c), turn, acts,
      el("span", { class: "row-n" }, String(c.n)), foreign("span", { class: "file" }, c.file),
      el("span", { class: "where" }, lines(c)),
      c.verified === false || c.now ? el("span", { class: "bad" }, icon("cross"), t(`check.${c.now ?? "bad"}`)) : null)),
  ); // prettier-ignore
  return el("div", { class: "cited", role: "group", "aria-label": t("cited") },
    el("h3", {}, t("cited")), el("ol", { role: "list" }, rows)); // prettier-ignore
}

function others(answer, none, turn, acts) {
  const found = retrieved(answer.passages);
  if (!found.length) return null;
  const list = (some) => el("ul", { class: "passages", role: "list" }, some.map((p) => el("li", {}, passage(p, turn, acts))));
  if (!none) {
    return el("details", { class: "others" }, el("summary", {}, t("retrieved", { n: found.length })),
      el("p", { class: "hint" }, t("retrievedNote")), list(found)); // prettier-ignore
  }
  const rest = found.slice(SHOWN);
  return el("div", { class: "nearest", role: "group", "aria-label": t("nearest") },
    el("h3", {}, t("nearest")), list(found.slice(0, SHOWN)),
    rest.length ? el("details", { class: "others" }, el("summary", {}, t("nearestMore", { n: rest.length })), list(rest)) : null); // prettier-ignore
}

function passage(p, turn, acts) {
  const points = Array.from(p.text.replace(/\s+/g, " "));
  const text = points.length > SNIPPET ? `${points.slice(0, SNIPPET).join("").replace(/\s\S*$/, "")} …` : points.join("");
  return link(format(p.document_id, p.line_start, p.line_end), turn, acts,
    foreign("span", { class: "snippet" }, text),
    el("span", { class: "place" }, foreign("span", { class: "file" }, p.file), el("span", { class: "where" }, lines(p)))); // prettier-ignore
}

/** A link to a line, which opens it beside the answer; a middle click or a copied address work too. */
function link(route, turn, acts, ...children) {
  return el("a", { class: "row", href: route, on: {
    click: (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
      event.preventDefault();
      acts.open(route, turn, event.currentTarget);
    },
  } }, ...children); // prettier-ignore
}

function foot(answer, turn, acts) {
  const words = [
    answer.status !== "no_evidence" ? t(answer.mode === "generative" ? "generative" : "extractive") : null,
    Number.isFinite(answer.confidence) ? t("confidence", { n: Math.round(answer.confidence * 100) }) : null,
    Number.isFinite(answer.timings_ms?.total) ? t("took", { n: number(Math.round(answer.timings_ms.total)) }) : null,
  ].filter(Boolean);
  const copy = button({ name: "copy", text: t("copyMarkdown"), title: t("copyMarkdownTitle"), class: "act act-copy" },
    (event) => acts.copy(turn, event.currentTarget)); // prettier-ignore
  const why = answer.citations.some((c) => c.now) ? "askAgain" : turn.older && "askAgainIndex";
  const again = why && button({ name: "again", text: t(why), class: "act" }, () => acts.retry(turn));
  return el("footer", { class: "foot" }, el("span", { class: "meta" }, words.join(" · ")), again,
    answer.status !== "no_evidence" ? copy : null); // prettier-ignore
}
