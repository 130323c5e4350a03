"""The browser of this machine, and a real proxy that makes a connection slow or breaks it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.support.web import web

# No sandbox: tests run as root in containers. The rest keeps the browser from talking to anybody else.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip
# The shell first: the same engine without the windows, tabs and toolbars around it, which take more processor time
# than the pages do (0.12 s instead of 0.64 s for each new page).
NAMES = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome",
)  # fmt: skip


def chromium() -> str | None:
    """The browser: RENGLON_CHROMIUM, or the first that the PATH has."""
    named = os.environ.get("RENGLON_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Proxy:
    """Stands between page and server on a port of its own, and does to answers what a bad connection does.

    `hold_after`: that many events pass, then the stream waits for `let_go`. `cut_after`: that many pass, then the
    connection closes. `down()` and `up()` close and open the port.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.port = 0
        self.hold_after: int | None = None
        self.cut_after: int | None = None
        self.let_go = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.up()

    @property
    def url(self) -> str:
        """Address of the page through the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Listen, on the same port as before."""
        self._server = _Listener(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self) -> None:
        """Stop listening: nobody is there."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def parts(self, response: httpx.Response) -> Iterator[bytes]:
        """What is passed on, when it is."""
        content = response.read()
        if "event-stream" not in response.headers.get("content-type", ""):
            yield content
            return
        for sent, block in enumerate(part for part in content.split(b"\n\n") if part):
            if sent == self.cut_after:
                return
            if sent == self.hold_after:
                self.let_go.wait(30)
            yield block + b"\n\n"

    def close(self) -> None:
        """Let everybody go and stop."""
        self.let_go.set()
        self.down()


class _Listener(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is what these tests are about."""


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._forward(b"")

        def do_POST(self) -> None:
            self._forward(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _forward(self, body: bytes) -> None:
            headers = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept")}
            url = proxy.upstream + self.path
            with web.stream(self.command, url, content=body, headers=headers) as response:
                self.send_response(response.status_code)
                for key, value in response.headers.items():
                    if key not in ("content-length", "transfer-encoding", "connection", "date", "server", "etag"):
                        self.send_header(key, value)
                self.end_headers()
                for part in proxy.parts(response):
                    self.wfile.write(part)
                    self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
