// The titles that conversations were given; they are kept where the conversations are.

const KEY = "renglon.titles";
const place = () => (sessionStorage.getItem("renglon.key") ? sessionStorage : localStorage);

/** The title of a conversation, if it was given one. */
export const titleOf = (id) => read()[id];

/** Give a conversation a title, or take it away; without an id, from all. */
export function retitle(id, title = "") {
  const titles = id === null ? {} : { ...read(), [id]: title || undefined };
  try {
    localStorage.removeItem(KEY); // also what was named before the key was given
    if (Object.values(titles).some(Boolean)) place().setItem(KEY, JSON.stringify(titles));
    else place().removeItem(KEY);
  } catch {
    // Not kept, then.
  }
}

function read() {
  try {
    const found = JSON.parse(place().getItem(KEY)) ?? {};
    return Object.fromEntries(Object.entries(found).filter(([, title]) => typeof title === "string"));
  } catch {
    return {};
  }
}
