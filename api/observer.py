"""Every request gets a number and is counted. The number is in the answer's header, in problems and in the log."""

from __future__ import annotations

import logging
import re
import time
import uuid
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import OTHER, Metrics

HEADER = "X-Request-Id"
CLIENT_GONE = 499
# What a client may choose: enough for the usual forms of ids, and nothing that a log could be damaged with.
_OWN = re.compile(r"[A-Za-z0-9._-]{1,64}")
request_id: ContextVar[str | None] = ContextVar("renglon_request_id", default=None)
log = logging.getLogger("renglon.requests")


class Observer:
    """ASGI middleware, the outermost: numbers, times and counts requests."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the answer carries its number."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        number = given if _OWN.fullmatch(given) else uuid.uuid4().hex
        request_id.set(number)
        status, began = CLIENT_GONE, time.perf_counter()

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = number
            await send(message)

        try:
            await self._app(scope, receive, numbered)
        finally:
            seconds = time.perf_counter() - began
            # The route's pattern, not the path: that may hold a document's name.
            route = str(getattr(scope.get("route"), "path", OTHER))
            self._metrics.request(route, scope["method"], status, seconds)
            log.info("%s %s %d %.1f ms", scope["method"], route, status, seconds * 1000)
