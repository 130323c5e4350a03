from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.store import Store
from tests.support.http import post, problem
from tests.support.paths import MAX_BYTES, SEEDS
from tests.support.server import ColdServer, LocalServer, Serve, Served, Server, free_port
from tests.support.web import web


def test_query_answers_with_places(server: Served) -> None:
    answer = post(server, "/v1/query", {"question": "¿Cuántos contenedores envió Corea del Norte a Rusia?"}).json()
    assert answer["status"] == "answered"
    assert "6.700" in answer["text"]
    for citation in answer["citations"]:
        lines = web.get(
            f"{server.url}/v1/documents/{citation['document_id']}/lines",
            params={"start": citation["line_start"], "end": citation["line_end"]},
        ).json()
        assert lines["file_sha256"] == citation["file_sha256"]
        (line,) = lines["lines"]
        at = citation["char_start"] - line["char_start"]
        assert line["text"][at : at + len(citation["quote"])] == citation["quote"]
    assert {"embed", "retrieve", "evidence", "total"} <= set(answer["timings_ms"])


def test_a_follow_up_is_understood_with_its_history(server: Served) -> None:
    history = [
        {"role": "user", "content": "¿Qué le regaló Putin a Kim?"},
        {"role": "assistant", "content": "Una limusina rusa. [004_6b36a17d40a337a5.txt:11]"},
    ]
    body = {"question": "¿Y cuándo fue?", "history": history}
    answer = post(server, "/v1/query", body).json()
    assert answer["question"] == "¿Y cuándo fue?"
    assert "Putin" in answer["standalone_question"]
    assert (answer["citations"][0]["file"], answer["citations"][0]["line_start"]) == ("004_6b36a17d40a337a5.txt", 11)
    streamed = post(server, "/v1/query", {**body, "stream": True}).text
    assert json.loads(streamed.rsplit("data: ", 1)[1])["standalone_question"] == answer["standalone_question"]


@pytest.mark.parametrize(
    "history",
    [
        [{"role": "user", "content": "a"}] * 51,
        [{"role": "user", "content": "a" * 20_001}],
        [{"role": "user", "content": "a" * 20_000}] * 11,
        [{"role": "system", "content": "a"}],
        [{"role": "user"}],
        "¿Qué?",
    ],
)
def test_histories_that_are_refused(server: Served, history: Any) -> None:
    problem(post(server, "/v1/query", {"question": "¿Y cuándo?", "history": history}), 422)


def test_no_evidence_offers_the_nearest_passages(server: Served) -> None:
    answer = post(server, "/v1/query", {"question": "¿Cómo se prepara una paella valenciana?"}).json()
    assert (answer["status"], answer["citations"]) == ("no_evidence", [])
    assert answer["passages"]


