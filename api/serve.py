"""Opens the port, then runs the application on it."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
import webbrowser

import uvicorn

from api.app import create_app
from api.guard import is_loopback_address, key_of
from api.service import Service
from rag.errors import PortInUse, RenglonError, UnsafeAddress
from rag.settings import Settings

LOOK_S = 0.1
GRACE_S = 2  # an open event stream must not keep a stopped server alive


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortInUse, or RenglonError for an address that can't be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"Port {port} on {host} is in use.", "Stop what uses it, or: renglon serve --port 8001"
            ) from error
        raise RenglonError(f"Can't listen on {host}:{port}: {error.strerror}.", "Check RENGLON_HOST.") from error
    return sock


def require_safe_address(settings: Settings) -> None:
    """Raise UnsafeAddress when others could reach the service and no API key is set."""
    if key_of(settings):
        return
    try:
        found = socket.getaddrinfo(settings.host, None) if settings.host else []
    except OSError:
        found = []  # listening on it will say what is wrong
    if not settings.host or not all(is_loopback_address(str(address[4][0])) for address in found):
        raise UnsafeAddress(
            f"{settings.host or 'Every address'} can be reached from other machines, and no API key is set.",
            "Set RENGLON_API_KEY, or listen on 127.0.0.1.",
        )


def _reachable(host: str) -> str:
    """The address under which this machine reaches a listening one: "every address" is none."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def serve(settings: Settings, watch: bool = False, service: Service | None = None, browser: bool = False) -> None:
    """Listen and answer until stopped, with a `service` that is open already or one of its own; `browser` opens one.

    Raises UnsafeAddress, PortInUse.
    """
    require_safe_address(settings)
    sock = bind(settings.host, settings.port)
    host, port = _reachable(sock.getsockname()[0]), sock.getsockname()[1]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for noisy in ("sentence_transformers", "httpx", "chromadb", "transformers"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    log = logging.getLogger("renglon")
    log.info("listening on %s", url)
    log.info("articles in %s, data in %s", settings.corpus.resolve(), settings.data_dir.resolve())
    app = create_app(settings, url, watch, service)
    config = uvicorn.Config(app, timeout_graceful_shutdown=GRACE_S, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    if browser:
        threading.Thread(target=_show, args=(server, url), daemon=True).start()
    server.run(sockets=[sock])


def _show(server: uvicorn.Server, url: str) -> None:
    """Open the page in the user's browser, once somebody answers."""
    while not server.started:
        time.sleep(LOOK_S)
    webbrowser.open(url)
