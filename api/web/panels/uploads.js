// Adding files to the index from the list of sources, and deleting those that were added. Loaded with that list.

import { $, button, el, foreign } from "../shell/dom.js";
import { t } from "../words/language.js";
import { send } from "../shell/requests.js";

const LOOK_MS = 500; // how often a job is looked at
const OURS = "uploads/"; // how the names of uploaded documents begin

/** Puts the upload into the panel's body, and a delete button into each row of an uploaded document. */
export function attach(body, documents, changed) {
  const said = el("div", { class: "upload-said", role: "status" });
  const field = el("input", { id: "upload", type: "file", multiple: true, class: "away",
    on: { change: () => upload([...field.files]) } }); // prettier-ignore
  const area = el("div", { class: "upload" }, field, el("label", { for: "upload", class: "act" }, t("upload")),
    el("span", { class: "hint" }, t("uploadDrop")), said); // prettier-ignore

  async function upload(files) {
    field.value = "";
    if (!files.length) return;
    said.replaceChildren(el("p", {}, t("uploading")));
    const form = new FormData();
    for (const file of files) form.append("files", file);
    const answer = await finished(await request("/v1/documents", { method: "POST", body: form }));
    const results = answer.files ?? [{ name: files.map((file) => file.name).join(", "), result: "refused", reason: answer.detail }];
    await changed(results.map((one) => line(one)));
  }

  for (const document of documents.filter((one) => one.file.startsWith(OURS))) {
    const row = [...body.querySelectorAll("th a")].find((a) => a.textContent === document.file)?.closest("tr");
    const words = t("deleteOne", document);
    let sure = false;
    const node = button({ name: "cross", label: words, class: "plain" }, async () => {
      if (!sure) {
        // Asked twice, since it can't be undone.
        sure = true;
        node.classList.add("sure");
        node.setAttribute("aria-label", t("deleteSure", document));
        node.title = t("deleteSure", document);
        return said.replaceChildren(el("p", {}, t("deleteSure", document)));
      }
      const answer = await request(`/v1/documents/${encodeURIComponent(document.id)}`, { method: "DELETE" });
      return changed([el("p", { class: answer.detail ? "bad" : null }, answer.detail ?? t("deleted", document))]);
    });
    row?.lastElementChild.append(node);
  }
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    body.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      area.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") upload([...event.dataTransfer.files]);
    }); // prettier-ignore
  }
  $(".hint", body).after(area);
  return said;
}

/** The answer to an upload. A large one becomes a job, which is followed to its end. */
async function finished(answer) {
  let job = answer;
  while (job.kind === "upload" && (job.state === "queued" || job.state === "running")) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    job = await request(`/v1/jobs/${job.id}`);
  }
  return job.report ?? job.error ?? job;
}

async function request(path, options) {
  try {
    const response = await send(path, options);
    return response.status === 204 ? {} : await response.json();
  } catch {
    return { detail: t("noAnswer") };
  }
}

const line = ({ name, result, reason }) =>
  el("p", { class: result === "refused" ? "bad" : null }, foreign("span", { class: "file" }, name), " ",
    foreign("span", {}, result === "refused" ? reason : t(`upload.${result}`))); // prettier-ignore
