"""`/mcp` on the running service: the protocol over HTTP. Its library is imported when somebody first asks for it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api.errors import of_error
from rag.errors import NotReady

if TYPE_CHECKING:
    from api.service import Service

log = logging.getLogger("renglon")


class McpDoor:
    """An ASGI application. Each request stands alone: nothing is kept between two of them."""

    def __init__(self, service: Service, max_body_bytes: int) -> None:
        self._service, self._max_body_bytes = service, max_body_bytes
        self._manager: Any = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """For the lifetime of the service: the task that everything of the protocol runs in."""
        self._wanted, self._settled = anyio.Event(), anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run)
            yield
            tasks.cancel_scope.cancel()

    async def _run(self) -> None:
        await self._wanted.wait()
        try:
            server = await to_thread.run_sync(self._server)
        except Exception:
            log.exception("the Model Context Protocol can't be served")
            self._settled.set()
            return
        async with server.session_manager.run():
            self._manager = server.session_manager
            self._settled.set()
            await anyio.sleep_forever()

    def _server(self) -> Any:
        from mcp.server.transport_security import TransportSecuritySettings

        from api.mcp.server import article_server
        from api.mcp.sources import OwnArticles

        server = article_server(OwnArticles(self._service))
        # Host and origin have been checked already, by the rule of all other routes (`api/guard.py`).
        server.streamable_http_app(
            stateless_http=True, json_response=True, max_request_body_size=self._max_body_bytes,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )  # fmt: skip
        return server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self._wanted.set()
        await self._settled.wait()
        if self._manager is None:
            error = NotReady("The Model Context Protocol can't be served.", "The server's log says why.")
            await of_error(error, Request(scope))(scope, receive, send)
            return
        await self._manager.handle_request(scope, receive, send)
