// The source pane: a file's own lines, scrolled to the cited one, with the exact characters marked.

import { $, el, foreign, icon } from "../shell/dom.js";
import { number, t, lines as where } from "../words/language.js";
import { send } from "../shell/requests.js";
import { moreText } from "../words/more.js";
import { cut } from "../shell/offsets.js";
import { format } from "./address.js";
import { bars, classOf, fill, roleOf } from "./line-kinds.js";
import { check } from "./quote-check.js";

const MOST = 2000; // lines that the server returns in one answer
const AROUND = 300; // lines fetched before and after the cited ones; the rest on demand
const pane = $("#source");
const list = $("#source-lines");
let shown = null; // {route, citation, siblings, file, count, lines}
let request = 0;

/**
 * Show lines. `citation`, where there is one, is checked and its characters marked; `siblings` are all citations of
 * its answer, which are marked more softly where they stand in the same file.
 */
export async function open(route, citation = null, siblings = []) {
  const mine = (request += 1);
  pane.hidden = false;
  document.documentElement.dataset.source = "open";
  const known = shown?.route.document === route.document && shown.file;
  shown = { route, citation, siblings, file: known ? shown.file : (citation?.file ?? ""), count: 0, lines: [] };
  head();
  badge(null);
  if (!known) message(t("opening"));
  const state = await fetchLines(await placed(route), citation);
  if (mine !== request) return; // another line was asked for meanwhile
  if (state.error) {
    badge(null);
    message(state.error);
    return;
  }
  const here = siblings.filter((c) => c.document_id === route.document);
  Object.assign(shown, state, check(citation, state, here));
  head();
  badge(shown.result);
  paint();
  center();
  if (citation?.boxes?.length) (await import("./printed-page.js")).show(citation, list, shown);
}

/** The document that is shown, {id, file, count}; null while there is none. */
export const current = () => shown && { id: shown.route.document, file: shown.file, count: shown.count };

/** Mark what was searched for, spans of lines `n`, and bring the one that is `now` into view. */
export async function reveal(found, now) {
  if (!shown?.lines.length) return;
  const mine = request;
  if (now && !shown.lines.some((line) => line.n === now.n)) {
    const from = Math.max(1, now.n - AROUND);
    const body = await get(`/v1/documents/${encodeURIComponent(shown.route.document)}/lines?start=${from}&end=${Math.min(shown.count, now.n + AROUND)}`);
    if (mine !== request || !shown) return;
    shown.lines = body.lines;
  }
  Object.assign(shown, { found, now });
  paint();
  if (now) center("mark.now");
}

/** The lines that are shown as the goal, {first, last}; null while there are none. */
export const target = () => shown?.target ?? null;

/** Close the pane. */
export function close() {
  request += 1;
  shown = null;
  pane.hidden = true;
  list.replaceChildren();
  delete document.documentElement.dataset.source;
}

/** Say everything again, after a change of language. */
export function retell() {
  if (!shown) return;
  head();
  badge(shown.result ?? null);
  if (shown.lines.length) paint();
}

/** The lines of an address that names a page: the line on that page, or its first. */
async function placed(route) {
  if (!route.page) return route;
  try {
    const { lines } = await get(`/v1/documents/${encodeURIComponent(route.document)}/lines?page=${route.page}`);
    const { n } = lines.find((line) => line.page === route.page && line.page_line === route.first) ?? lines[0];
    return { ...route, first: n, last: n };
  } catch (error) {
    return { ...route, error };
  }
}

async function fetchLines(route, citation) {
  try {
    if (route.error) throw route.error;
    const id = encodeURIComponent(route.document);
    const info = await get(`/v1/documents/${id}`);
    const last = citation?.line_end ?? route.last;
    // A changed file may have become shorter than the citation remembers; look at what there is.
    const first = Math.min(citation?.line_start ?? route.first, info.lines);
    if (!citation && route.first > info.lines) {
      return { error: t("noLines", { count: number(info.lines), n: number(route.first) }) };
    }
    const from = Math.max(1, first - AROUND);
    const to = Math.min(info.lines, Math.max(last, first) + AROUND, from + MOST - 1);
    const body = await get(`/v1/documents/${id}/lines?start=${from}&end=${to}`);
    return { route, file: body.file, sha256: body.file_sha256, count: body.line_count, lines: body.lines };
  } catch (error) {
    if (error.message === "noPage") return { error: moreText("noPage", { n: number(route.page) }) };
    return { error: t(error.message in { noDocument: 1, notYet: 1 } ? error.message : "noServer") };
  }
}

async function get(path) {
  const response = await send(path);
  if (response.ok) return response.json();
  throw new Error({ 404: "noDocument", 416: "noPage", 503: "notYet" }[response.status] ?? "noServer");
}

