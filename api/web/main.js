// Puts the page together: composer, thread, source pane, lists, and the state of the server.

import { $, el, foreign } from "./shell/dom.js";
import { copy } from "./shell/clipboard.js";
import { lead } from "./conversation/answer-parts.js";
import { choose, current, number, t, translate } from "./words/language.js";
import { hide as hideCard } from "./conversation/citation-card.js";
import { examples } from "./conversation/examples.js";
import * as composer from "./conversation/composer.js";
import * as health from "./shell/server-state.js";
import * as history from "./conversation/saved-turns.js";
import * as scope from "./conversation/scope.js";
import { send } from "./shell/requests.js";
import * as reading from "./source/navigation.js";
import * as theme from "./shell/theme-button.js";
import { before, busy, newTurn, run, stop } from "./conversation/turn.js";
import { update, view } from "./conversation/turn-view.js";

const root = document.documentElement;
const thread = $("#thread");
let turns = history.load(); // of all conversations
let talk = history.talk(turns);
const shown = () => turns.filter((turn) => (turn.talk ?? "") === talk);
let documents = [];
let index = null;
let waiting = []; // resolvers of those who wait for the server to be ready

const acts = {
  ask: (question) => submit(question),
  open: reading.open,
  retry: (turn) => start(turn),
  edit: (turn) => composer.fill(turn.question),
  copy: async (turn, node) => {
    const { markdown } = await import("./conversation/markdown.js");
    const done = await copy(markdown(turn, location.href.split("#")[0]));
    flash(node, done ? t("copied") : t("copyFailed"));
  },
};

function submit(question) {
  const turn = newTurn(question, talk, scope.scope());
  turns.push(turn);
  thread.append(view(turn, acts));
  layout();
  start(turn);
}

function start(turn) {
  const node = () => document.getElementById(`turn-${turn.id}`);
  say(t("asking"));
  const done = run(turn, before(shown(), turn), ready, (changed) => {
    // A forgotten turn may still be on its way.
    if (node()) update(node(), changed, acts);
  });
  history.put(turn); // so that a reload in the middle keeps the question
  composer.busy(true);
  scroll(node());
  done.then(() => {
    composer.busy(busy());
    if (turns.includes(turn)) history.put(turn);
    if (turn.state === "lost" || turn.state === "failed") health.look();
    reading.mark();
    // The index changed since it was looked at last: older answers may be of another text now.
    if (turn.state === "done" && turn.answer.index_version !== index?.index_version) load();
    if (turn.state === "done") say(spoken(turn.answer));
    else if (turn.state === "stopped") say(t(turn.text ? "stopped" : "stoppedEmpty"));
  });
}

function spoken(answer) {
  if (answer.status === "no_evidence") return `${t("none")}. ${t("noneText")}`;
  if (answer.status === "none_asked") return answer.text;
  const text = Array.from(answer.text).slice(lead(answer)).join("").replace(/\s*\[[^\]]+:\d+(?:-\d+)?\]/g, "");
  if (answer.status === "unsure") return `${t("unsure")} ${text}`;
  return t("answerDone", { text, n: answer.citations.length });
}

function ready() {
  if (health.state === "ready") return Promise.resolve();
  // Nobody there: trying is the quickest way to know, and the question is kept.
  if (health.state === "gone" || health.state === "locked") return Promise.resolve();
  return new Promise((resolve) => waiting.push(resolve));
}

function scroll(node) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  node?.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
}

/** Tell screen readers. */
function say(text) {
  $("#live").textContent = text;
}

/** A button says for a moment what it did. */
function flash(node, text) {
  const words = node.querySelector("span");
  const before = words?.textContent;
  if (words) words.textContent = text;
  node.dataset.flash = text;
  say(text);
  setTimeout(() => {
    delete node.dataset.flash;
    if (words) words.textContent = before;
  }, 1600);
}

function layout() {
  root.dataset.page = shown().length ? "thread" : "empty";
}

/** Redraws the whole thread: at the start, after a change of language, when turns were forgotten. */
function draw() {
  thread.replaceChildren(...shown().map((turn) => view(turn, acts)));
  layout();
  reading.mark();
}

function status(state, key, phase) {
  const bar = $("#status");
  const words = state === "ready" ? "" : t(key, { phase });
  if (bar.textContent !== words) bar.textContent = words;
  bar.hidden = !words;
  root.dataset.server = state;
  if (state !== "starting") {
    waiting.forEach((resolve) => resolve());
    waiting = [];
  }
}

