// What to do while nothing is indexed, in place of the questions to begin with.

import { $, el } from "../shell/dom.js";
import { moreText } from "../words/more.js";

/** Show the three steps. */
export function firstSteps() {
  $("#examples-title").textContent = moreText("stepsTitle");
  $("#examples").replaceChildren(...["step1", "step2", "step3"].map((key, n) => el("li", { class: "step" }, `${n + 1}. ${moreText(key)}`)));
}
