// Where the question is typed. What stands in it survives a reload.

import { $ } from "../shell/dom.js";

const KEY = "renglon.draft";
const form = $("#composer");
const field = $("#question");

/** Wire it: `submit(question)` for Enter or the button, `stop()` for the same button while an answer is made. */
export function prepare(submit, stop) {
  const send = (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (!question) return field.focus();
    fill("");
    return submit(question);
  };
  form.addEventListener("submit", send);
  $("#stop").addEventListener("click", () => {
    stop();
    field.focus();
  });
  field.addEventListener("keydown", (event) => {
    // While an input method composes, Enter belongs to it.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) send(event);
  });
  field.addEventListener("input", changed);
  $("#skip").addEventListener("click", (event) => {
    event.preventDefault();
    field.focus();
  });
  try {
    // What was typed while this script was still on its way comes first.
    field.value ||= sessionStorage.getItem(KEY) ?? "";
  } catch {
    // No draft, then.
  }
  changed();
}

/** Put a text into it, ready to be changed. */
export function fill(text) {
  field.value = text;
  changed();
  focus();
}

export function focus() {
  field.focus({ preventScroll: true });
}

/** Show the stop button while something can be stopped. */
export function busy(yes) {
  const held = document.activeElement === $("#stop");
  $("#stop").hidden = !yes;
  if (!yes && held) field.focus();
}

function changed() {
  // It grows with its text, up to the height that the style sheet allows.
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
  form.dataset.empty = String(!field.value.trim());
  try {
    if (field.value) sessionStorage.setItem(KEY, field.value);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Not kept, then.
  }
}
