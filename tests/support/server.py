"""Servers: `renglon serve` as a process of its own, and the same application in a thread of the tests' process."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api.app import create_app
from api.connections import Limits
from api.serve import bind, config_of
from api.service import Service
from index.model.encoder import Encoder
from index.renglon import Renglon
from rag.settings import Settings
from tests.support.models import Tiny
from tests.support.paths import MODELS, ROOT
from tests.support.processes import LIMIT_S, Process, environment_of
from tests.support.web import web

STOP_S = 60


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Served:
    """Something that listens on a URL and keeps its index in `data`."""

    url: str
    data: Path

    def over(self, path: str = "") -> str | None:
        """Why a path will not answer with success any more; None when it still may."""
        return None

    def wait(self, path: str, seconds: float = LIMIT_S) -> httpx.Response:
        """The first successful response of a path."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                response = web.get(self.url + path)
                if response.is_success:
                    return response
            except httpx.TransportError:
                pass
            if why := self.over(path):
                raise AssertionError(f"no {path}: {why}")
            time.sleep(0.05)
        raise AssertionError(f"no {path} after {seconds} s")

    def wait_until(self, state: str, seconds: float = LIMIT_S) -> None:
        """Return when the service says that it is in a state: starting, ready or failed."""
        until = time.monotonic() + seconds
        while web.get(f"{self.url}/v1/index").json()["state"] != state:
            assert time.monotonic() < until, f"not {state} after {seconds} s"
            time.sleep(0.05)


class Server(Served):
    """`renglon serve` as a process of its own, which can be killed."""

    def __init__(self, data: Path, corpus: Path, port: int, *arguments: str, **environment: str) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self.started = time.monotonic()
        self._folder, self._printed = Path(tempfile.mkdtemp(prefix="renglon-output-")), ""
        command = ["serve", str(corpus), "--port", str(port), *arguments]
        self.process = Process(command, environment_of(data, **environment), self._folder)

    def over(self, path: str = "") -> str | None:
        """Its exit status and what it printed, once it has ended."""
        status = self.process.poll()
        return None if status is None else f"exit status {status}: {self.output()}"

    def output(self) -> str:
        """What it printed."""
        if self._folder.exists():
            self._printed = self.process.stdout + self.process.stderr
        return self._printed

    def stop(self) -> str:
        """End it, if it hasn't ended; what it printed."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        printed = self.output()
        shutil.rmtree(self._folder, ignore_errors=True)
        return printed


class ColdServer(Served):
    """`python -m api serve` in a new interpreter, which imports everything itself as it does for a user."""

    def __init__(self, data: Path, corpus: Path, port: int, *arguments: str, **environment: str) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "api", "serve", str(corpus), "--port", str(port), *arguments]
        env = environment_of(data, **environment)
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def over(self, path: str = "") -> str | None:
        """Its exit status, once it has ended."""
        status = self.process.poll()
        return None if status is None else f"exit status {status}"

    def stop(self) -> str:
        """End it, if it hasn't ended; what it printed. Once only."""
        self.process.terminate()
        try:
            return self.process.communicate(timeout=STOP_S)[0].decode()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class LocalServer(Served):
    """The same application, listening on a real port, in a thread of this process.

    For tests that need settings of their own and neither kill the process nor measure it. With an `encoder` it loads
    no model.
    """

    def __init__(
        self,
        data: Path,
        corpus: Path,
        encoder: Encoder | None,
        watch: bool = False,
        wait_s: float = 1,
        limits: Limits = Limits(),  # noqa: B008
        **settings: Any,
    ) -> None:
        self.data = data
        sock = bind("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        chosen = Settings(**{"data_dir": data, "corpus": corpus, "models_dir": MODELS, **settings})
        self._service = Service(chosen, watch, wait_s)
        if encoder is not None:
            self._service.opened = Renglon(chosen, "renglon serve", encoder=encoder)
        app = create_app(chosen, self.url, service=self._service)
        self._uvicorn = uvicorn.Server(config_of(app, limits))
        self._thread = threading.Thread(target=self._uvicorn.run, args=([sock],), daemon=True)
        self._thread.start()

    def wait_for_failure(self, seconds: float = LIMIT_S) -> None:
        """Return when loading has ended with an error."""
        until = time.monotonic() + seconds
        while self.over() is None:
            assert time.monotonic() < until, f"no failure after {seconds} s"
            time.sleep(0.05)

    def over(self, path: str = "") -> str | None:
        """The error that loading ended with; `/livez` answers all the same."""
        return str(self._service.error) if self._service.error and path != "/livez" else None

    def stop(self) -> None:
        """Stop listening and let go of the data folder."""
        self._uvicorn.should_exit = True
        self._thread.join(STOP_S)
        assert not self._thread.is_alive()


Serve = Callable[..., LocalServer]  # the fixture `serve`


@contextmanager
def small_server(folder: Path, files: Mapping[str, str], corpus: str, **settings: Any) -> Iterator[LocalServer]:
    """A ready server without a model over a few files, which are written into a folder; `corpus` is a part of it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    started = LocalServer(folder / "data", folder / corpus, Tiny(), **settings)
    started.wait("/readyz")
    yield started
    started.stop()
