// The language of the interface: the browser's, until the reader chooses.

const LANGUAGES = ["es", "en"];
const KEY = "renglon.language";
const load = (tag) => import(`./${tag}.js`);
let language = stored() ?? (navigator.languages ?? [navigator.language]).map(known).find(Boolean) ?? "en";
// Only the language that is shown is loaded; the page's texts wait for it.
let { words, questions } = await load(language);

function known(tag) {
  // Someone whose browser speaks Catalan, Galician or Basque reads Spanish rather than English.
  const base = String(tag).slice(0, 2).toLowerCase();
  return ["es", "ca", "gl", "eu"].includes(base) ? "es" : base === "en" ? "en" : null;
}

function stored() {
  try {
    const value = localStorage.getItem(KEY);
    return LANGUAGES.includes(value) ? value : null;
  } catch {
    return null;
  }
}

export const current = () => language;

/** Questions for the empty page, in the current language. */
export const samples = () => questions;

/** A text in the current language. */
export const t = (key, values) => fill(words, key, values);

export function fill(words, key, values = {}) {
  const text = (values.n === 1 && words[`${key}.one`]) || words[key] || key;
  // A function as replacement: values may hold "$&" and the like.
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

export const number = (n) => n.toLocaleString(language);

export const date = (iso) =>
  new Date(iso).toLocaleString(language, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** Where a citation stands: "línea 8", "líneas 8–9". */
export const lines = ({ line_start: a, line_end: b }) => (a === b ? t("line", { a }) : t("lines", { a, b }));

/** Change the language and keep the choice. */
export async function choose(next) {
  ({ words, questions } = await load(next));
  language = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Not kept, then.
  }
}

/** Put the words of the static page in place: data-t, data-t-label, data-t-title, data-t-placeholder. */
export function translate(root = document) {
  document.documentElement.lang = language;
  const places = { t: null, tLabel: "aria-label", tTitle: "title", tPlaceholder: "placeholder" };
  for (const [key, attribute] of Object.entries(places)) {
    const selector = `data-${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    for (const node of root.querySelectorAll(`[${selector}]`)) {
      if (attribute) node.setAttribute(attribute, t(node.dataset[key]));
      else node.textContent = t(node.dataset[key]);
    }
  }
}
