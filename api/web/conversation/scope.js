// What is asked: all articles, or some collections or documents. The choice is remembered in this browser.

import { $ } from "../shell/dom.js";
import { t } from "../words/language.js";

const KEY = "renglon.scope";
const NAMED = 2; // in the button; the others are counted
const ALL = { collection: [], documents: [] };
let chosen = read();

/** {collection: names, documents: [{id, file}]}; both empty for everything. */
export const scope = () => chosen;

/** Ask within another part from now on. */
export function choose(next) {
  chosen = next;
  try {
    if (words(next)) localStorage.setItem(KEY, JSON.stringify(next));
    else localStorage.removeItem(KEY);
  } catch {
    // Not kept, then.
  }
  label();
}

/** Leave out what there is no longer. */
export function prune(documents, collections) {
  const there = new Set(documents.map((d) => d.id));
  const next = {
    collection: chosen.collection.filter((name) => collections.includes(name)),
    documents: chosen.documents.filter(({ id }) => there.has(id)),
  };
  if (next.collection.length + next.documents.length < chosen.collection.length + chosen.documents.length) choose(next);
}

/** A scope in words; "" for everything. */
export function words({ collection, documents } = ALL) {
  const all = [...collection, ...documents.map(({ file }) => file)];
  const what = all.slice(0, NAMED).join(", ");
  if (!all.length) return "";
  return all.length > NAMED ? t("scopeMany", { what, n: all.length - NAMED }) : t("scopeSome", { what });
}

/** Say on its button what is chosen. */
export function label() {
  const text = words(chosen) || t("scopeAll");
  $("#scope span").textContent = text;
  $("#scope").title = text;
}

function read() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY)) ?? ALL;
    const sound = found.collection.every((name) => typeof name === "string") && found.documents.every(({ id, file }) => id && file);
    return sound ? found : ALL;
  } catch {
    return ALL;
  }
}
