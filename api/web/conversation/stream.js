// Asks the server and reads its events as they come.

import { send } from "../shell/requests.js";

/** The server said no, in its own words: a problem document (RFC 9457). */
export class Problem extends Error {
  constructor(body, status) {
    super(body?.detail ?? body?.title ?? `HTTP ${status}`);
    this.body = { status, ...body };
  }
}

/** The connection failed, or broke off before the last event. */
export class Lost extends Error {}

const LAST = new Set(["answer", "no_evidence", "error"]);

/** Ask after a conversation, within `scope` (fields of the request); calls `on(kind, data)` for each event. Throws Problem or Lost; an abort throws the signal's AbortError. */
export async function ask(question, history, signal, on, scope = {}) {
  let response;
  try {
    response = await send("/v1/query", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify({ question, history, stream: true, ...scope }),
      signal,
    });
  } catch (error) {
    throw signal.aborted ? error : new Lost();
  }
  if (!response.ok) throw new Problem(await response.json().catch(() => null), response.status);
  let ended = false;
  try {
    for await (const [kind, data] of events(response.body)) {
      if (kind === "error") throw new Problem(data, data.status);
      ended ||= LAST.has(kind);
      on(kind, data);
    }
  } catch (error) {
    if (error instanceof Problem || signal.aborted) throw error;
    throw new Lost();
  }
  if (!ended) throw new Lost();
}

/** [event, data] of a body of server-sent events. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    // An event ends at an empty line; \r\n is allowed, and may itself be torn between two chunks.
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parse(block);
      if (event) yield event;
    }
  }
}

function parse(block) {
  let kind = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) kind = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? [kind, JSON.parse(data.join("\n"))] : null;
}