async function load() {
  const get = async (path) => {
    const response = await send(path);
    return response.ok ? response.json() : null;
  };
  try {
    const [list, info] = await Promise.all([get("/v1/documents"), get("/v1/index")]);
    documents = list?.documents ?? [];
    index = info;
    if (!list) return;
    if (info?.collections) scope.prune(documents, [...info.collections, "default"]);
    if (!shown().length) return;
    const { recheck } = await import("./conversation/stale-citations.js");
    for (const turn of await recheck(shown(), documents, info?.index_version)) {
      const node = document.getElementById(`turn-${turn.id}`);
      if (node) update(node, turn, acts);
    }
    reading.mark();
  } catch {
    // The state of the server is shown elsewhere; what was known stays.
  }
}

async function welcome() {
  const lines = documents.reduce((sum, d) => sum + d.lines, 0);
  const n = documents.length;
  $("#corpus").textContent = n ? t("corpus", { n, files: number(n), lines: number(lines) }) : "";
  if (!n) return index?.documents === 0 && (await import("./panels/first-steps.js")).firstSteps();
  const { own, questions } = await examples(documents);
  $("#examples-title").textContent = questions.length ? t(own ? "examplesOwn" : "examples") : "";
  $("#examples").replaceChildren(
    ...questions.map((question) =>
      el("li", {}, el("button", { type: "button", class: "example", on: { click: () => submit(question) } }, foreign("span", {}, question)))),
  ); // prettier-ignore
}

const historyActs = {
  turns: () => turns,
  talk: () => talk,
  enter: (id) => {
    history.enter((talk = id));
    draw();
    thread.scrollTop = thread.scrollHeight;
    load().then(welcome);
    composer.focus();
  },
  go: (turn) => {
    const node = document.getElementById(`turn-${turn.id}`);
    scroll(node);
    node?.focus({ preventScroll: true });
  },
  forget: (turn) => {
    if (turn) stop(turn.id);
    else stop();
    history.forget(turn?.id ?? null);
    turns = turn ? turns.filter((one) => one !== turn) : [];
    draw();
    if (!turn) say(t("forgotten"));
  },
};

function retell() {
  translate();
  theme.label();
  scope.label();
  health.look();
  draw();
  reading.retell();
  welcome();
}

translate();
scope.label();
theme.prepare($("#theme"));
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    // The dialog itself is hit only outside its inner box.
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}
composer.prepare(submit, () => stop());
reading.prepare({ turns: shown, say, flash, only, opening: hideCard });
draw();
thread.scrollTop = thread.scrollHeight;
async function sources(said = []) {
  await load();
  const [{ showSources }, { attach }] = await Promise.all([import("./panels/sources.js"), import("./panels/uploads.js")]);
  const body = showSources($("#sources"), documents, index, (route) => reading.open(route));
  attach(body, documents, index?.collections ?? [], scope.scope().collection, sources).replaceChildren(...said);
  if (said.length) welcome();
}
$("#open-sources").addEventListener("click", () => sources());
$("#open-history").addEventListener("click", async () => (await import("./panels/history.js")).showHistory($("#history"), historyActs));
$("#scope").addEventListener("click", async () => {
  const { showScope } = await import("./panels/scope.js");
  showScope(documents, scope.scope(), (next) => {
    scope.choose(next);
    say($("#scope").title);
  });
});
/** Ask about one document from now on. */
function only(id, file) {
  scope.choose({ collection: [], documents: [{ id, file }] });
  say($("#scope").title);
  if ($("#main").inert) $("#source-close").click(); // it covers the question
  composer.focus();
}
addEventListener("dragenter", (event) => {
  // Dropped beside the list of sources, a file would open in the place of the page.
  if (event.dataTransfer?.types.includes("Files") && !$("dialog[open]")) sources();
});
$("#language").addEventListener("click", async () => {
  await choose(current() === "es" ? "en" : "es");
  retell();
});
const help = async () => (await import("./panels/help.js")).showHelp();
$("#open-help").addEventListener("click", help);
addEventListener("keydown", (event) => event.key === "?" && !event.target.closest("input, textarea") && help());
addEventListener("online", () => health.look());
let last = null;
document.addEventListener("visibilitychange", () => document.hidden || load());
health.watch(async (state, key, phase) => {
  status(state, key, phase);
  if (state === last) return;
  if (state === "ready" && last === "starting") say(t("ready"));
  last = state;
  if (state === "ready") reading.again();
  await load();
  await welcome();
});
if (!reading.follow()) composer.focus();
