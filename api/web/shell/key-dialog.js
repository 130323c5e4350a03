// Asks for the API key. Loaded only when the server wants one.

import { button, el } from "./dom.js";
import { t } from "../words/language.js";
import { moreText } from "../words/more.js";
import { stylesheet } from "./stylesheet.js";

await stylesheet("/web/panels/panels.css");

/** The key that the reader gave, or null. `wrong`: the last one was not the right one. */
export function ask(wrong) {
  return new Promise((resolve) => {
    const field = el("input", { id: "key", type: "password", autocomplete: "current-password", required: true, "aria-describedby": "key-text" });
    const dialog = el("dialog", { class: "panel key", "aria-labelledby": "key-title" },
      el("form", { class: "panel-body", on: { submit: (event) => {
        event.preventDefault();
        dialog.close("given");
      } } },
        el("h2", { id: "key-title" }, moreText("keyTitle")),
        el("p", { id: "key-text", class: "hint", role: wrong ? "alert" : null }, moreText(wrong ? "keyWrong" : "keyText")),
        el("label", { for: "key" }, moreText("keyLabel")), field,
        el("p", { class: "acts" }, button({ text: moreText("keySend"), class: "act", type: "submit" }),
          button({ text: t("close"), class: "act" }, () => dialog.close())))); // prettier-ignore
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "given" ? field.value : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
  });
}
