// A citation's page as it is printed, the quote's boxes marked on it. Loaded when a citation has boxes.

import { el } from "../shell/dom.js";
import { send } from "../shell/requests.js";
import { stylesheet } from "../shell/stylesheet.js";
import { moreText } from "../words/more.js";

const SCALES = [1, 1.5, 2, 3]; // what the server draws
let request = 0;

/**
 * Put the citation's page before its lines: a picture for the eyes, while the lines say the same to a screen reader.
 * Where the check did not find the quote in its place, nothing is marked on the page, and a note says so.
 */
export async function show(citation, list, { result }) {
  const mine = (request += 1);
  const marked = result?.kind === "ok" || result?.kind === "changed";
  const number = citation.boxes[0].page;
  const sharp = (devicePixelRatio || 1) * Math.max(1, list.clientWidth / 595); // A4 is 595 points wide
  const scale = SCALES.find((one) => one >= sharp) ?? 3;
  const response = await send(`/v1/documents/${encodeURIComponent(citation.document_id)}/pages/${number}.png?scale=${scale}`);
  if (!response.ok) return;
  const picture = await createImageBitmap(await response.blob());
  if (mine !== request || !list.isConnected || !list.firstChild) return; // something else is shown by now
  await stylesheet("/web/source/printed-page.css");
  const note = moreText(marked ? "pageMarked" : "pageUnmarked", { n: number });
  const canvas = el("canvas", { class: "page", width: picture.width, height: picture.height, role: "img", "aria-label": note });
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const boxes = citation.boxes.filter((box) => box.page === number);
  if (marked) paint(pen, boxes, Number(response.headers.get("X-Scale")) || scale);
  list.querySelector(".printed")?.remove();
  list.prepend(el("li", { class: "printed" }, canvas, el("p", {}, note)));
  const at = canvas.getBoundingClientRect().height * (boxes[0].top * scale) / picture.height;
  list.scrollTop = Math.max(0, at - list.clientHeight / 3);
}

function paint(pen, boxes, pixels) {
  pen.globalCompositeOperation = "multiply"; // the letters stay black
  pen.fillStyle = "#ffe066";
  for (const { left, top, right, bottom } of boxes) {
    pen.fillRect((left - 1) * pixels, top * pixels, (right - left + 2) * pixels, (bottom - top) * pixels);
  }
}
