"""Several servers over one database: each answers, one writes, and what is asked of another one it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.models import Tiny
from tests.support.network import Network
from tests.support.postgres import Postgres, new_schema
from tests.support.server import LIMIT_S, LocalServer
from tests.support.web import web

NOTE = b"El faro de Chipiona mide 69 metros.\n"
LIGHTHOUSE = "¿Cuántos metros mide el faro de Chipiona?"
Start = Callable[[str, str], LocalServer]


@pytest.fixture
def start(tmp_path: Path, corpus: Path) -> Iterator[Start]:
    """Starts a node: `start(name, database)`, with a data folder of its own."""
    nodes: list[LocalServer] = []

    def begin(name: str, database: str) -> LocalServer:
        nodes.append(LocalServer(tmp_path / name, corpus, Tiny(), database_url=database))
        nodes[-1].wait("/readyz")
        return nodes[-1]

    yield begin
    for one in nodes:
        one.stop()


def ask(node: LocalServer, question: str) -> dict[str, Any]:
    """Its answer; while it has no database, it is asked again when it says."""
    until = time.monotonic() + LIMIT_S
    while True:
        response = web.post(f"{node.url}/v1/query", json={"question": question}, timeout=LIMIT_S)
        if response.status_code != 503:
            return dict(response.json())
        assert time.monotonic() < until
        time.sleep(int(response.headers["retry-after"]))


def files(node: LocalServer) -> list[str]:
    return sorted(row["file"] for row in web.get(f"{node.url}/v1/documents").json()["documents"])


def upload(node: LocalServer, raw: bytes, name: str = "faro.txt") -> Any:
    return web.post(f"{node.url}/v1/documents", files={"files": (name, raw)}, timeout=120)


def finished(node: LocalServer, id_: str) -> dict[str, Any]:
    until = time.monotonic() + LIMIT_S
    while (job := web.get(f"{node.url}/v1/jobs/{id_}").json())["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.05)
    return dict(job)


def test_what_is_asked_of_a_node_that_does_not_write_is_done(database: str, start: Start, corpus: Path) -> None:
    first, second = start("a", database), start("b", database)
    saved = upload(second, NOTE)
    assert (saved.status_code, saved.json()["files"][0]["result"]) == (201, "added")
    id_ = saved.json()["files"][0]["id"]
    for node in (first, second):
        answer = ask(node, LIGHTHOUSE)
        assert answer["citations"][0]["file"] == "uploads/faro.txt"
        assert not answer["degraded"]
    assert upload(second, NOTE).status_code == 200
    refused = upload(second, bytes(500))
    assert (refused.status_code, refused.json()["title"]) == (422, "File refused")
    url = f"{second.url}/v1/documents/{id_}"
    assert web.put(url, files={"file": ("x.txt", NOTE * 2)}).json()["result"] == "changed"
    folder = next(
        row["id"] for row in web.get(f"{second.url}/v1/documents").json()["documents"] if "/" not in row["file"]
    )
    assert web.delete(f"{second.url}/v1/documents/{folder}").status_code == 409
    assert web.delete(url).status_code == 204
    assert web.delete(url).status_code == 404
    (corpus / "tres.txt").write_text("El faro alumbra de noche.\n")
    job = web.post(f"{second.url}/v1/index/sync").json()
    assert finished(first, job["id"])["report"]["added"] == ["tres.txt"]
    assert files(first) == files(second) == ["dos.txt", "tres.txt", "uno.txt"]
    large = upload(second, b"El faro de Chipiona alumbra a los barcos de noche.\n" * 5000, "grande.txt")
    assert large.status_code == 202
    assert finished(second, large.json()["id"])["report"]["files"][0]["result"] == "added"
    for kind in ("rebuild", "purge"):
        job = web.post(f"{second.url}/v1/index/{kind}").json()
        assert finished(second, job["id"])["state"] == "done"


def test_another_node_takes_over(database: str, start: Start) -> None:
    first, second = start("a", database), start("b", database)
    assert upload(first, NOTE).status_code == 201
    first.stop()
    began = time.monotonic()
    assert upload(second, NOTE * 2).json()["files"][0]["result"] == "changed"
    assert time.monotonic() - began < LIMIT_S
    assert ask(second, LIGHTHOUSE)["citations"][0]["file"] == "uploads/faro.txt"


def test_without_the_database_a_node_says_so_and_recovers(start: Start) -> None:
    server = Postgres()
    try:
        node = start("a", new_schema(server.url))
        assert upload(node, NOTE).status_code == 201
        server.kill()
        refused = web.post(f"{node.url}/v1/query", json={"question": LIGHTHOUSE})
        assert (refused.status_code, refused.json()["title"]) == (503, "Database away")
        assert int(refused.headers["retry-after"]) >= 1
        assert "postgres@" not in refused.text
        until = time.monotonic() + LIMIT_S
        while web.get(f"{node.url}/readyz").status_code != 503:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert web.get(f"{node.url}/livez").is_success
        server.start()
        node.wait("/readyz")
        assert ask(node, LIGHTHOUSE)["citations"][0]["file"] == "uploads/faro.txt"
        assert upload(node, NOTE * 3).json()["files"][0]["result"] == "changed"
    finally:
        server.stop()


def test_a_node_that_is_cut_off_stops_writing_and_comes_back(database: str, start: Start) -> None:
    network = Network(database)
    first, second = start("a", network.url), start("b", database)
    assert upload(first, NOTE).status_code == 201
    network.cut()
    began = time.monotonic()
    saved = upload(second, NOTE * 2)  # put into the queue, and done by whoever writes next
    assert saved.json()["files"][0]["result"] == "changed"
    assert time.monotonic() - began < LIMIT_S
    refused = web.post(f"{first.url}/v1/query", json={"question": LIGHTHOUSE}, timeout=LIMIT_S)
    assert (refused.status_code, refused.json()["title"]) == (503, "Database away")
    network.mend()
    first.wait("/readyz")
    assert ask(first, LIGHTHOUSE)["index_version"] == ask(second, LIGHTHOUSE)["index_version"]
    assert upload(first, NOTE * 3).json()["files"][0]["result"] == "changed"
    network.close()
