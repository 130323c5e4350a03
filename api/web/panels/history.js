// The list of what was asked in this browser, over the page.

import { $, button, el, foreign } from "../shell/dom.js";
import { date } from "../words/language.js";
import { moreText } from "../words/more.js";
import { exporter } from "./export.js";
import { stylesheet } from "../shell/stylesheet.js";

await stylesheet("/web/panels/panels.css");

/** What was asked, newest first. `acts`: {go(turn), forget(turn | null)}. */
export function showHistory(dialog, turns, acts) {
  const rows = [...turns].reverse().map((turn) =>
    el("li", {},
      el("button", { type: "button", class: "past", on: {
        click: () => {
          dialog.close();
          acts.go(turn);
        },
      } }, foreign("span", { class: "past-question" }, turn.question), el("time", { datetime: turn.at }, date(turn.at))),
      button({ name: "cross", label: moreText("forgetOne", turn), class: "plain" }, () => {
        acts.forget(turn);
        refresh();
      })),
  ); // prettier-ignore
  const refresh = () => {
    showHistory(dialog, acts.turns(), acts);
    $("h2", dialog).focus();
  };
  let sure = false;
  const forget = button({ text: moreText("forget"), class: "act act-forget" }, () => {
    if (sure) {
      acts.forget(null);
      return refresh();
    }
    // Asked twice, since it can't be undone.
    sure = true;
    forget.classList.add("sure");
    return (forget.lastChild.textContent = moreText("forgetSure", { n: turns.length }));
  });
  $(".panel-body", dialog).replaceChildren(
    el("p", { class: "hint" }, moreText("historyNote")),
    turns.length ? el("ol", { class: "past-list", role: "list" }, rows) : el("p", { class: "empty" }, moreText("historyNone")),
    exporter(turns),
    turns.length ? el("p", { class: "acts" }, forget) : "",
  );
  if (!dialog.open) dialog.showModal();
}
