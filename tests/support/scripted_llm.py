"""A model server for the failures that a real one doesn't produce on demand: OpenAI's protocol, over real sockets.

Each chat request takes the next `Script`, and the last one stays. What came in, and what became of it, is kept.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = str | Sequence[str]


@dataclass
class Script:
    """What a chat request gets. `reply`: chunks, or a function from the request's messages to chunks.

    `wait`: seconds before the first chunk; `pause`: between chunks; `status`: an HTTP error; `location`: a redirect;
    `finish`: the finish reason (None leaves it out); `breaks`: the connection is cut after the chunks; `raw`: bytes
    sent instead of events.
    """

    reply: Reply | Callable[[list[dict[str, str]]], Reply] = ""
    wait: float = 0.0
    pause: float = 0.0
    status: int = 200
    location: str | None = None
    finish: str | None = "stop"
    breaks: bool = False
    raw: bytes | None = None

    def chunks(self, messages: list[dict[str, str]]) -> Sequence[str]:
        """The chunks for a request."""
        reply = self.reply(messages) if callable(self.reply) else self.reply
        return [reply] if isinstance(reply, str) else reply


@dataclass
class ScriptedServer:
    """The server. `requests`: bodies of chat requests; `paths`: everything that was asked; `gone`: when each chat
    request ended because its client closed the connection (monotonic seconds); `sent`: when each first chunk left."""

    url: str
    scripts: list[Script] = field(default_factory=lambda: [Script("Hola. [1]")])
    models: list[str] = field(default_factory=lambda: ["scripted"])
    requests: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gone: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)

    def play(self, *scripts: Script) -> None:
        """From now on these, in turn; what was seen is forgotten."""
        self.scripts = list(scripts)
        for seen in (self.requests, self.paths, self.headers, self.gone, self.sent):
            seen.clear()

    def next(self) -> Script:
        """The script of the next request."""
        return self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, state: ScriptedServer) -> None:
        self.state = state
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        state = self._noted()
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "tests"} for name in state.models]
        self._send(200, {"object": "list", "data": data})

    def do_POST(self) -> None:
        state = self._noted()
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if not raw:  # the client left before it had asked
            self.close_connection = True
            return
        body = json.loads(raw)
        state.requests.append(body)
        script = state.next()
        try:
            self._play(script, script.chunks(body["messages"]), body.get("stream", False))
        except OSError:
            state.gone.append(time.monotonic())
            self.close_connection = True

    def _noted(self) -> ScriptedServer:
        """The server's state, in which this request is noted."""
        state = self.server.state
        state.paths.append(self.path)
        state.headers.append(dict(self.headers))
        return state

    def _play(self, script: Script, chunks: Sequence[str], streamed: bool) -> None:
        if script.location or script.status != 200:
            self._send(307 if script.location else script.status, {"error": {"message": "no"}}, script.location)
            return
        self._nap(script.wait)
        if streamed:
            self._stream(script, chunks)
            return
        message = {"role": "assistant", "content": "".join(chunks)}
        choice = {"index": 0, "message": message, "finish_reason": script.finish}
        self._send(200, {"id": "1", "object": "chat.completion", "model": "scripted", "choices": [choice]})

    def _stream(self, script: Script, chunks: Sequence[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if script.raw is not None:
            self.wfile.write(script.raw)
            return
        for chunk in chunks:
            self._event({"content": chunk}, None)
            self._nap(script.pause)
        if script.breaks:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if script.finish:
            self._event({}, script.finish)
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, delta: dict[str, str], finish: str | None) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}
        event = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
        self.server.state.sent.append(time.monotonic())
        self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.wfile.flush()

    def _nap(self, seconds: float) -> None:
        """Wait, and notice when the client goes away meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.connection.settimeout(min(left, 0.02))
            try:
                if self.connection.recv(1, socket.MSG_PEEK) == b"":
                    raise ConnectionResetError
                time.sleep(min(left, 0.01))
            except TimeoutError:
                pass
            finally:
                self.connection.settimeout(None)

    def _send(self, status: int, body: dict[str, Any], location: str | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def scripted() -> Iterator[ScriptedServer]:
    """A running server on a free loopback port."""
    state = ScriptedServer("")
    server = _Listener(state)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


Messages = list[dict[str, str]]


def number_of(messages: Messages, words: str) -> int:
    """The number of the evidence sentence that holds some words."""
    found = re.search(rf"^\[(\d+)\] .*{re.escape(words)}", messages[-1]["content"], re.M)
    assert found, messages[-1]["content"]
    return int(found[1])


def citing(text: str, words: str) -> Callable[[Messages], str]:
    """A reply in which {n} is the number of the sentence that holds some words."""
    return lambda messages: text.replace("{n}", str(number_of(messages, words)))
