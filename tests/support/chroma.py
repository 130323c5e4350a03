"""A Chroma server as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import chromadb
import httpx
from chromadb.config import Settings as ChromaSettings

from tests.support.server import free_port
from tests.support.web import web


@contextmanager
def chroma_server(folder: Path) -> Iterator[tuple[str, int]]:
    """A Chroma server on loopback: its URL and process id."""
    port = free_port()
    program = str(Path(sys.executable).parent / "chroma")
    command = [program, "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if web.get(f"{url}/api/v2/heartbeat").is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)


def collections_at(url: str) -> set[str]:
    """The names of the collections on a Chroma server."""
    found = web.get(f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections")
    return {collection["name"] for collection in found.json()}


def lose_collection(folder: Path) -> None:
    """Delete the collection under a local projection's feet, as another program on the same folder could.

    A second client of the same process shares the first one's database; `settings` must be the same for that.
    """
    settings = ChromaSettings(anonymized_telemetry=False, allow_reset=False)
    chromadb.PersistentClient(str(folder), settings=settings).delete_collection("passages")
