// One question and its answer. No element is made here; `changed` is called at every step.

import { slice } from "../shell/offsets.js";
import { Lost, Problem, ask } from "./stream.js";

const SLOW_MS = 4000;
const RETRY_MS = 1000;
const MOST_TOLD = 6; // turns that a follow-up may refer to
const MOST_CHARS = 4000;

/**
 * A turn. `state`: queued (waits for the server to be ready) → asking → done | stopped | lost | failed.
 * `talk` is the conversation that it belongs to, `scope` what it was asked within.
 * `text`, `citations` and `passages` grow while it is asking; `answer` is the whole, at the end.
 */
export const newTurn = (question, talk, scope) => ({
  id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
  question, talk, scope, at: new Date().toISOString(), state: "queued",
  text: "", citations: [], passages: [], answer: null, problem: null, slow: false,
}); // prettier-ignore

/** The conversation before a turn: the last ones that were answered, as the server wants them. */
export const before = (turns, turn) =>
  turns.slice(0, turns.indexOf(turn)).filter((one) => one.answer).slice(-MOST_TOLD).flatMap(({ question, answer }) => [
    { role: "user", content: slice(question, 0, MOST_CHARS) },
    { role: "assistant", content: slice(answer.text, 0, MOST_CHARS) },
  ]); // prettier-ignore

const running = new Map();

export const busy = () => running.size > 0;

/** Stop a turn, or all of them. */
export function stop(id = null) {
  for (const [key, controller] of running) if (id === null || key === id) controller.abort();
}

/** Ask the turn's question after the conversation `history`, from the beginning. `ready()` resolves when the server is. */
export async function run(turn, history, ready, changed) {
  const controller = new AbortController();
  running.set(turn.id, controller);
  const signal = controller.signal;
  const step = (values) => changed(Object.assign(turn, values));
  let slow = null;
  const wait = () => {
    clearTimeout(slow);
    slow = setTimeout(() => step({ slow: true }), SLOW_MS);
  };
  try {
    for (let tries = 0; ; tries += 1) {
      step({ state: "queued", text: "", citations: [], passages: [], answer: null, problem: null, slow: false, older: false });
      await Promise.race([ready(), aborted(signal)]);
      step({ state: "asking" });
      wait();
      try {
        await ask(turn.question, history, signal, (kind, data) => {
          wait();
          step({ slow: false, ...after(turn, kind, data) });
        }, within(turn.scope));
        break;
      } catch (error) {
        // The server is up but not ready yet.
        const loading = error instanceof Problem && error.body.type === "urn:renglon:not-ready";
        if (!loading || tries > 600) throw error;
        await Promise.race([new Promise((done) => setTimeout(done, RETRY_MS)), aborted(signal)]);
      } finally {
        clearTimeout(slow);
      }
    }
    step({ state: "done", slow: false });
  } catch (error) {
    if (signal.aborted) step({ state: "stopped", slow: false });
    else if (error instanceof Problem) step({ state: "failed", problem: error.body, slow: false });
    else {
      step({ state: "lost", slow: false });
      if (!(error instanceof Lost)) console.error(error);
    }
  } finally {
    clearTimeout(slow);
    running.delete(turn.id);
    changed(turn);
  }
}

const within = ({ collection, documents } = { collection: [], documents: [] }) => ({
  ...(collection.length && { collection }),
  ...(documents.length && { documents: documents.map(({ id }) => id) }),
});

/** What an event changes. */
function after(turn, kind, data) {
  if (kind === "passages") return { passages: data };
  if (kind === "delta") return { text: turn.text + data.text };
  // A model failed in the middle of its answer: what it wrote goes, and the answer starts over.
  if (kind === "retract") return { text: "", citations: [] };
  if (kind === "citation") return { citations: [...turn.citations, data] };
  if (kind === "answer" || kind === "no_evidence") {
    // Kept once: the answer is the truth, and what came before it only its draft.
    return { answer: data, text: "", citations: [], passages: [] };
  }
  return {};
}

const aborted = (signal) =>
  new Promise((_, reject) => {
    const fail = () => reject(new DOMException("stopped", "AbortError"));
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail, { once: true });
  });
