"""Serves the chat page: the files of `api/web/`, under a policy that lets nothing else in."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

WEB = Path(__file__).parent / "web"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Articles are other people's text. Should a mistake of ours ever let some of it into the markup, this policy
# still runs no script, loads nothing, and sends nothing elsewhere; trusted types make every HTML sink throw.
POLICY = "; ".join(
    [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ]
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The browser keeps the files and asks each time whether they changed: an upgrade shows at once.
    "Cache-Control": "no-cache",
}


def install(app: FastAPI) -> None:
    """Serve the page at `/` and its files at `/web/{name}`."""
    # Names are looked up here, never joined to a path, so that no name can leave the folder.
    files = {path.name: path for path in WEB.iterdir() if path.suffix in MEDIA_TYPES}

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def page(request: Request) -> Response:
        return _serve(files["index.html"], request)

    @app.api_route("/web/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    def asset(name: str, request: Request) -> Response:
        if name not in files:
            raise HTTPException(404, f"There is no file {name[:80]!r} in the page.")
        return _serve(files[name], request)


def _serve(path: Path, request: Request) -> Response:
    """A file, or 304 when the browser has it. Read each time: it is a few kB, and an edit shows on reload."""
    content = path.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {**HEADERS, "ETag": etag}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in known:
        return Response(status_code=304, headers=headers)
    body = b"" if request.method == "HEAD" else content
    if not body:
        headers["Content-Length"] = str(len(content))
    return Response(body, headers=headers, media_type=MEDIA_TYPES[path.suffix])
