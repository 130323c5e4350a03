// The empty page's three questions: known to be answerable for the articles that ship with Renglón; for anybody
// else's folder, made from the first words of three of its own files.

import { send } from "../shell/requests.js";
import { samples } from "../words/language.js";

const SEED = "60289b1f0715d09a"; // in the name of the first article that ships with Renglón
const WORDS_SHOWN = 12;

/** {own, questions} for these documents. */
export async function examples(documents) {
  if (documents.some((d) => d.file.includes(SEED))) return { own: false, questions: samples() };
  const heads = await Promise.all(spread(documents).map((d) => head(d).catch(() => null)));
  return { own: true, questions: heads.filter(Boolean) };
}

/** First, middle and last. */
const spread = (all) => [...new Set([all[0], all[Math.floor(all.length / 2)], all.at(-1)])].filter(Boolean);

async function head(document) {
  const end = Math.min(8, document.lines);
  const response = await send(`/v1/documents/${encodeURIComponent(document.id)}/lines?start=1&end=${end}`);
  if (!response.ok) return null;
  const line = (await response.json()).lines.map((one) => one.text.trim()).find((text) => /\w/.test(text));
  return line ? line.split(/\s+/).slice(0, WORDS_SHOWN).join(" ").replace(/[.,:;]$/, "") : null;
}
