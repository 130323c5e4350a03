// The conversation as a file, which the server makes. Loaded with the history.

import { button, el } from "../shell/dom.js";
import { send } from "../shell/requests.js";
import { moreText } from "../words/more.js";

const FORMATS = [["markdown", "Markdown", "md"], ["html", "HTML", "html"], ["json", "JSON", "json"],
  ["csl", "CSL-JSON", "csl.json"], ["bibtex", "BibTeX", "bib"]]; // prettier-ignore

/** Buttons that save the answers of the turns, one for each format. */
export function exporter(turns) {
  const answers = turns.filter((turn) => turn.answer).map(({ answer }) => ({ ...answer, passages: [] }));
  if (!answers.length) return "";
  const said = el("span", { class: "hint", role: "status" });
  const buttons = FORMATS.map(([format, text, suffix]) =>
    button({ text, class: "act" }, async () => {
      said.textContent = "";
      try {
        const response = await send("/v1/exports", {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ format, answers }),
        }); // prettier-ignore
        if (!response.ok) throw new Error(response.status);
        save(await response.blob(), `renglon.${suffix}`);
      } catch {
        said.textContent = moreText("exportFailed");
      }
    }),
  );
  return el("div", { class: "export" }, el("p", { id: "export" }, moreText("export")),
    el("p", { class: "acts", role: "group", "aria-labelledby": "export" }, buttons),
    el("p", { class: "hint" }, moreText("exportCheck")), said); // prettier-ignore
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
