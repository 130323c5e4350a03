// Requests to the server, with its API key where it asks for one. The key stays in this tab.

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

function keep(key) {
  try {
    sessionStorage.setItem(KEY, key);
  } catch {
    // Asked for again at the next request, then.
  }
}

/** Have the reader give a key; whether they did. */
async function askForKey(wrong) {
  const { ask } = await import("./key-dialog.js"); // most servers want no key
  const key = await ask(wrong);
  if (key === null) return false;
  keep(key);
  // As when the network comes back: the state of the server is looked at again.
  dispatchEvent(new Event("online"));
  return true;
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
    asking ??= askForKey(Boolean(key)).finally(() => (asking = null));
    if (!(await asking)) {
      declined = true;
      return response;
    }
  }
}
