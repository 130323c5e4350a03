// Requests to the server, with its API key where it asks for one. The key stays in this tab and goes with it.

const KEY = "renglon.key";
let asking = null;
let declined = false;

function kept() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Keep the key for this tab. */
export function keep(key) {
  try {
    sessionStorage.setItem(KEY, key);
  } catch {
    // Asked for again at the next request, then.
  }
}

/** `fetch`, asking the reader for the key when the server wants one. Who declined is asked again by what they do. */
export async function send(path, options = {}) {
  if (options.method) declined = false;
  for (;;) {
    const key = kept();
    // A header holds bytes: UTF-8 ones.
    const bytes = key && String.fromCharCode(...new TextEncoder().encode(key));
    const headers = { ...options.headers, ...(bytes && { Authorization: `Bearer ${bytes}` }) };
    const response = await fetch(path, { cache: "no-store", ...options, headers });
    if (response.status !== 401 || declined) return response;
    asking ??= import("./key.js").then(({ ask }) => ask(Boolean(key))).finally(() => (asking = null));
    if (!(await asking)) {
      declined = true;
      return response;
    }
  }
}
