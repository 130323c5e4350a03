// The conversations that were held in this browser, over the page.

import { $, button, el, foreign } from "../shell/dom.js";
import { date, number } from "../words/language.js";
import { moreText } from "../words/more.js";
import { exporter } from "./export.js";
import { retitle, titleOf } from "./titles.js";
import { stylesheet } from "../shell/stylesheet.js";

await stylesheet("/web/panels/panels.css");

/** Conversations, newest first, with the questions of the one that is shown.
 * `acts`: {turns(), talk(), enter(id), go(turn), forget(turn | null)}. */
export function showHistory(dialog, acts) {
  const turns = acts.turns();
  const refresh = () => {
    showHistory(dialog, acts);
    $("h2", dialog).focus();
  };
  const closing = (act) => () => {
    dialog.close();
    act();
  };
  let sure = false;
  const forget = button({ text: moreText("forget"), class: "act act-forget" }, () => {
    if (sure) {
      acts.forget(null);
      retitle(null);
      return refresh();
    }
    // Asked twice, since it can't be undone.
    sure = true;
    forget.classList.add("sure");
    return (forget.lastChild.textContent = moreText("forgetSure", { n: turns.length }));
  });
  $(".panel-body", dialog).replaceChildren(
    el("p", { class: "hint" }, moreText("historyNote")),
    turns.length ? el("p", { class: "acts" }, button({ text: moreText("newTalk"), class: "act" }, closing(() => acts.enter(`${Date.now()}`)))) : "",
    ...talks(turns).map(([id, own]) => section(id, own, acts, refresh, closing)),
    turns.length ? "" : el("p", { class: "empty" }, moreText("historyNone")),
    turns.length ? el("p", { class: "acts" }, forget) : "",
  );
  if (!dialog.open) dialog.showModal();
}

/** [id, turns] of each conversation, the one asked in last first. */
function talks(turns) {
  const found = new Map();
  for (const turn of [...turns].reverse()) {
    const id = turn.talk ?? "";
    if (!found.has(id)) found.set(id, []);
    found.get(id).unshift(turn);
  }
  return [...found];
}

function section(id, turns, acts, refresh, closing) {
  const shown = acts.talk() === id;
  const title = titleOf(id) ?? turns[0].question;
  const name = button({ class: "past talk-title", "aria-current": shown ? "true" : null },
    closing(() => (shown ? acts.go(turns[0]) : acts.enter(id)))); // prettier-ignore
  name.append(foreign("span", { class: "past-question" }, title));
  const head = el("div", { class: "talk-head" }, el("h3", {}, name), rename(id, title, refresh),
    twice(moreText("forgetTalk", { title }), moreText("forgetTalkSure", { title }), () => {
      for (const turn of turns) acts.forget(turn);
      retitle(id, "");
      refresh();
    })); // prettier-ignore
  const when = el("p", { class: "hint" }, moreText("talkCount", { n: turns.length, count: number(turns.length) }), " · ",
    el("time", { datetime: turns.at(-1).at }, date(turns.at(-1).at))); // prettier-ignore
  const saving = exporter(turns);
  return el("section", { class: "talk" }, head, when, shown ? questions(turns, acts, refresh, closing) : "",
    shown || !saving ? saving : el("details", {}, el("summary", {}, moreText("exportTalk")), saving)); // prettier-ignore
}

function questions(turns, acts, refresh, closing) {
  const rows = [...turns].reverse().map((turn) =>
    el("li", {},
      el("button", { type: "button", class: "past", on: { click: closing(() => acts.go(turn)) } },
        foreign("span", { class: "past-question" }, turn.question), el("time", { datetime: turn.at }, date(turn.at))),
      button({ name: "cross", label: moreText("forgetOne", turn), class: "plain" }, () => {
        acts.forget(turn);
        refresh();
      })),
  ); // prettier-ignore
  return el("ol", { class: "past-list", role: "list" }, rows);
}

/** A button that becomes a field for the title. */
function rename(id, title, refresh) {
  const node = button({ name: "edit", label: moreText("rename", { title }), class: "plain" }, () => {
    const field = el("input", { class: "title", "aria-label": moreText("rename", { title }), maxlength: 200, autocomplete: "off" });
    field.value = title;
    const form = el("form", { class: "talk-head", on: {
      submit: (event) => {
        event.preventDefault();
        retitle(id, field.value.trim());
        refresh();
      },
      keydown: (event) => {
        if (event.key !== "Escape") return;
        event.preventDefault(); // this Escape is not for the dialog
        refresh();
      },
    } }, field, button({ text: moreText("save"), class: "act", type: "submit" })); // prettier-ignore
    node.parentNode.replaceWith(form);
    field.select();
  });
  return node;
}

/** A cross that asks before it acts, since that can't be undone. */
function twice(label, warning, act) {
  const node = button({ name: "cross", label, class: "plain" }, () => {
    if (node.classList.contains("sure")) return act();
    node.classList.add("sure");
    node.setAttribute("aria-label", warning);
    node.title = warning;
    return node.append(el("span", {}, moreText("sure")));
  });
  return node;
}
