// Chooses what is asked: everything, or some collections or documents. Over the page.

import { $, button, el, foreign } from "../shell/dom.js";
import { number, t } from "../words/language.js";
import { moreText } from "../words/more.js";
import { stylesheet } from "../shell/stylesheet.js";

await stylesheet("/web/panels/panels.css");

const LISTED = 200; // documents that are shown at once; the others are found by their names
const MOST = 200; // that the server takes in one question

/** Show the lists; `choose({collection, documents})` is called at each change. */
export function showScope(documents, chosen, choose) {
  if ($("#scope-panel")) return;
  let { collection, documents: some } = chosen;
  const changed = () => choose({ collection, documents: some });
  const counts = new Map();
  for (const one of documents) counts.set(one.collection, (counts.get(one.collection) ?? 0) + 1);
  const names = [...counts.keys()].sort();
  const lists = el("div", {});
  const list = el("ul", { class: "scope-list", role: "list" });
  const field = el("input", { id: "scope-filter", type: "search", autocomplete: "off", on: { input: () => fill() } });

  function collections() {
    if (names.length < 2) return "";
    return el("fieldset", {}, el("legend", {}, moreText("collections")), el("ul", { class: "scope-list", role: "list" }, names.map((name) =>
      option(name, number(counts.get(name)), collection.includes(name), (yes) => {
        collection = yes ? [...collection, name] : collection.filter((one) => one !== name);
        changed();
        fill();
      })))); // prettier-ignore
  }

  function fill() {
    const wanted = field.value.trim().toLowerCase();
    const ids = new Set(some.map(({ id }) => id));
    const fits = documents.filter((d) => `${d.file} ${d.title ?? ""}`.toLowerCase().includes(wanted) && (!collection.length || collection.includes(d.collection)));
    // What is chosen stays in sight, whatever is looked for.
    const rows = [...documents.filter((d) => ids.has(d.id)), ...fits.filter((d) => !ids.has(d.id))].slice(0, LISTED + ids.size);
    list.replaceChildren(...rows.map((d) =>
      option(d.file, d.title ?? "", ids.has(d.id), (yes, box) => {
        if (yes && some.length >= MOST) return (box.checked = false);
        some = yes ? [...some, { id: d.id, file: d.file }] : some.filter(({ id }) => id !== d.id);
        return changed();
      }))); // prettier-ignore
    rest.textContent = fits.length > LISTED ? moreText("scopeRest", { n: number(fits.length - LISTED) }) : "";
  }

  function draw() {
    lists.replaceChildren(collections(), el("fieldset", {}, el("legend", {}, moreText("scopeDocuments")),
      el("label", { for: "scope-filter", class: "away" }, moreText("scopeFilter")), field, list, rest)); // prettier-ignore
    field.placeholder = moreText("scopeFilter");
    fill();
  }

  const rest = el("p", { class: "hint" });
  const all = button({ text: moreText("scopeEverything"), class: "act" }, () => {
    collection = [];
    some = [];
    changed();
    draw();
  });
  const dialog = el("dialog", { id: "scope-panel", class: "panel", "aria-labelledby": "scope-title" }, el("div", { class: "panel-box" },
    el("header", { class: "panel-head" }, el("h2", { id: "scope-title", tabindex: "-1" }, moreText("scopeTitle")),
      button({ name: "cross", label: t("close"), class: "plain" }, () => dialog.close())),
    el("div", { class: "panel-body" }, el("p", { class: "hint" }, moreText("scopeNote")), el("p", { class: "acts" }, all), lists))); // prettier-ignore
  draw();
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

function option(name, note, checked, change) {
  const box = el("input", { type: "checkbox", on: { change: () => change(box.checked, box) } });
  box.checked = checked;
  return el("li", {}, el("label", {}, box, " ", foreign("span", { class: "file" }, name), note ? foreign("span", { class: "hint" }, ` ${note}`) : ""));
}
