"""Writing over HTTP, on a real server with a corpus of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.store import Store
from tests.support import hostile_names
from tests.support.folders import copied
from tests.support.http import FARO, ask, cited, documents, followed, post, problem, send
from tests.support.paths import MAX_BYTES, SEEDS
from tests.support.server import LocalServer, Serve, Server, free_port
from tests.support.web import web


@pytest.fixture(scope="module")
def writable(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> LocalServer:
    folder = tmp_path_factory.mktemp("writes")
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "puente.txt").write_text("El puente de Triana se abrió en 1852.\nLo diseñó Gustave Steinacher.\n")
    # Without the reader, which would take most of the time: here answers show what the index holds.
    return serve(folder / "data", corpus, max_file_mb=0.1, reader="off")


def test_the_life_of_an_upload(writable: LocalServer) -> None:
    created = send(writable, ("faro.txt", FARO))
    assert created.status_code == 201
    (one,) = created.json()["files"]
    assert (one["result"], one["file"]) == ("added", "uploads/faro.txt")
    answer = ask(writable)
    assert "[uploads/faro.txt:1]" in answer["text"]
    assert answer["citations"][0]["file_sha256"] == one["sha256"]
    assert answer["index_version"] == created.json()["index_version"]
    again = send(writable, ("faro.txt", FARO))
    assert (again.status_code, again.json()["files"][0]["result"]) == (200, "unchanged")
    url = f"{writable.url}/v1/documents/{one['id']}"
    put = web.put(url, files={"file": ("otro-nombre.txt", b"El faro de Chipiona mide 70 metros.\n")})
    assert (put.status_code, put.json()["result"], put.json()["file"]) == (200, "changed", "uploads/faro.txt")
    assert "70 metros" in ask(writable)["text"]
    checked = post(writable, "/v1/citations/verify", {"citations": answer["citations"][:1]}).json()
    assert checked["citations"][0]["state"] == "stale"
    assert web.delete(url).status_code == 204
    assert "uploads/faro.txt" not in cited(ask(writable))
    for method in ("GET", "DELETE"):
        problem(web.request(method, url), 404)
    problem(web.put(url, files={"file": ("a.txt", b"Algo.\n")}), 404)
    assert list((writable.data / "uploads").iterdir()) == []


def test_several_files_and_a_reason_for_each_that_is_refused(writable: LocalServer) -> None:
    mixed = send(writable, ("a.txt", "Una nota.\n"), ("b.exe", "x"), ("vacio.txt", ""), ("a.txt", "Otra.\n"),
                 ("grande.txt", "a" * 100_001), ("bin.txt", bytes(99)))  # fmt: skip
    assert mixed.status_code == 201
    results = mixed.json()["files"]
    assert [one["result"] for one in results] == ["added"] + ["refused"] * 5
    reasons = [one["reason"] for one in results[1:]]
    for reason, word in zip(reasons, ("files are indexed", "empty", "Two files", "limit", "binary"), strict=True):
        assert word in reason
    problem(send(writable, ("b.exe", "x")), 422)
    assert "b.exe" in problem(send(writable, ("b.exe", "x"), ("c.txt", "")), 422)["detail"]
    problem(send(writable, ("grande.txt", "a" * 100_001)), 413)
    problem(web.post(f"{writable.url}/v1/documents"), 422)
    problem(web.post(f"{writable.url}/v1/documents", json={"files": []}), 422)
    broken = web.post(
        f"{writable.url}/v1/documents", content=b"--x\r\nnonsense", headers={"content-type": "multipart/form-data"}
    )
    assert broken.status_code in (400, 422)
    assert web.delete(f"{writable.url}/v1/documents/{results[0]['id']}").status_code == 204


def test_documents_of_the_folder_are_changed_there(writable: LocalServer) -> None:
    id_ = documents(writable)["puente.txt"]
    url = f"{writable.url}/v1/documents/{id_}"
    assert "RENGLON_EXCLUDE" in problem(web.delete(url), 409)["hint"]
    problem(web.put(url, files={"file": ("a.txt", b"Algo.\n")}), 409)
    assert documents(writable)["puente.txt"] == id_


def test_sync_and_rebuild_are_jobs(writable: LocalServer) -> None:
    corpus = writable.data.parent / "corpus"
    send(writable, ("queda.txt", "Esto queda tras la sincronización.\n"))
    (corpus / "muelle.txt").write_text("El muelle de Huelva se construyó en 1876.\n")
    (corpus / "nada.txt").write_text("")
    response = post(writable, "/v1/index/sync", None)
    assert response.status_code == 202
    done = followed(writable, response.json())
    assert (done["state"], done["report"]["added"], done["report"]["removed"]) == ("done", ["muelle.txt"], [])
    assert done["report"]["refused"] == [["nada.txt", "The file is empty."]]
    assert "[muelle.txt:1]" in ask(writable, "¿Cuándo se construyó el muelle de Huelva?")["text"]
    assert "uploads/queda.txt" in documents(writable)
    (corpus / "muelle.txt").unlink()
    assert followed(writable, post(writable, "/v1/index/sync", None).json())["report"]["removed"] == ["muelle.txt"]
    rebuilt = followed(writable, post(writable, "/v1/index/rebuild", None).json())
    assert rebuilt["report"]["rebuilt_passages"] > 0
    assert "1852" in ask(writable, "¿Cuándo se abrió el puente de Triana?")["text"]
    problem(web.get(f"{writable.url}/v1/jobs/nope"), 404)
    problem(web.get(f"{writable.url}/v1/jobs/nope", headers={"accept": "text/event-stream"}), 404)


def test_a_failed_job_says_why(writable: LocalServer) -> None:
    corpus = writable.data.parent / "corpus"
    away = corpus.rename(corpus.with_name("elsewhere"))
    try:
        failed = followed(writable, post(writable, "/v1/index/sync", None).json())
        assert (failed["state"], failed["error"]["status"]) == ("failed", 404)
        assert "1852" in ask(writable, "¿Cuándo se abrió el puente de Triana?")["text"]
    finally:
        away.rename(corpus)


def test_questions_are_answered_while_a_sync_goes_on(writable: LocalServer) -> None:
    corpus = writable.data.parent / "corpus"
    for i in range(60):
        (corpus / f"n{i}.txt").write_text(f"La nota {i} habla de la lonja. " * 10)
    job = post(writable, "/v1/index/sync", None).json()
    states, uploaded = [], None
    while (state := web.get(f"{writable.url}/v1/jobs/{job['id']}").json()["state"]) in ("queued", "running"):
        assert "1852" in ask(writable, "¿Cuándo se abrió el puente de Triana?")["text"]
        uploaded = uploaded or send(writable, ("mientras.txt", "Se subió mientras tanto.\n")).status_code
        states.append(state)
    assert state == "done"
    assert states
    assert uploaded in (200, 201)
    assert "uploads/mientras.txt" in documents(writable)
    for path in corpus.glob("n*.txt"):
        path.unlink()
    assert len(followed(writable, post(writable, "/v1/index/sync", None).json())["report"]["removed"]) == 60


def test_a_deleted_document_is_never_cited_after_the_answer_to_the_deletion(writable: LocalServer) -> None:
    """Readers ask all the time; what starts after the 204 holds nothing of the text."""
    stop, wrong, gone = threading.Event(), [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            after = gone.is_set()
            if "uploads/faro.txt" in cited(ask(writable)) and after:
                wrong.append("cited after the deletion")

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            gone.clear()
            (one,) = send(writable, ("faro.txt", FARO)).json()["files"]
            assert "uploads/faro.txt" in cited(ask(writable))
            assert web.delete(f"{writable.url}/v1/documents/{one['id']}").status_code == 204
            gone.set()
            assert "uploads/faro.txt" not in cited(ask(writable))
            stop.wait(0.2)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def peak(server: Server) -> int:
    """Most resident kB of the server's process since the last `forget_peak`."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def forget_peak(server: Server) -> int:
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
    return peak(server)


