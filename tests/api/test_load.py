"""Nothing that one client does holds up the others: small encoders, real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http.schemas import MOST_LINES
from api.http.writes import AT_ONCE_BYTES
from rag.pool import THREADS
from tests.support.http import followed, post, problem, send
from tests.support.models import Held, Panicking, Slow
from tests.support.server import LocalServer

LINES = 5000


@pytest.fixture(scope="module")
def encoder() -> Held:  # type: ignore[override]
    return Held()


@pytest.fixture(scope="module")
def server(encoder: Held, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:  # type: ignore[override]
    folder = tmp_path_factory.mktemp("load")
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "largo.txt").write_text("".join(f"línea {n}\r\n" for n in range(1, LINES + 1)), newline="")
    started = LocalServer(folder / "data", corpus, encoder)
    started.wait("/readyz")
    yield started
    encoder.gate.set()
    started.stop()


def test_uploads_that_wait_hold_up_nothing_else(server: LocalServer, encoder: Held) -> None:
    count, sent = 60, threading.Semaphore(0)

    def upload(i: int) -> int:
        def body() -> Iterator[bytes]:
            head = f'--x\r\ncontent-disposition: form-data; name="files"; filename="n{i}.txt"\r\n\r\n'
            yield f"{head}La nota número {i}.\r\n--x--\r\n".encode()
            sent.release()

        headers = {"content-type": "multipart/form-data; boundary=x"}
        return httpx.post(f"{server.url}/v1/documents", content=body(), headers=headers, timeout=180).status_code

    encoder.reached.clear()
    encoder.gate.clear()
    with ThreadPoolExecutor(count) as pool:
        uploads = [pool.submit(upload, i) for i in range(count)]
        try:
            for _ in range(count):
                assert sent.acquire(timeout=120)
            assert encoder.reached.wait(120)
            for path in ("/livez", "/readyz", "/", "/web/main.js", "/v1/documents", "/v1/index"):
                assert httpx.get(server.url + path, timeout=60).is_success, path
            assert post(server, "/v1/search", {"query": "línea"}).is_success
            assert not any(one.done() for one in uploads)
        finally:
            encoder.gate.set()
        assert {one.result() for one in uploads} == {201}


def test_a_large_upload_is_a_job(server: LocalServer) -> None:
    large = "Una frase que se repite. " * (AT_ONCE_BYTES // 20)
    answer = send(server, ("grande.txt", large), ("nada.txt", ""), ("corta.txt", "Una nota.\n"))
    assert answer.status_code == 202
    done = followed(server, answer.json())
    assert (done["kind"], done["state"]) == ("upload", "done")
    assert [one["result"] for one in done["report"]["files"]] == ["added", "refused", "added"]
    files = {one["file"] for one in httpx.get(f"{server.url}/v1/documents").json()["documents"]}
    assert {"uploads/grande.txt", "uploads/corta.txt"} <= files


def test_lines_come_in_slices(server: LocalServer) -> None:
    found = httpx.get(f"{server.url}/v1/documents").json()["documents"]
    url = f"{server.url}/v1/documents/{next(one['id'] for one in found if one['file'] == 'largo.txt')}/lines"
    for query in ("", f"?start=1&end={MOST_LINES + 1}", f"?start=3&end={LINES}"):
        refused = problem(httpx.get(url + query), 416)
        first = 3 if "start=3" in query else 1
        assert f"start={first}&end={first + MOST_LINES - 1}" in refused["hint"]
    for start in (1, 2001, LINES - 3):
        end = min(LINES, start + MOST_LINES - 1)
        slice_ = httpx.get(url, params={"start": start, "end": end}).json()
        assert slice_["line_count"] == LINES
        assert [(line["n"], line["text"]) for line in slice_["lines"]] == [
            (n, f"línea {n}") for n in range(start, end + 1)
        ]
    whole = "".join(f"línea {n}\r\n" for n in range(1, LINES + 1))
    assert whole[slice_["lines"][-1]["char_start"] :] == f"línea {LINES}\r\n"


def test_a_loader_that_panics_is_shown_and_begins_again(tmp_path: Path, corpus: Path) -> None:
    server = LocalServer(tmp_path / "data", corpus, Panicking())
    try:
        server.wait("/livez")
        server.wait_until("ready")
        assert httpx.get(f"{server.url}/readyz").json()["faults"]["start"].startswith("Panic at ")
        assert httpx.get(f"{server.url}/v1/index").json()["documents"] == 2
    finally:
        server.stop()


def test_too_many_questions_are_refused_at_once_at_every_door(tmp_path: Path, corpus: Path) -> None:
    encoder = Slow()
    server = LocalServer(tmp_path / "data", corpus, encoder, max_waiting=0)
    asked = {"question": "¿Quién diseñó el puente?"}
    doors: dict[str, dict[str, Any]] = {
        "/v1/query": asked, "/v1/search": {"query": "puente"},
        "/v1/chat/completions": {"messages": [{"role": "user", "content": "¿Quién diseñó el puente?"}]},
    }  # fmt: skip
    try:
        server.wait("/readyz")
        encoder.inside, _ = threading.Semaphore(0), encoder.gate.clear()
        with ThreadPoolExecutor(THREADS) as pool:
            asking = [pool.submit(post, server, "/v1/query", asked) for _ in range(THREADS)]
            try:
                for _ in range(THREADS):
                    assert encoder.inside.acquire(timeout=60)
                for path, body in [*doors.items(), *((p, {**b, "stream": True}) for p, b in doors.items())]:
                    refused = post(server, path, body)
                    assert refused.status_code == 503, path
                    assert int(refused.headers["retry-after"]) >= 1
                    assert "Ask again in" in refused.text
                assert problem(post(server, "/v1/query", asked), 503)["type"] == "urn:renglon:overloaded"
                assert httpx.get(f"{server.url}/livez").is_success
            finally:
                encoder.gate.set()
            assert {one.result().status_code for one in asking} == {200}
        assert post(server, "/v1/query", asked).is_success
    finally:
        encoder.gate.set()
        server.stop()
