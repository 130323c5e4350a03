// The theme: the system's, light or dark.

import { t } from "../words/language.js";

const ORDER = ["auto", "light", "dark"];
let node = null;

const current = () => document.documentElement.dataset.theme ?? "auto";

/** Make a button go through the themes. */
export function prepare(button) {
  node = button;
  label();
  button.addEventListener("click", () => {
    const next = ORDER[(ORDER.indexOf(current()) + 1) % ORDER.length];
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === "auto") localStorage.removeItem("renglon.theme");
      else localStorage.setItem("renglon.theme", next);
    } catch {
      // Not kept, then.
    }
    label();
  });
}

/** Name the button in the current language. */
export function label() {
  const words = t("theme", { theme: t(`theme.${current()}`) });
  node.setAttribute("aria-label", words);
  node.title = words;
}
