"""A network between a node and its database that can be cut: connections stay open, and nothing comes through."""

from __future__ import annotations

import select
import socket
import threading
from urllib.parse import urlsplit


class Network:
    """Forwards bytes to a server until `cut`, and again from `mend` on."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._target = (parts.hostname, parts.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self.url = url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{port}")
        self._open = threading.Event()
        self._open.set()
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through any more."""
        self._open.clear()

    def mend(self) -> None:
        """Let everything through again, what was held back included."""
        self._open.set()

    def close(self) -> None:
        """Accept no connections any more."""
        self._closed = True
        self._open.set()
        self._listening.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def _forward(self, near: socket.socket) -> None:
        self._open.wait()
        try:
            far = socket.create_connection(self._target, timeout=10)
        except OSError:
            near.close()
            return
        with near, far:
            while not self._closed:
                ready, _, _ = select.select([near, far], [], [], 0.2)
                self._open.wait()
                for one in ready:
                    try:
                        data = one.recv(65536)
                        if not data:
                            return
                        (far if one is near else near).sendall(data)
                    except OSError:
                        return
