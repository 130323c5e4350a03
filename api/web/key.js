// Asks for the API key. Loaded only when the server wants one.

import { button, el } from "./dom.js";
import { t } from "./i18n.js";
import { keep } from "./net.js";

/** Whether the reader gave a key; `wrong`: the last one was not the right one. */
export function ask(wrong) {
  return new Promise((resolve) => {
    const field = el("input", { id: "key", type: "password", autocomplete: "current-password", required: true, "aria-describedby": "key-text" });
    const dialog = el("dialog", { class: "panel key", "aria-labelledby": "key-title" },
      el("form", { class: "panel-body", on: { submit: (event) => {
        event.preventDefault();
        keep(field.value);
        dialog.close("given");
      } } },
        el("h2", { id: "key-title" }, t("keyTitle")),
        el("p", { id: "key-text", class: "hint", role: wrong ? "alert" : null }, t(wrong ? "keyWrong" : "keyText")),
        el("label", { for: "key" }, t("keyLabel")), field,
        el("p", { class: "acts" }, button({ text: t("keySend"), class: "act", type: "submit" }),
          button({ text: t("close"), class: "act" }, () => dialog.close())))); // prettier-ignore
    dialog.addEventListener("close", () => {
      dialog.remove();
      const given = dialog.returnValue === "given";
      resolve(given);
      // As when the network comes back: the state of the server is looked at again.
      if (given) dispatchEvent(new Event("online"));
    });
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
  });
}
