// Opens and closes the source pane by the page's address, so that a reload, the back button and a shared link all
// lead to the same line; and steps through an answer's citations.

import { $ } from "../shell/dom.js";
import { copy } from "../shell/clipboard.js";
import { t } from "../words/language.js";
import { format, ofCitation, parse } from "./address.js";
import { stylesheet } from "../shell/stylesheet.js";

const narrow = matchMedia("(max-width: 55.99rem)");
const behind = [$("#bar"), $("#main")];
const isOpen = () => !$("#source").hidden;
let source = null; // the pane, loaded when there is something that could open it
let tools = null;
let page = null; // {turns(), say(text), flash(button, text), only(document, file), opening(): called before a source is shown}
let now = null; // {route, citation, turn}
let opener = null;

/** Wire the pane's buttons and keys. */
export function prepare(given) {
  page = given;
  $("#source-close").addEventListener("click", close);
  $("#source-previous").addEventListener("click", () => step(-1));
  $("#source-next").addEventListener("click", () => step(1));
  $("#source-link").addEventListener("click", async (event) => {
    const node = event.currentTarget;
    const { first, last } = source?.target() ?? now.route;
    const done = await copy(location.href.split("#")[0] + format(now.route.document, first, last));
    page.flash(node, done ? t("copied") : t("copyFailed"));
  });
  document.addEventListener("keydown", keys);
  addEventListener("popstate", follow);
  narrow.addEventListener("change", modal);
}

/** Open lines: `route` is an address, `turn` the answer that they were opened from, if any. */
export function open(route, turn = null, from = null) {
  if (from) opener = from;
  // Opening makes one entry in the history, however many citations are looked at: back closes the pane.
  if (location.hash !== route) history[isOpen() ? "replaceState" : "pushState"](null, "", route);
  show(parse(route), turn);
}

/** Do what the address says. Whether it names a line. */
export function follow() {
  const route = parse(location.hash);
  if (route) show(route, now?.turn ?? null);
  else if (now) shut();
  return Boolean(route);
}

/** The server is back, or ready at last: what could not be read then can be read now. */
export function again() {
  if (isOpen() && !source.target()) follow();
}

/** Show which chip is open. With a chip there is, the pane may be wanted at any moment. */
export function mark() {
  if ($(".chip")) load().catch(() => null); // tried again when it is opened
  for (const chip of document.querySelectorAll(".chip[aria-current]")) chip.removeAttribute("aria-current");
  if (!now?.citation) return;
  const node = document.getElementById(`turn-${now.turn.id}`);
  node?.querySelector(`.chip[data-n="${Number(now.citation.n)}"]`)?.setAttribute("aria-current", "true");
}

/** Say everything again, after a change of language. */
export function retell() {
  source?.retell();
  tools?.retell();
  mark();
}

async function show(route, preferred) {
  page.opening();
  const { turn, citation } = find(route, preferred) ?? { turn: preferred, citation: null };
  now = { route, citation, turn };
  const mine = now;
  await load();
  if (now !== mine) return; // closed, or another line is asked for
  const first = !isOpen();
  const opened = source.open(route, citation, turn?.answer?.citations ?? turn?.citations ?? []);
  mark();
  modal();
  if (first) $("#source-title").focus({ preventScroll: true });
  await opened;
}

async function load() {
  if (source) return;
  const [pane, added] = await Promise.all([import("./pane.js"), import("./tools.js"), stylesheet("/web/source/source.css")]);
  if (source) return;
  tools = added;
  tools.prepare({ only: (id, file) => page.only(id, file) });
  source = pane;
}

/** The citation that an address with characters means: of the answer at hand, or else of the newest that has it. */
function find(route, preferred) {
  if (!route.chars) return null;
  const turns = [...page.turns()].reverse();
  for (const turn of preferred ? [preferred, ...turns] : turns) {
    const citation = (turn.answer ?? turn).citations.find(
      (c) => c.document_id === route.document && c.char_start === route.chars[0] && c.char_end === route.chars[1],
    );
    if (citation) return { turn, citation };
  }
  return null;
}

function step(by) {
  const all = now?.citation ? (now.turn.answer ?? now.turn).citations : [];
  const next = all[all.indexOf(now?.citation) + by];
  if (!next) return;
  open(ofCitation(next), now.turn);
  page.say(t("sourcePlace", { n: all.indexOf(next) + 1, of: all.length }));
}

function close() {
  history.replaceState(null, "", location.pathname + location.search);
  shut();
}

function shut() {
  const inside = $("#source").contains(document.activeElement) || document.activeElement === document.body;
  // The chip that opened it may have been redrawn; the one that is open now is the better place anyway.
  const chip = document.querySelector(".chip[aria-current]") ?? (opener?.isConnected ? opener : $("#question"));
  source?.close();
  tools?.close();
  now = null;
  mark();
  modal();
  if (inside) chip.focus({ preventScroll: false });
  opener = null;
}

function keys(event) {
  if (!isOpen() || event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") return close();
  if (event.target.closest?.("textarea, input")) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by) {
    event.preventDefault();
    step(by);
  } else if (event.key === "/") {
    event.preventDefault();
    tools.search();
  }
}

/** On a small screen the pane covers the page, and what is behind it is out of reach for keys and readers alike. */
function modal() {
  const covers = isOpen() && narrow.matches;
  for (const node of behind) node.inert = covers;
  const pane = $("#source");
  if (covers) {
    pane.setAttribute("role", "dialog");
    pane.setAttribute("aria-modal", "true");
  } else {
    pane.removeAttribute("role");
    pane.removeAttribute("aria-modal");
  }
}
