"""Opens the port, then runs the application on it."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
import time
import webbrowser
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from api import logs
from api.app import create_app
from api.connections import Limits, limited
from api.guard import is_loopback_address
from api.service import Service
from rag.errors import PortInUse, RenglonError, UnsafeAddress
from rag.settings import ENV_FILE, Settings

log = logging.getLogger("renglon")
LOOK_S = 0.1
# Left to itself, the system keeps up to 4 MB for a reader that stalls, and does not say for as long that a slow one
# goes on reading.
SEND_BUFFER = 128 * 1024
GRACE_S = 2  # an open event stream must not keep a stopped server alive


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortInUse, or RenglonError for an address that can't be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)  # connections inherit it
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
    if settings.api_keys or settings.read_keys:
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
    logs.install(logging.INFO, json_lines=settings.log_format == "json")
    log.info("listening on %s", url)
    log.info("articles in %s, data in %s", _folders(settings), settings.data_dir.resolve())
    _say_that_env_is_not_read()
    server = uvicorn.Server(config_of(create_app(settings, url, watch, service)))
    if browser:
        threading.Thread(target=_show, args=(server, url), daemon=True).start()
    server.run(sockets=[sock])


def config_of(app: ASGIApp, limits: Limits = Limits()) -> uvicorn.Config:  # noqa: B008
    """How uvicorn runs the application: it bounds each connection and logs as the rest of the program does."""
    return uvicorn.Config(
        app, http=limited(limits), backlog=limits.backlog, h11_max_incomplete_event_size=limits.head_bytes,
        timeout_keep_alive=limits.keep_alive_s, timeout_graceful_shutdown=GRACE_S, log_level="warning",
        log_config=None, access_log=False,
    )  # fmt: skip


def _folders(settings: Settings) -> str:
    from index.collections import kept

    return ", ".join(folder for one in kept(None, settings) for folder in one.folders)


def _show(server: uvicorn.Server, url: str) -> None:
    """Open the page in the user's browser, once somebody answers."""
    while not server.started:
        time.sleep(LOOK_S)
    webbrowser.open(url)


def _say_that_env_is_not_read() -> None:
    """Earlier versions read `.env` of the folder in which they were started; a key in there is no longer asked for."""
    if Path(".env").is_file() and ENV_FILE not in os.environ:
        log.warning(".env is not read by itself; to use it, set %s=.env", ENV_FILE)
