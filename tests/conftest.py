"""Real parts, shared: the bundled model is loaded once, the five articles are indexed once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from index.ingest.sync import Syncer
from index.model.encoder import Encoder, load_encoder
from index.renglon import build_engine
from index.store import Store
from rag.engine import Engine
from rag.settings import Settings

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
# Unpacking the model takes 10 s; it is the same for every test, so that it lives where `make run` keeps it.
MODELS = Path(os.environ.get("RENGLON_MODELS_DIR", ROOT / ".renglon" / "models"))
MAX_BYTES = 20_000_000


@pytest.fixture(scope="session", autouse=True)
def _environment() -> None:
    os.environ["RENGLON_MODELS_DIR"] = str(MODELS)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return load_encoder(Settings(models_dir=MODELS))


@pytest.fixture(scope="session")
def seeds_store(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("seeds-data")) as store:
        Syncer(store, encoder, MAX_BYTES).sync(SEEDS)
        yield store


@pytest.fixture(scope="session")
def engine(seeds_store: Store, encoder: Encoder) -> Engine:
    return build_engine(seeds_store, encoder, Settings(models_dir=MODELS))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A small corpus that a test may change."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "uno.txt").write_text("El puente de Triana se abrió en 1852.\nLo diseñó Gustave Steinacher.\n")
    (folder / "dos.txt").write_text("La biblioteca cierra los lunes.\n\nAbre a las nueve de la mañana.\n")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def syncer(store: Store, encoder: Encoder) -> Syncer:
    return Syncer(store, encoder, MAX_BYTES)


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


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("server-data"), SEEDS, free_port())
    try:
        started.wait("/readyz")
        yield started
    finally:
        started.stop()


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(
        data: Path, corpus: Path, port: int | None = None, arguments: Sequence[str] = (), **environment: str
    ) -> Server:
        servers.append(Server(data, corpus, port or free_port(), *arguments, **environment))
        return servers[-1]

    yield start
    for one in servers:
        if one.process.poll() is None:
            one.stop()
