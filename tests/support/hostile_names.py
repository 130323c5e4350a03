"""Hostile ids and file names, sent to a server that may be written to."""

from __future__ import annotations

import random
from pathlib import Path

import httpx

ODD = [
    "../", "..\\", "/", "\\", "\x00", "%2e%2e%2f", "%00", "..;/", "\u2215", "\uff0e\uff0e\uff0f", "\u202e",
    "\u200b", "\ud800", "CON", "nul", "aux.txt", "~", ".", "..", "...", "a" * 300, "\n", "\r\n", "\x1b[31m",
    "file://", "C:", "\\\\?\\", "$(id)", "`id`", "'", '"', ";", "|", "<script>", "😀", "e\u0301",
    "\u0130", "\ufdd0", "%c0%ae", "{}",
]  # fmt: skip
WORDS = [*ODD, "secret", "uploads", "catalog.sqlite"]
SECRET = "nadie debe leer esto jamás"
_FORM = {"content-type": "multipart/form-data; boundary=frontera"}


def _multipart(name: str) -> bytes:
    """A part with a file name as an attacker writes it: no client tidies it first."""
    raw = name.replace('"', "%22").replace("\r", "").replace("\n", "").encode("utf-8", "surrogatepass")
    head = b'--frontera\r\nContent-Disposition: form-data; name="files"; filename="' + raw
    return head + b'"\r\nContent-Type: text/plain\r\n\r\nUna nota cualquiera.\r\n--frontera--\r\n'


def walk(url: str, times: int, seed: int) -> list[str]:
    """Upload, read, replace and delete documents under random hostile names; what went wrong.

    No answer may be an error of the server or hold `SECRET`. What was uploaded is deleted at the end.
    """
    chance, wrong, made = random.Random(seed), list[str](), set[str]()
    with httpx.Client(base_url=url, timeout=60) as client:
        for i in range(times):
            name = "".join(chance.choices(WORDS, k=chance.randint(1, 5)))
            quoted = "".join(f"%{byte:02X}" for byte in name.encode("utf-8", "surrogatepass"))
            path = f"/v1/documents/{quoted}"
            if i % 4 == 0:
                body = _multipart(name + chance.choice([".txt", ""]))
                response = client.post("/v1/documents", content=body, headers=_FORM)
                made |= {one["id"] for one in response.json().get("files", []) if one["id"]}
            elif i % 4 == 1:
                response = client.get(path + chance.choice(["", "/lines"]))
            elif i % 4 == 2:
                response = client.put(path, files={"file": (f"x{i}.txt", b"Algo.\n")})
            else:
                response = client.delete(path)
            if response.status_code >= 500 or SECRET in response.text:
                wrong.append(f"{response.request.method} {name!r}: {response.status_code} {response.text[:200]}")
        if not made:
            wrong.append("nothing was taken, so nothing was tried")
        for id_ in sorted(made):
            status = client.delete(f"/v1/documents/{id_}").status_code
            if status != 204:
                wrong.append(f"DELETE {id_}: {status}")
    return wrong


def strangers(around: Path) -> set[str]:
    """The files in and below a folder, but for those of the data folder `data` in it."""
    return {str(path.relative_to(around)) for path in around.rglob("*") if (around / "data") not in path.parents}
