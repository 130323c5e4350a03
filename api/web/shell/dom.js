// Builds elements. Text goes in as text only; no string is ever read as HTML.

export const $ = (selector, root = document) => root.querySelector(selector);

/** An element. Props: `class`, `on: {event: handler}`, `data: {…}`; everything else is an attribute. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "on") for (const [name, handler] of Object.entries(value)) node.addEventListener(name, handler);
    else if (key === "data") Object.assign(node.dataset, value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Text from outside: its own direction, and walled off, so that no control character turns its neighbours round. */
export const foreign = (tag, props, ...text) => el(tag, { dir: "auto", ...props, class: `foreign ${props?.class ?? ""}` }, ...text);

const PATHS = {
  copy: "M7 7h9v9H7zM4 13V4h9",
  check: "M4 10.5 8.5 15 16 5.5",
  cross: "M5 5l10 10M15 5 5 15",
  again: "M15.5 8A6 6 0 1 0 16 11.5M16 4v4.2h-4.2",
  edit: "M4 16l.8-3.4L13 4.4l2.6 2.6-8.2 8.2zM11 6.4 13.6 9",
};

/** A line icon; decoration only, the button that holds it carries the name. */
export function icon(name) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const path = document.createElementNS(ns, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button with an icon, a text, or both; `label` names it where the text doesn't. */
export function button({ name, text, label, title, ...props }, onClick) {
  return el(
    "button",
    { type: "button", "aria-label": label, title: title ?? (text ? undefined : label), ...props, on: { click: onClick } },
    name ? icon(name) : null,
    text ? el("span", {}, text) : null,
  );
}
