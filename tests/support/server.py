"""`renglon serve` as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.support.paths import MODELS, ROOT


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Server:
    """`renglon serve` as a process of its own."""

    def __init__(self, data: Path, corpus: Path, port: int, *arguments: str, **environment: str) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "api", "serve", str(corpus), "--port", str(port), *arguments]
        env = {**os.environ, "RENGLON_DATA_DIR": str(data), "RENGLON_MODELS_DIR": str(MODELS), **environment}
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def wait(self, path: str, seconds: float = 180) -> httpx.Response:
        """The first 200 from a path."""
        while time.monotonic() - self.started < seconds:
            try:
                response = httpx.get(self.url + path)
                if response.is_success:
                    return response
            except httpx.TransportError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"no {path} after {seconds} s; exit {self.process.poll()}: {self.stop()}")

    def stop(self) -> str:
        """End it; what it printed."""
        self.process.terminate()
        try:
            return self.process.communicate(timeout=15)[0].decode()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