@pytest.mark.parametrize("asked", ["field", "header"])
def test_server_sent_events(server: Served, asked: str) -> None:
    body: dict[str, Any] = {"question": "What gift did Putin give Kim?"}
    headers = {"accept": "text/event-stream"} if asked == "header" else {}
    if asked == "field":
        body["stream"] = True
    with web.stream("POST", f"{server.url}/v1/query", json=body, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = [part.split("\n") for part in response.read().decode().strip().split("\n\n")]
    kinds = [event[0].removeprefix("event: ") for event in events]
    data = [json.loads(event[1].removeprefix("data: ")) for event in events]
    assert kinds[0] == "passages"
    assert kinds[-1] == "answer"
    assert set(kinds) == {"passages", "delta", "citation", "answer"}
    assert "".join(d["text"] for k, d in zip(kinds, data, strict=True) if k == "delta") == data[-1]["text"]


@pytest.mark.parametrize("question", ["", "  \n ", "¿?", "a" * 20_000, "a\x00b", "\x1b[31m"])
def test_bad_questions(server: Served, question: str) -> None:
    for body in ({"question": question}, {"question": question, "stream": True}):
        assert "question" in problem(post(server, "/v1/query", body), 422)["detail"]
    problem(post(server, "/v1/search", {"query": question}), 422)


@pytest.mark.parametrize(
    "raw",
    [b'{"question": "\\ud800 qu\\u00e9"}', b"\xff\xfe", b"{", b"[]", b'{"question": 3}', b"{}", b'{"question": null}'],
)
def test_bodies_that_are_not_a_question(server: Served, raw: bytes) -> None:
    headers = {"content-type": "application/json"}
    problem(web.post(f"{server.url}/v1/query", content=raw, headers=headers), 422)


def test_a_huge_body_is_refused(server: Served) -> None:
    response = web.post(f"{server.url}/v1/query", content=b"a" * 5_000_000)
    assert response.status_code == 413


def test_search(server: Served) -> None:
    found = post(server, "/v1/search", {"query": "limusina"}).json()["passages"]
    assert found[0]["file"] == "004_6b36a17d40a337a5.txt"


def test_documents_and_lines(server: Served) -> None:
    documents = web.get(f"{server.url}/v1/documents").json()["documents"]
    assert [d["file"] for d in documents] == sorted(p.name for p in SEEDS.iterdir())
    for document in documents:
        assert web.get(f"{server.url}/v1/documents/{document['id']}").json() == document
        lines = web.get(f"{server.url}/v1/documents/{document['id']}/lines").json()
        text = (SEEDS / document["file"]).read_text(encoding="utf-8")
        assert [line["text"] for line in lines["lines"]] == text.split("\n")[: document["lines"]]
        assert lines["line_count"] == document["lines"] == len(lines["lines"])


@pytest.mark.parametrize("document_id", ["nope", "..%2f..%2fetc%2fpasswd", "0" * 16, "%00", "😀"])
def test_unknown_documents(server: Served, document_id: str) -> None:
    for path in ("", "/lines"):
        problem(web.get(f"{server.url}/v1/documents/{document_id}{path}"), 404)


@pytest.mark.parametrize(
    ("query", "status"),
    [("start=1&end=99", 416), ("start=99", 416), ("start=0", 422), ("start=5&end=4", 422), ("start=x", 422),
     ("start=-1&end=3", 422), ("start=99999999999999999999999", 416)],
)  # fmt: skip
def test_lines_out_of_range(server: Served, query: str, status: int) -> None:
    first = web.get(f"{server.url}/v1/documents").json()["documents"][0]["id"]
    problem(web.get(f"{server.url}/v1/documents/{first}/lines?{query}"), status)


def test_index_and_health(server: Served) -> None:
    index = web.get(f"{server.url}/v1/index").json()
    assert (index["state"], index["documents"], index["corpus"]) == ("ready", 5, "seeds")
    assert index["passages"] < index["sentences"]
    alive = web.get(f"{server.url}/livez").json()
    assert (alive["status"], len(alive["instance"])) == ("alive", 32)
    assert web.get(f"{server.url}/readyz").status_code == 200


def test_unknown_routes_and_methods(server: Served) -> None:
    problem(web.get(f"{server.url}/v1/nothing"), 404)
    problem(web.get(f"{server.url}/v1/query"), 405)


def test_openapi_describes_every_field(server: Served) -> None:
    schema = web.get(f"{server.url}/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method in methods.values():
            assert method.get("description"), path
    citation = schema["components"]["schemas"]["Citation"]["properties"]
    assert "code point" in citation["char_start"]["description"]
    assert schema["components"]["schemas"]["QueryRequest"]["examples"]


def test_many_at_once_get_the_same_answer(server: Served) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def ask(_: int) -> str:
        return str(post(server, "/v1/query", {"question": "¿Quién es Sergei Shoigu?"}).json()["text"])

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(ask, range(20)))) == 1


@pytest.fixture
def cold(tmp_path: Path, corpus: Path) -> Iterator[ColdServer]:
    """A server that starts as it does for a user: its libraries are not loaded yet."""
    server = ColdServer(tmp_path / "data", corpus, free_port())
    yield server
    if server.process.poll() is None:
        server.stop()


def test_listens_before_the_model_is_ready(cold: ColdServer) -> None:
    server = cold
    server.wait("/livez")
    early = web.get(f"{server.url}/readyz")
    assert early.status_code == 503
    assert early.json()["status"] == "starting"
    assert web.get(f"{server.url}/v1/index").json()["state"] == "starting"
    problem(post(server, "/v1/query", {"question": "¿Quién?"}), 503)
    server.wait("/readyz")
    assert server.stop() is not None
    assert server.process.returncode in (0, -15)


def test_a_second_server_on_the_same_folder_says_who_holds_it(server: Served) -> None:
    second = LocalServer(server.data, SEEDS, None, wait_s=0.2)
    try:
        second.wait("/livez")
        second.wait_until("failed")
        detail = problem(post(second, "/v1/query", {"question": "¿Quién?"}), 423)["detail"]
        assert f"`renglon serve` (process {os.getpid()})" in detail
        assert post(server, "/v1/query", {"question": "¿Quién es Shoigu?"}).is_success
    finally:
        second.stop()


def test_an_index_of_another_model_is_a_conflict_with_the_command_that_mends_it(
    serve: Serve, tmp_path: Path, corpus: Path, encoder: Encoder
) -> None:
    with Store(tmp_path / "data") as store:
        Syncer(store, encoder, MAX_BYTES).sync(corpus)
        store.catalog.put(model="another@1/384")
    server = serve(tmp_path / "data", corpus, ready=False)
    server.wait("/livez")
    server.wait_until("failed")
    assert "renglon sync --reembed" in problem(post(server, "/v1/query", {"question": "¿Quién?"}), 409)["hint"]


def test_a_port_in_use_is_told(start_server: Callable[..., Server], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = start_server(tmp_path / "data", SEEDS, taken.getsockname()[1])
        assert server.process.wait(30) == 1
        assert "is in use" in server.output()


def test_an_open_stream_does_not_keep_a_stopped_server_alive(
    start_server: Callable[..., Server], tmp_path: Path, corpus: Path
) -> None:
    port = free_port()
    server = start_server(tmp_path / "data", corpus, port)
    server.wait("/readyz")
    with socket.create_connection(("127.0.0.1", port)) as open_connection:
        open_connection.sendall(b"POST /v1/query HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n")
        server.stop()
    assert server.process.returncode is not None
