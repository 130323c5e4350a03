// How the server is: watched until it is ready, and again whenever a request fails.

import { send } from "./requests.js";

const EVERY_MS = { starting: 700, gone: 1500, failed: 5000 };
const PHASES = [
  [/^opening/, "phase.opening"],
  [/^loading/, "phase.model"],
  [/^indexing/, "phase.indexing"],
  [/^warming/, "phase.warming"],
];

let timer = null;
let looks = 0;
let tell = () => {};
/** "unknown" | "starting" | "ready" | "failed" | "gone" | "locked": asks for a key that it was not given */
export let state = "unknown";

/** Begin; `changed(state, phase key, phase)` is called at each look. */
export function watch(changed) {
  tell = changed;
  look();
}

/** Look now: a request just failed, or the network came back. */
export async function look() {
  clearTimeout(timer);
  const mine = (looks += 1);
  const found = await ask();
  if (mine !== looks) return; // a newer look is on its way
  state = found.state;
  tell(state, state === "starting" ? key(found.phase) : `phase.${state}`, found.phase);
  if (state in EVERY_MS) timer = setTimeout(look, EVERY_MS[state]);
}

async function ask() {
  try {
    const response = await send("/v1/index");
    if (response.status === 401) return { state: "locked", phase: "" };
    const body = await response.json();
    return ["starting", "ready", "failed"].includes(body.state) ? body : { state: "starting", phase: "" };
  } catch {
    return { state: "gone", phase: "" };
  }
}

const key = (phase) => PHASES.find(([pattern]) => pattern.test(phase))?.[1] ?? "phase.starting";
