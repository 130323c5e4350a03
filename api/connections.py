"""What one connection may cost, and how many there may be.

uvicorn's own options bound the head of a request and the pause between two requests. It waits without end for a first
request, for the rest of one, and for a client to read its answer; each of these holds memory and a file descriptor.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.errors import problem


@dataclass(frozen=True)
class Limits:
    """Constants rather than settings: what a reverse proxy or a browser needs is far below each of them."""

    connections: int = 512  # half of the descriptors that a process usually gets
    backlog: int = 256  # accepted at one go, beyond `connections`
    head_bytes: int = 65_536
    head_s: float = 10.0  # for a whole head, from the connection or the end of the answer before
    keep_alive_s: int = 5
    body_s: float = 20.0  # in which `progress_bytes` of a body have to come
    write_s: float = 30.0  # in which `progress_bytes` of an answer have to be taken
    progress_bytes: int = 2_000


# Whose turn it is. The client's: to send a head or a body, to read, to read the rest before the end. Or the service's.
State = Literal["head", "body", "write", "end", "service"]


class Connection(H11Protocol):
    """uvicorn's HTTP connection with an end to each wait for the client."""

    limits = Limits()
    refusals = 64  # connections beyond the limit that may send a request, to be told why it is refused

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state: State = "service"
        self.waits_since = 0.0
        self._moved = 0
        self._unread = 0
        self._timer: asyncio.TimerHandle | None = None

    # -- what the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection; with too many, the one goes that has waited longest for its client."""
        super().connection_made(transport)
        self._turn()
        if len(self.connections) > self.limits.connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._moved += len(data)
        self.waits_since = self.loop.time()
        super().data_received(data)
        self._turn()

    def pause_writing(self) -> None:
        """The client does not read as fast as the service writes."""
        super().pause_writing()
        self._turn()

    def resume_writing(self) -> None:
        """The client has read on."""
        super().resume_writing()
        self._turn()

    def on_response_complete(self) -> None:
        """The next request may come."""
        self.state = "service"
        super().on_response_complete()
        self._turn()

    def timeout_keep_alive_handler(self) -> None:
        """No further request came."""
        super().timeout_keep_alive_handler()
        self._turn()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()

    # -- waiting

    def _turn(self) -> None:
        """Find out whose turn it is; when that changed, the time begins."""
        state = self._state()
        if state != self.state or self._timer is None:
            self.state, self.waits_since = state, self.loop.time()
            self._begin()

    def _state(self) -> State:
        if self.transport.is_closing():
            return "end"
        if self.flow.write_paused:
            return "write"
        if self.cycle is None or self.cycle.response_complete:
            return "head"
        return "body" if self.cycle.more_body else "service"

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._moved, self._unread = 0, self.transport.get_write_buffer_size()
        limits = self.limits
        seconds = {
            "head": limits.head_s + (limits.keep_alive_s if self.cycle else 0), "body": limits.body_s,
            "write": limits.write_s, "end": limits.write_s, "service": limits.write_s,
        }[self.state]  # fmt: skip
        self._timer = self.loop.call_later(seconds, self._over)

    def _over(self) -> None:
        """The time is over: go on where something moved, end the connection where nothing did."""
        self._timer = None
        was = self.state
        read = self._unread - self.transport.get_write_buffer_size()
        moved = {"body": self._moved, "write": read, "end": read}.get(was, 0)
        if self._state() != was or was == "service" or moved >= self.limits.progress_bytes:
            self._turn()
        elif was == "head" and self._moved:
            self.transport.write(_TOO_SLOW)
            self.transport.close()
            self._turn()
        else:
            self.transport.abort()

    # -- room

    def _make_room(self) -> None:
        others = [one for one in self.connections if one is not self and isinstance(one, Connection)]
        waiting = [one for one in others if one.state != "service"]
        if waiting:
            longest = min(waiting, key=lambda one: one.waits_since)
            self.connections.discard(longest)  # it is gone only after a while
            longest.transport.abort()
        elif len(others) > self.limits.connections + self.refusals:
            self.transport.abort()
        else:
            self.app = _refuse


_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    response = problem(503, "TooManyConnections", "Too many requests are being answered.", "Try again in a second.")
    response.headers["connection"] = "close"
    await response(scope, receive, send)


def limited(limits: Limits) -> type[Connection]:
    """The class of connections with these limits."""
    return type("Connection", (Connection,), {"limits": limits})
