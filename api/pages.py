"""Serves the chat page (the files of `api/web/`) and `/docs`, each under a policy that lets nothing else in."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from base64 import b64encode
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parent / "web"
MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# Articles are other people's text. Should a mistake in the page ever let some of it into the markup, this policy
# still runs no script, loads nothing and sends nothing elsewhere; trusted types make every HTML sink throw.
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


# Swagger's page sets styles of its own and draws its icons from data addresses; its one script inline has a hash.
DOCS_POLICY = "; ".join(
    [
        "default-src 'none'", "script-src 'self' '{script}'", "style-src 'self' 'unsafe-inline'", "connect-src 'self'",
        "img-src 'self' data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ]
)  # fmt: skip
DOCS_FILES = "/static-offline-docs"


class _Page(StaticFiles):
    """The page's files. Starlette answers conditional requests; the policy is added to whatever it answers."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def install(app: FastAPI) -> None:
    """Serve the page at `/` and its files below `/web`."""
    for suffix, media_type in MEDIA_TYPES.items():
        # The system's own table may call a script plain text, and then no browser runs it.
        mimetypes.add_type(media_type, suffix)
    files = _Page(directory=WEB)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    app.mount("/web", files, name="web")
    _install_docs(app)


def _install_docs(app: FastAPI) -> None:
    described = get_swagger_ui_html(
        openapi_url="/openapi.json", title=f"{app.title}: the HTTP API",
        swagger_js_url=f"{DOCS_FILES}/swagger-ui-bundle.js", swagger_css_url=f"{DOCS_FILES}/swagger-ui.css",
        swagger_favicon_url="/web/icon.svg",
    )  # fmt: skip
    [script] = re.findall(rb"<script>(.*?)</script>", bytes(described.body), re.S)
    digest = b64encode(hashlib.sha256(script).digest()).decode()
    described.headers.update(HEADERS | {"Content-Security-Policy": DOCS_POLICY.format(script=f"sha256-{digest}")})

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return described
