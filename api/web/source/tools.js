// What can be done with the file in the source pane: ask about it alone, and search in it. Loaded with the pane.

import { $, button, el } from "../shell/dom.js";
import { number } from "../words/language.js";
import { moreText } from "../words/more.js";
import * as pane from "./pane.js";
import { MOST_FOUND, occurrences, whole } from "./search.js";

let only = null;
let opener = null;
let bar = null; // the field and its buttons, while something is searched for
let matches = [];
let at = -1;
let asked = 0;

/** Add the buttons to the pane. `acts`: {only(document, file)}. */
export function prepare(acts) {
  only = button({ text: moreText("onlyThis"), class: "act", id: "source-only" }, () => {
    const shown = pane.current();
    if (shown) acts.only(shown.id, shown.file);
  });
  opener = button({ text: moreText("findIn"), class: "act", id: "source-find", "aria-expanded": "false" }, () => (bar ? close() : search()));
  $(".source-row").append(only, opener);
}

/** Open the search, or go back to its field. */
export function search() {
  if (!bar) {
    const step = (by) => (event) => {
      event.preventDefault();
      go(by);
    };
    const field = el("input", { id: "find", type: "search", "aria-label": moreText("findIn"), autocomplete: "off", on: {
      input: () => look(field.value),
      keydown: (event) => {
        if (event.key === "Enter" && !event.isComposing) step(event.shiftKey ? -1 : 1)(event);
        if (event.key !== "Escape") return;
        event.preventDefault(); // one Escape closes the search, the next one the pane
        close();
        opener.focus();
      },
    } });
    bar = el("div", { class: "find", role: "search" }, field, el("span", { class: "hint", role: "status" }),
      button({ text: "↑", label: moreText("findPrevious"), class: "act" }, step(-1)), button({ text: "↓", label: moreText("findNext"), class: "act" }, step(1))); // prettier-ignore
    $(".source-row").after(bar);
    opener.setAttribute("aria-expanded", "true");
  }
  $("input", bar).focus();
  $("input", bar).select();
}

/** Forget the search. */
export function close() {
  if (!bar) return;
  asked += 1;
  bar.remove();
  bar = null;
  matches = [];
  opener.setAttribute("aria-expanded", "false");
  pane.reveal([], null);
}

/** Say everything again, after a change of language. */
export function retell() {
  $("span", only).textContent = moreText("onlyThis");
  $("span", opener).textContent = moreText("findIn");
  close();
}

async function look(words) {
  const mine = (asked += 1);
  matches = [];
  at = -1;
  if (!words.trim()) {
    say("");
    return pane.reveal([], null);
  }
  try {
    const lines = await whole(pane.current());
    if (mine !== asked) return;
    matches = occurrences(lines, words);
    if (matches.length) return go(1);
    say(moreText("findNone"));
    return pane.reveal([], null);
  } catch {
    return mine === asked && say(moreText("noAnswer"));
  }
}

async function go(by) {
  if (!matches.length) return;
  at = (at + by + matches.length) % matches.length;
  const most = matches.length === MOST_FOUND ? "+" : "";
  say(moreText("findPlace", { place: number(at + 1), of: `${number(matches.length)}${most}` }));
  await pane.reveal(matches, matches[at]).catch(() => say(moreText("noAnswer")));
}

function say(text) {
  if (bar) $("[role=status]", bar).textContent = text;
}