function head() {
  const { route, citation, siblings, file, count, result } = shown;
  const name = $("#source-file");
  name.textContent = file || route.document;
  name.title = file;
  const at = result?.at ?? { line_start: citation?.line_start ?? route.first, line_end: citation?.line_end ?? route.last };
  const place = where(at);
  $("#source-where").textContent = count ? t("of", { where: place, count: number(count) }) : place;
  const steps = $("#source-steps");
  steps.hidden = !citation || siblings.length < 2;
  if (!steps.hidden) {
    const i = siblings.indexOf(citation);
    $("#source-place").textContent = t("sourcePlace", { n: i + 1, of: siblings.length });
    // aria-disabled, not disabled: a disabled button would drop the focus of whoever steps through with it.
    $("#source-previous").setAttribute("aria-disabled", String(i <= 0));
    $("#source-next").setAttribute("aria-disabled", String(i >= siblings.length - 1));
  }
}

function badge(result) {
  const node = $("#source-check");
  node.hidden = !result;
  if (!result) return node.replaceChildren();
  const good = result.kind === "ok" || result.kind === "changed";
  node.className = `check check-${result.kind}`;
  const values = result.at ? { where: where(result.at) } : {};
  return node.replaceChildren(
    el("span", { class: "check-word" }, icon(good || result.kind === "moved" ? "check" : "cross"), t(`check.${result.kind}`)),
    el("span", { class: "check-note" }, t(`check.${result.kind}Note`, values)),
  );
}

function message(text) {
  list.replaceChildren(el("li", { class: "message" }, text));
}

function paint() {
  const { lines, count } = shown;
  let page = 0;
  const rows = lines.flatMap((line) => {
    // Running heads and notes stand behind the text of all pages, and begin no page again.
    const turned = line.page > page && line.kind !== "aside";
    if (turned) page = line.page;
    return turned ? [el("li", { class: "page-n" }, moreText("page", { n: number(line.page) })), row(line)] : [row(line)];
  });
  if (lines[0].n > 1) rows.unshift(more("earlier", Math.max(1, lines[0].n - AROUND), lines[0].n - 1));
  if (lines.at(-1).n < count) rows.push(more("later", lines.at(-1).n + 1, Math.min(count, lines.at(-1).n + AROUND)));
  list.replaceChildren(...rows);
}

function row(line) {
  const { route, marks, target } = shown;
  const hit = line.n >= target.first && line.n <= target.last;
  const pieces = cut(line, [...marks, ...(shown.found ?? []), ...bars(line)]).map(({ text, spans: all }) => {
    const spans = all.filter((span) => !span.bar);
    const bar = spans.length < all.length;
    if (!spans.length) return { node: text, bar };
    const own = spans.some((span) => span.own) ? "own" : spans.some((span) => !span.found) && "other";
    const found = spans.includes(shown.now) ? "found now" : spans.some((span) => span.found) && "found";
    const answer = spans.some((span) => span.answer);
    const classes = [own, found].filter(Boolean).join(" ");
    return { node: el("mark", { class: classes }, answer ? el("strong", {}, text) : text), bar };
  });
  const words = foreign("span", { class: "text", ...roleOf(line) });
  fill(words, line, pieces);
  const anchor = el("a", { class: "n", href: format(route.document, line.n), tabindex: "-1", "aria-label": t("lineLink", { n: line.n }) },
    String(line.n)); // prettier-ignore
  return el("li", { class: `${classOf(line)}${hit ? " hit" : ""}`, id: `L${line.n}`, value: line.n, "aria-current": hit ? "true" : null },
    anchor, words); // prettier-ignore
}

function more(key, from, to) {
  const load = async () => {
    const mine = request;
    try {
      const body = await get(`/v1/documents/${encodeURIComponent(shown.route.document)}/lines?start=${from}&end=${to}`);
      if (mine !== request || !shown) return;
      const anchor = list.querySelector(".line");
      const top = anchor.getBoundingClientRect().top;
      const id = anchor.id;
      shown.lines = key === "earlier" ? [...body.lines, ...shown.lines] : [...shown.lines, ...body.lines];
      paint();
      // What was being read stays where it was on the screen.
      list.scrollTop += document.getElementById(id).getBoundingClientRect().top - top;
      list.focus();
    } catch {
      // The button is still there to be pressed again.
    }
  };
  return el("li", { class: "more" }, el("button", { type: "button", class: "act", on: { click: load } }, t(key)));
}

/** The first marked line a third of the way down; a quote within a long line by its own characters. */
function center(mark = "mark.own") {
  const goal = list.querySelector(mark) ?? list.querySelector(".hit");
  if (!goal) return;
  const box = list.getBoundingClientRect();
  list.scrollTop += goal.getBoundingClientRect().top - box.top - box.height / 3;
}
