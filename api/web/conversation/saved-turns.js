// The questions asked in this browser, with their answers and citations. They stay here and nowhere else; with an API
// key they are kept as the key is, until the tab closes.

const KEY = "renglon.history";
const TALK = "renglon.talk";
const MOST = 100; // about 8 kB each; browsers give 5 MB
const STATES = new Set(["done", "stopped", "lost", "failed"]);

/** Turns, oldest first. What can't be read is left out. */
export function load() {
  try {
    const found = JSON.parse(place().getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter(sound).map(settle) : [];
  } catch {
    return [];
  }
}

/** The conversation that is shown: this tab's own, or else the one that was asked in last. */
export function talk(turns) {
  return kept(TALK) ?? turns.at(-1)?.talk ?? "";
}

/** Show another conversation in this tab, also after a reload. */
export function enter(id) {
  try {
    sessionStorage.setItem(TALK, id);
  } catch {
    // The latest one after a reload, then.
  }
}

function kept(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keep a turn: put in its place, or at the end. Reads first, so that two tabs don't undo each other. */
export function put(turn) {
  const turns = load();
  const at = turns.findIndex((one) => one.id === turn.id);
  if (at < 0) turns.push(turn);
  else turns[at] = turn;
  write(turns);
}

/** Forget one turn, or all of them. */
export function forget(id = null) {
  write(id === null ? [] : load().filter((turn) => turn.id !== id));
}

const place = () => (sessionStorage.getItem("renglon.key") ? sessionStorage : localStorage);

function write(turns) {
  let some = turns.slice(-MOST);
  for (;;) {
    try {
      localStorage.removeItem(KEY); // also what was asked before the key was given
      if (some.length) place().setItem(KEY, JSON.stringify(some));
      else place().removeItem(KEY);
      return;
    } catch {
      // Full, or not allowed at all: the oldest goes, until it fits or nothing is left.
      if (!some.length) return;
      some = some.slice(Math.ceil(some.length / 4));
    }
  }
}

const sound = (turn) =>
  turn !== null && typeof turn === "object" && typeof turn.id === "string" && typeof turn.question === "string" &&
  typeof turn.text === "string" && Array.isArray(turn.citations) && Array.isArray(turn.passages) &&
  (!turn.answer || (typeof turn.answer.text === "string" && Array.isArray(turn.answer.citations)));

/** A turn that was under way when the page closed was interrupted. */
const settle = (turn) => (STATES.has(turn.state) ? turn : { ...turn, state: "lost" });
