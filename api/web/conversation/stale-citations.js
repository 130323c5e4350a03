// Old answers against the index of today: citations whose file changed since are checked again, by the server.

import { send } from "../shell/requests.js";

const MOST = 200; // citations in a request

/** Marks each citation with `now`: "moved" or "stale", and with `older` the turns whose answer is of an older index.
 * Returns the turns of which a mark changed. */
export async function recheck(turns, documents, version) {
  const versions = new Map(documents.map((d) => [d.id, d.sha256]));
  const changed = new Set();
  const mark = (turn, citation, state) => {
    const now = state === "valid" ? undefined : state;
    if (citation.now !== now) changed.add(turn);
    citation.now = now;
  };
  const open = [];
  for (const turn of turns) {
    const older = Boolean(turn.answer && turn.answer.index_version < version);
    if (older !== Boolean(turn.older)) changed.add(turn);
    turn.older = older;
    for (const citation of turn.answer?.citations ?? []) {
      if (versions.get(citation.document_id) === citation.file_sha256) mark(turn, citation, "valid");
      else open.push([turn, citation]);
    }
  }
  for (let start = 0; start < open.length; start += MOST) {
    const some = open.slice(start, start + MOST);
    const citations = some.map(([, { document_id, file_sha256, char_start, char_end, quote, line_start }]) =>
      ({ document_id, file_sha256, char_start, char_end, quote, line_start })); // prettier-ignore
    const response = await send("/v1/citations/verify", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ citations }),
    });
    if (!response.ok) break; // nothing is claimed of what could not be checked
    (await response.json()).citations.forEach(({ state }, i) => mark(...some[i], state));
  }
  return changed;
}
