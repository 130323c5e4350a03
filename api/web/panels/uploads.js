// Adding files to the index from the list of sources, and deleting those that were added. Loaded with that list.

import { $, button, el, foreign } from "../shell/dom.js";
import { moreText } from "../words/more.js";
import { send } from "../shell/requests.js";

const LOOK_MS = 500; // how often a job is looked at
const PARCEL_FILES = 200; // in one request
const PARCEL_BYTES = 20_000_000;
const MOST_FILES = 2000; // of a folder that is dropped
const SUFFIXES = /\.(docx|eml|epub|htm|html|md|mht|mhtml|odt|pdf|srt|txt|vtt|xhtml)$/i; // what is taken of a folder; of single files the server says why it refuses them
const OURS = "uploads/"; // how the names of uploaded documents begin

/** Puts the upload into the panel's body, and a delete button into each row of an uploaded document.
    `known`: the names of the index's collections; `asked`: of those that questions are asked within. */
export function attach(body, documents, known, asked, changed) {
  const said = el("div", { class: "upload-said", role: "status" });
  const field = el("input", { id: "upload", type: "file", multiple: true, class: "away",
    on: { change: () => upload([...field.files]) } }); // prettier-ignore
  const collections = [...new Set([...known, ...documents.map((one) => one.collection)])].sort();
  const into = el("select", { id: "upload-into" }, collections.map((name) => el("option", { value: name }, name)));
  into.value = [...asked, "default"].find((name) => collections.includes(name)) ?? collections[0];
  const area = el("div", { class: "upload" }, field, el("label", { for: "upload", class: "act" }, moreText("upload")),
    collections.length > 1 && el("label", { class: "hint" }, moreText("uploadInto"), " ", into),
    el("span", { class: "hint" }, moreText("uploadDrop")), said); // prettier-ignore

  async function upload(files) {
    field.value = "";
    if (!files.length) return;
    said.replaceChildren(el("p", {}, moreText("uploading")));
    const results = [];
    for (const some of parcels(files)) {
      const form = new FormData();
      for (const file of some) form.append("files", file);
      const where = collections.length ? `?collection=${encodeURIComponent(into.value)}` : "";
      const answer = await finished(await request(`/v1/documents${where}`, { method: "POST", body: form }));
      const names = some.map((file) => file.name).join(", ");
      results.push(...(answer.files ?? [{ name: names, result: "refused", reason: answer.detail }]));
    }
    await changed(results.map((one) => line(one)));
  }

  for (const document of documents.filter((one) => one.file.startsWith(OURS))) {
    const row = [...body.querySelectorAll("th a")].find((a) => a.textContent === document.file)?.closest("tr");
    const words = moreText("deleteOne", document);
    let sure = false;
    const node = button({ name: "cross", label: words, class: "plain" }, async () => {
      if (!sure) {
        // Asked twice, since it can't be undone.
        sure = true;
        node.classList.add("sure");
        node.setAttribute("aria-label", moreText("deleteSure", document));
        node.title = moreText("deleteSure", document);
        return said.replaceChildren(el("p", {}, moreText("deleteSure", document)));
      }
      const answer = await request(`/v1/documents/${encodeURIComponent(document.id)}`, { method: "DELETE" });
      return changed([el("p", { class: answer.detail ? "bad" : null }, answer.detail ?? moreText("deleted", document))]);
    });
    row?.lastElementChild.append(node);
  }
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    body.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      area.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") dropped(event.dataTransfer).then(upload);
    }); // prettier-ignore
  }
  $(".hint", body).after(area);
  return said;
}

/** The files of a drop, those in its folders included; what a reader hides (a name that begins with a dot) stays away. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const files = [];
  const walk = async (entry) => {
    if (entry.name.startsWith(".") || files.length >= MOST_FILES) return;
    if (entry.isFile) return void files.push(await new Promise((done, fail) => entry.file(done, fail)));
    const reader = entry.createReader();
    for (;;) {
      // A folder is given in parts, the last of which is empty.
      const part = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!part.length) return;
      for (const one of part) await walk(one);
    }
  };
  for (const entry of entries) await walk(entry);
  return files.filter((file) => SUFFIXES.test(file.name));
}

/** Files in groups of which each fits into one request. */
function parcels(files) {
  const groups = [];
  let size = Infinity;
  for (const file of files) {
    if (size + file.size > PARCEL_BYTES || groups.at(-1).length >= PARCEL_FILES) groups.push([]);
    size = groups.at(-1).length ? size + file.size : file.size;
    groups.at(-1).push(file);
  }
  return groups;
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
    return { detail: moreText("noAnswer") };
  }
}

const line = ({ name, result, reason }) =>
  el("p", { class: result === "refused" ? "bad" : null }, foreign("span", { class: "file" }, name), " ",
    foreign("span", {}, [result !== "refused" && moreText(`upload.${result}`), reason].filter(Boolean).join(". "))); // prettier-ignore
