"""Opens the port, then runs the application on it."""

from __future__ import annotations

import errno
import logging
import socket

import uvicorn

from api.app import create_app
from rag.errors import PortInUse, RenglonError
from rag.settings import Settings

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


def serve(settings: Settings) -> None:
    """Listen and answer until stopped."""
    sock = bind(settings.host, settings.port)
    host, port = sock.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for noisy in ("sentence_transformers", "httpx", "chromadb", "transformers"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("renglon").info("listening on %s", url)
    config = uvicorn.Config(
        create_app(settings, url), timeout_graceful_shutdown=GRACE_S, log_level="warning", access_log=False
    )
    uvicorn.Server(config).run(sockets=[sock])
