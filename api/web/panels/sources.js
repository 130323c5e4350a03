// The list of what is indexed, over the page.

import { $, el, foreign } from "../shell/dom.js";
import { format } from "../source/address.js";
import { date, number, t } from "../words/language.js";
import { moreText } from "../words/more.js";
import { stylesheet } from "../shell/stylesheet.js";

await stylesheet("/web/panels/panels.css");

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
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("file")), el("th", { scope: "col", class: "figure" }, moreText("lineCount")),
      el("th", { scope: "col" }, moreText("indexedAt")))),
    el("tbody", {}, rows)); // prettier-ignore
  $(".panel-body", dialog).replaceChildren(
    el("p", { class: "hint" }, moreText("sourcesNote")),
    documents.length ? table : el("p", { class: "empty" }, moreText("sourcesNone")),
    index?.model ? foreign("p", { class: "hint model" }, index.model) : "",
  );
  if (!dialog.open) dialog.showModal();
  return $(".panel-body", dialog);
}
