// The list of what is indexed, over the page.

import { $, button, el, foreign } from "../shell/dom.js";
import { format } from "../source/address.js";
import { date, number, t } from "../words/language.js";
import { moreText } from "../words/more.js";
import { stylesheet } from "../shell/stylesheet.js";

await stylesheet("/web/panels/panels.css");

const OPEN = 200; // with more files than this, folders are closed at first

/** Files by folder, lines, when indexed; what the last sync refused. `open(route)` opens a file. */
export function showSources(dialog, documents, index, open) {
  const row = (d) =>
    el("tr", {},
      el("th", { scope: "row" }, el("a", { href: format(d.id, 1), on: {
        click: (event) => {
          event.preventDefault();
          dialog.close();
          open(format(d.id, 1));
        },
      } }, foreign("span", { class: "file" }, d.file)), about(d)),
      el("td", { class: "figure" }, number(d.lines)),
      el("td", {}, el("time", { datetime: d.indexed_at }, date(d.indexed_at)))); // prettier-ignore
  const bodies = [...folders(documents)].map(([folder, inside]) =>
    folder ? group(folder, inside.map(row), documents.length <= OPEN) : el("tbody", {}, inside.map(row)),
  );
  const table = el("table", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("file")), el("th", { scope: "col", class: "figure" }, moreText("lineCount")),
      el("th", { scope: "col" }, moreText("indexedAt")))),
    bodies); // prettier-ignore
  $(".panel-body", dialog).replaceChildren(
    el("p", { class: "hint" }, moreText("sourcesNote")),
    refused(index?.last_sync),
    documents.length ? table : el("p", { class: "empty" }, moreText("sourcesNone")),
    index?.model ? foreign("p", { class: "hint model" }, index.model) : "",
  );
  if (!dialog.open) dialog.showModal();
  return $(".panel-body", dialog);
}

/** What is known of a document: its title, who published it, and when. */
function about({ title, author, published, collection }) {
  const known = [title, author, published, collection === "default" ? "" : collection].filter(Boolean).join(", ");
  return known ? foreign("span", { class: "hint about" }, ` ${known}`) : "";
}

/** Documents by their folder, "" for those that are in none. */
function folders(documents) {
  const found = new Map();
  for (const document of documents) {
    const folder = document.file.slice(0, document.file.lastIndexOf("/") + 1);
    if (!found.has(folder)) found.set(folder, []);
    found.get(folder).push(document);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The rows of a folder, below a button that shows and hides them. */
function group(folder, rows, shown) {
  const show = (yes) => {
    for (const row of rows) row.hidden = !yes;
    head.setAttribute("aria-expanded", String(yes));
  };
  const head = button({ class: "folder" }, () => show(rows[0].hidden));
  head.append(foreign("span", { class: "file" }, folder), ` ${number(rows.length)}`);
  show(shown);
  return el("tbody", {}, el("tr", {}, el("th", { colspan: 3, scope: "rowgroup" }, head)), rows);
}

/** What the last sync could not index, with the reasons. */
function refused(sync) {
  if (!sync?.refused) return "";
  const items = sync.refused_files.map(({ file, reason }) =>
    el("li", {}, foreign("span", { class: "file" }, file), ": ", foreign("span", {}, reason)));
  return el("details", { class: "refused" }, el("summary", {}, moreText("refusedFiles", { n: sync.refused })), el("ul", {}, items));
}
