"""Who may ask and who may write: host names, the origin of requests that change something, and the API key.

A page in the reader's own browser can send requests to this machine. It can't forge the Host, Origin and
Sec-Fetch-Site headers, so these identify it: a foreign page has another origin, and one that pointed its own name
at this machine (DNS rebinding) sends that name as Host.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import PROBLEM, of_error
from api.keys import READS, Keys
from rag.errors import NotAllowed, RenglonError
from rag.settings import Settings

# Everything else needs the key, so that a new route is closed until somebody decides otherwise.
OPEN = frozenset({"/", "/livez", "/readyz", "/docs", "/openapi.json"})
OPEN_BELOW = ("/web/", "/static-offline-docs/")


class Guard:
    """ASGI middleware: 403 for hosts and origins that are not allowed, 401 without a key, 429 after many wrong ones."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._keys = Keys(settings)
        self._names = {name.strip().lower().rstrip(".") for name in settings.allowed_hosts.split(",") if name.strip()}
        self._names |= {"localhost", settings.host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on. The body is not read."""
        if scope["type"] == "http":
            try:
                self._check(scope, Headers(scope=scope))
            except RenglonError as error:
                await of_error(error, Request(scope))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._host_allowed(hosts[0], scope):
            shown = ", ".join(hosts)[:100]
            raise NotAllowed(f"This service does not answer to the host {shown!r}.", "Set RENGLON_ALLOWED_HOSTS.")
        if scope["method"] not in READS:
            _require_same_origin(headers, hosts[0])
        elif scope["path"].startswith(("/v1", "/mcp")):
            _require_same_site(headers)  # status and size of a response tell another site what is indexed
        if self._keys and not _is_open(scope["path"]):
            self._keys.check(scope, headers.get("authorization", ""))

    def _host_allowed(self, host: str, scope: Scope) -> bool:
        name = _name(host)
        if name is None:
            return False
        if name in self._names or name == (scope.get("server") or ("",))[0]:
            return True
        return is_loopback_address(name)


def is_loopback_address(name: str) -> bool:
    """Whether a name is a numeric address of this machine's own."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith(OPEN_BELOW)


def _name(host: str) -> str | None:
    """The name in a Host header, without port and brackets; None for what is no host."""
    if not host or any(c in host for c in "/\\@?#, \t"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return (parts.hostname or "").rstrip(".") or None


def _require_same_site(headers: Headers) -> None:
    """Refuse what a page of another origin sent, as far as the browser says so. Programs send no such header."""
    if any(site not in ("same-origin", "none") for site in headers.getlist("sec-fetch-site")):
        raise NotAllowed("A page of another site sent this request.", "Use the page of this service, or a program.")


def _require_same_origin(headers: Headers, host: str) -> None:
    """Refuse what a page of another origin sent. Programs other than browsers send neither header."""
    _require_same_site(headers)
    origin = headers.get("origin")
    if origin is None:
        return
    try:
        given = urlsplit(origin)
        same = given.scheme in ("http", "https") and _authority(given.netloc) == _authority(host)
    except ValueError:
        same = False
    if not same:
        raise NotAllowed(
            f"A page of {origin[:100]!r} sent this request.", "Use the page of this service, or a program."
        )


def _authority(netloc: str) -> str:
    return netloc.lower().removesuffix(":80").removesuffix(":443")


def describe(app: FastAPI) -> None:
    """Say in the OpenAPI document what the guard answers, on every route that it guards."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        schema = plain()
        schema["components"].setdefault("securitySchemes", {})["key"] = {"type": "http", "scheme": "bearer"}
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                answers = operation["responses"]
                answers.setdefault("403", {"description": "The host or the origin is not allowed.", **PROBLEM})
                if not _is_open(path):
                    # The empty one: without a key in the settings none is asked for.
                    operation["security"] = [{"key": []}, {}]
                    answers.setdefault("401", {"description": "The API key is missing or wrong.", **PROBLEM})
                    answers.setdefault("429", {"description": "Too many wrong API keys.", **PROBLEM})
                if "requestBody" in operation:
                    answers.setdefault("400", {"description": "The body can't be read.", **PROBLEM})
                    answers.setdefault("413", {"description": "The body is too large.", **PROBLEM})
        return schema

    app.openapi = described  # type: ignore[method-assign]
