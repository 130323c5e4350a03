// What the keys do, over the page. Opened by "?" or by the button under the question.

import { button, el, $ } from "../shell/dom.js";
import { t } from "../words/language.js";
import { moreText } from "../words/more.js";
import { stylesheet } from "../shell/stylesheet.js";

await stylesheet("/web/panels/panels.css");

const KEYS = [
  ["Enter", "helpAsk"], ["Shift + Enter", "helpLine"], ["Enter", "helpOpen"], ["← →", "helpNext"], ["/", "helpFind"], ["Esc", "helpClose"], ["?", "helpHelp"],
]; // prettier-ignore

/** Show the list; the focus returns to where it was. */
export function showHelp() {
  if ($("#help")) return;
  const dialog = el("dialog", { id: "help", class: "panel", "aria-labelledby": "help-title" }, el("div", { class: "panel-box" },
    el("header", { class: "panel-head" }, el("h2", { id: "help-title", tabindex: "-1" }, moreText("helpTitle")),
      button({ name: "cross", label: t("close"), class: "plain" }, () => dialog.close())),
    el("div", { class: "panel-body" }, el("table", {}, el("tbody", {}, KEYS.map(([keys, text]) =>
      el("tr", {}, el("td", {}, el("kbd", {}, keys)), el("th", { scope: "row" }, moreText(text))))))))); // prettier-ignore
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
