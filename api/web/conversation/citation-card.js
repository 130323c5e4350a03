// The card of a citation whose chip has the pointer or the focus.

import { emphasised } from "./answer-states.js";
import { $, el, foreign } from "../shell/dom.js";
import { lines, t } from "../words/language.js";

const card = el("div", { id: "tip", class: "tip", role: "tooltip", hidden: true });
const LEAVE_MS = 120; // long enough for the pointer to move from the chip into the card
const MOST = 420;
let owner = null;
let leaving = null;

// Inside main: a landmark holds everything on the page.
$("#main").append(card);
card.addEventListener("pointerenter", () => clearTimeout(leaving));
card.addEventListener("pointerleave", later);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || card.hidden) return;
  hide();
  event.stopImmediatePropagation(); // one Escape closes one thing
}, true); // prettier-ignore
addEventListener("scroll", (event) => event.target !== card && hide(), { capture: true, passive: true });
addEventListener("resize", () => owner && place(owner));

/** Make a chip show its citation. */
export function attach(chip, citation) {
  chip.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && show(chip, citation));
  chip.addEventListener("pointerleave", later);
  chip.addEventListener("focus", () => chip.matches(":focus-visible") && show(chip, citation));
  chip.addEventListener("blur", hide);
}

function show(chip, c) {
  clearTimeout(leaving);
  owner?.removeAttribute("aria-describedby");
  owner = chip;
  chip.setAttribute("aria-describedby", "tip");
  card.replaceChildren(
    foreign("p", { class: c.code ? "tip-quote code" : "tip-quote" }, ...emphasised(c, c.quote, MOST)),
    el("p", { class: "tip-place" }, foreign("span", { class: "file" }, c.file), el("span", { class: "where" }, lines(c))),
    known(c) ? foreign("p", { class: "hint" }, known(c)) : "",
    c.verified === false ? el("p", { class: "bad" }, t("unverified")) : "",
  );
  card.hidden = false;
  place(chip);
}

/** Its section, and what is known of the document: title, who published it, when. */
const known = ({ section, title, author, published }) => [...new Set([section, title, author, published])].filter(Boolean).join(", ");

/** Below the chip, where it doesn't cover the sentence, or above it where there is more room; never over the chip
 * itself, nor beyond the window's edges. */
function place(chip) {
  const at = chip.getBoundingClientRect();
  card.style.maxHeight = "";
  const size = card.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left + at.width / 2 - size.width / 2, innerWidth - size.width - 8));
  const [above, below] = [at.top - 14, innerHeight - at.bottom - 14];
  const height = Math.min(size.height, Math.max(above, below));
  card.style.maxHeight = `${height}px`;
  card.style.left = `${left}px`;
  card.style.top = `${size.height <= below || below >= above ? at.bottom + 6 : at.top - height - 6}px`;
}

function later() {
  clearTimeout(leaving);
  leaving = setTimeout(() => document.activeElement !== owner && hide(), LEAVE_MS);
}

export function hide() {
  clearTimeout(leaving);
  card.hidden = true;
  owner?.removeAttribute("aria-describedby");
  owner = null;
}