@pytest.fixture(scope="module")
def measured(seeds_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A process whose memory can be measured: the tests' own would hold what the client sends."""
    data = copied(seeds_data, tmp_path_factory.mktemp("measured"))
    server = Server(data, SEEDS, free_port(), RENGLON_MAX_FILE_MB="0.1")
    try:
        server.wait("/readyz")
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("path", ["/v1/documents", "/v1/query", "/v1/index/sync"])
def test_a_huge_body_in_chunks_is_refused_and_never_in_memory(measured: Server, path: str) -> None:
    """200 MB without a length, and with a length that is not believed."""
    before = forget_peak(measured)
    block = b"a" * 1_000_000

    def body() -> Iterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
        for _ in range(200):
            yield block

    headers = {"content-type": "multipart/form-data; boundary=x"}
    try:
        status: int | None = web.post(measured.url + path, content=body(), headers=headers).status_code
    except httpx.TransportError:
        status = None  # the server closed the connection while we were still sending
    assert status in (413, None) if path != "/v1/index/sync" else status in (202, None)
    assert peak(measured) - before < 50_000
    known = web.post(measured.url + path, content=b"a" * 3_000_000, headers=headers)
    problem(known, 413)


def test_hostile_ids_and_names_lead_nowhere(writable: LocalServer) -> None:
    """Two hundred of them; `make torture` sends 5,000."""
    around = writable.data.parent
    secret = around / "secret.txt"
    secret.write_text(hostile_names.SECRET)
    before = hostile_names.strangers(around)
    assert hostile_names.walk(writable.url, 200, seed=7) == []
    assert hostile_names.strangers(around) == before
    assert secret.read_text() == hostile_names.SECRET
    kept = {path.name for path in (writable.data / "uploads").iterdir()}
    assert all(set(name) <= set("0123456789abcdef-") for name in kept)
    assert "puente.txt" in documents(writable)


def test_what_was_acknowledged_is_there_after_a_kill(
    start_server: Callable[..., Server], serve: Serve, tmp_path: Path, corpus: Path
) -> None:
    server = start_server(tmp_path / "data", corpus)
    server.wait("/readyz")
    (one,) = send(server, ("faro.txt", FARO)).json()["files"]
    (two,) = send(server, ("otro.txt", "Se borra enseguida.\n")).json()["files"]
    assert web.delete(f"{server.url}/v1/documents/{two['id']}").status_code == 204
    server.process.kill()
    server.process.wait()
    (tmp_path / "data" / "uploads" / f"{one['id']}-{'0' * 32}").write_bytes(b"half")
    again = serve(tmp_path / "data", corpus)
    assert set(documents(again)) == {"uno.txt", "dos.txt", "uploads/faro.txt"}
    assert "[uploads/faro.txt:1]" in ask(again)["text"]
    send(again, ("faro.txt", FARO))
    assert [path.name for path in (tmp_path / "data" / "uploads").iterdir()] == [f"{one['id']}-{one['sha256'][:32]}"]


def test_a_server_whose_folder_is_empty_now_answers_from_the_index(
    serve: Serve, tmp_path: Path, corpus: Path, encoder: Encoder
) -> None:
    with Store(tmp_path / "data") as store:
        Syncer(store, encoder, MAX_BYTES).sync(corpus)
    for path in corpus.iterdir():
        path.unlink()
    server = serve(tmp_path / "data", corpus)
    assert "[uno.txt:2]" in ask(server, "¿Quién diseñó el puente de Triana?")["text"]


def test_reembedding_mends_a_server_that_failed_for_its_model(
    serve: Serve, tmp_path: Path, corpus: Path, encoder: Encoder
) -> None:
    with Store(tmp_path / "data") as store:
        Syncer(store, encoder, MAX_BYTES).sync(corpus)
        store.catalog.put(model="another@1/384")
    server = serve(tmp_path / "data", corpus, ready=False)
    server.wait("/livez")
    server.wait_until("failed")
    problem(send(server, ("faro.txt", FARO)), 409)
    assert followed(server, post(server, "/v1/index/reembed", None).json())["state"] == "done"
    server.wait("/readyz")
    assert "[uno.txt:2]" in ask(server, "¿Quién diseñó el puente de Triana?")["text"]
