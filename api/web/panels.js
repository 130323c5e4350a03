// The two lists that open over the page: what is indexed, and what was asked.

import { $, button, el, foreign } from "./dom.js";
import { date, number, t } from "./i18n.js";
import { format } from "./route.js";

/** Files, lines, when indexed. `open(route)` opens one. */
export function showSources(dialog, documents, index, open) {
  const rows = documents.map((d) =>
    el("tr", {},
      el("th", { scope: "row" }, el("a", { href: format(d.id, 1), on: {
        click: (event) => {
          event.preventDefault();
          dialog.close();
          open(format(d.id, 1));
        },
      } }, foreign("span", { class: "file" }, d.file))),
      el("td", { class: "figure" }, number(d.lines)),
      el("td", {}, el("time", { datetime: d.indexed_at }, date(d.indexed_at)))),
  ); // prettier-ignore
  const table = el("table", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("file")), el("th", { scope: "col", class: "figure" }, t("lineCount")),
      el("th", { scope: "col" }, t("indexedAt")))),
    el("tbody", {}, rows)); // prettier-ignore
  $(".panel-body", dialog).replaceChildren(
    el("p", { class: "hint" }, t("sourcesNote")),
    documents.length ? table : el("p", { class: "empty" }, t("sourcesNone")),
    index?.model ? foreign("p", { class: "hint model" }, index.model) : "",
  );
  if (!dialog.open) dialog.showModal();
  return $(".panel-body", dialog);
}

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
      button({ name: "cross", label: t("forgetOne", turn), class: "plain" }, () => {
        acts.forget(turn);
        refresh();
      })),
  ); // prettier-ignore
  const refresh = () => {
    showHistory(dialog, acts.turns(), acts);
    $("h2", dialog).focus();
  };
  let sure = false;
  const forget = button({ text: t("forget"), class: "act act-forget" }, () => {
    if (sure) {
      acts.forget(null);
      return refresh();
    }
    // Asked twice, since it can't be undone.
    sure = true;
    forget.classList.add("sure");
    return (forget.lastChild.textContent = t("forgetSure", { n: turns.length }));
  });
  $(".panel-body", dialog).replaceChildren(
    el("p", { class: "hint" }, t("historyNote")),
    turns.length ? el("ol", { class: "past-list", role: "list" }, rows) : el("p", { class: "empty" }, t("historyNone")),
    turns.length ? el("p", { class: "acts" }, forget) : "",
  );
  if (!dialog.open) dialog.showModal();
}
