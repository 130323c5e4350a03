// Texts of what is loaded later, in both languages: the page itself does not wait for them.

import { current } from "./language.js";

const TEXTS = {
  es: {
    export: "Guardar la conversación como",
    exportFailed: "No se pudo guardar.",
    exportCheck: "El archivo JSON se comprueba más tarde con «renglon verify».",
  },
  en: {
    export: "Save the conversation as",
    exportFailed: "It could not be saved.",
    exportCheck: "The JSON file can be checked later with “renglon verify”.",
  },
};

/** A text in the current language. */
export const more = (key, values = {}) => TEXTS[current()][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
