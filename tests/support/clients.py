"""Clients that misbehave, over plain sockets."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit


class Client:
    """One connection to a server; `buffer` bounds what the system takes in for a client that does not read."""

    def __init__(self, url: str, sent: bytes = b"", buffer: int | None = None) -> None:
        parts = urlsplit(url)
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if buffer:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._sock.settimeout(60)
        self._sock.connect((parts.hostname, parts.port))
        self.send(sent)

    def send(self, data: bytes) -> bool:
        """Send; False when the connection is closed."""
        try:
            self._sock.sendall(data)
        except OSError:
            return False
        return True

    def read(self, count: int = 65_536) -> bytes:
        """What comes next; empty when the server has closed the connection."""
        try:
            return self._sock.recv(count)
        except OSError:
            return b""

    def read_all(self) -> bytes:
        """Whatever comes until the server closes the connection."""
        parts = []
        while part := self.read():
            parts.append(part)
        return b"".join(parts)

    def closed_after(self) -> float:
        """Seconds until the server closes the connection, which sends nothing more."""
        began = time.monotonic()
        self.read_all()
        return time.monotonic() - began

    def close(self) -> None:
        """Leave."""
        self._sock.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def get(path: str, *headers: str) -> bytes:
    """The head of a GET request."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: localhost", *headers, "", ""]).encode()
