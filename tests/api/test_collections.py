"""Collections and single documents at every door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.support.cli import renglon
from tests.support.http import ASKED, FARO, cited, documents, followed, post, problem, send
from tests.support.models import Tiny
from tests.support.questions import CONTAINERS
from tests.support.server import LocalServer, Served
from tests.support.web import web

SHIPPED: dict[str, Any] = json.loads((files("rag.evidence") / "calibration.json").read_text())


def test_questions_within_a_collection_or_documents(server: Served) -> None:
    ids = documents(server)
    file = next(name for name in ids if name.startswith("001"))
    plain = post(server, "/v1/query", {"question": CONTAINERS}).json()
    for name in ("default", ["default"]):
        answer = post(server, "/v1/query", {"question": CONTAINERS, "collection": name}).json()
        assert [c["quote"] for c in answer["citations"]] == [c["quote"] for c in plain["citations"]]
    answer = post(server, "/v1/query", {"question": CONTAINERS, "documents": [ids[file]]}).json()
    assert (answer["status"], {c["file"] for c in answer["citations"]}) == ("answered", {file})
    hits = post(server, "/v1/search", {"query": "Putin", "documents": [ids[file]]}).json()["passages"]
    assert {hit["file"] for hit in hits} == {file}
    other = next(id_ for name, id_ in ids.items() if name.startswith("003"))
    nothing = post(server, "/v1/query", {"question": CONTAINERS, "documents": [other], "files": ["001*"]}).json()
    assert (nothing["status"], nothing["notice"]) == ("no_evidence", "Ningún documento indexado cumple el filtro.")


@pytest.mark.parametrize(
    ("scope", "status", "said"),
    [
        ({"collection": "paz"}, 404, "There is no collection 'paz'"),
        ({"collection": ["default", "a/b"]}, 404, "There are: default"),
        ({"documents": ["0123"]}, 404, "There is no document '0123'"),
        ({"collection": "x" * 101}, 422, "at most 100"),
        ({"documents": ["x"] * 201}, 422, "at most 200"),
        ({"collection": {"a": 1}}, 422, "collection"),
    ],
)
def test_scopes_that_can_not_be_used(server: Served, scope: dict[str, Any], status: int, said: str) -> None:
    for path, body in (("/v1/query", {"question": "¿Quién?"}), ("/v1/search", {"query": "Kim"})):
        found = problem(post(server, path, {**body, **scope}), status)
        assert said in f"{found['detail']} {found['hint']}"
    assert post(server, "/v1/batch", {"questions": ["¿Quién?"], **scope}).status_code == status
    streamed = post(server, "/v1/query", {"question": "¿Quién?", "stream": True, **scope})
    assert streamed.status_code == status


def test_openai_asks_a_collection_by_the_name_of_the_model(server: Served) -> None:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="-", max_retries=0, timeout=60) as client:
        messages: Any = [{"role": "user", "content": CONTAINERS}]
        reply = client.chat.completions.create(model="renglon:default", messages=messages)
        assert "001_b66ed88974733697.txt" in (reply.choices[0].message.content or "")
        with pytest.raises(openai.NotFoundError, match="There are: default"):
            client.chat.completions.create(model="renglon:paz", messages=messages)
        only = next(id_ for name, id_ in documents(server).items() if name.startswith("003"))
        body = client.chat.completions.create(model="x:y", messages=messages, extra_body={"documents": [only]})
        assert "[001" not in (body.choices[0].message.content or "")


def test_a_document_names_its_collection(server: Served) -> None:
    listed = web.get(f"{server.url}/v1/documents").json()["documents"]
    assert {document["collection"] for document in listed} == {"default"}


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A server with a collection of its settings beside the default one; others may be made below `root`."""
    folder = tmp_path_factory.mktemp("several")
    for name, text in {
        "corpus/uno.txt": "El puente de Triana se abrió en 1852.\n", "faros/uno.txt": FARO,
        "root/leyes/ley.txt": "La ley de aguas se aprobó en 1985.\n", "root/leyes/ley.bak.txt": "Un borrador.\n",
    }.items():  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = f"faros={folder / 'faros'}, *={folder / 'root'}"
    started = LocalServer(folder / "data", folder / "corpus", Tiny(), collections=settings)
    started.wait("/readyz")
    yield started
    started.stop()


def listed(server: Served) -> dict[str, Any]:
    found = web.get(f"{server.url}/v1/collections").json()["collections"]
    return {one.pop("name"): one for one in found}


def test_collections_are_made_changed_asked_and_removed(several: LocalServer) -> None:
    url, root = several.url, several.data.parent / "root"
    before = listed(several)
    assert {name: (one["documents"], one["folders"]) for name, one in before.items()} == {
        "default": (1, ["corpus"]), "faros": (1, ["faros"]),
    }  # fmt: skip
    made = post(several, "/v1/collections", {"name": "leyes", "folders": ["leyes"], "exclude": ["*.bak.*"]})
    assert made.status_code == 201
    job = followed(several, {"id": made.json()["job"]})
    assert (job["about"], job["report"]["added"]) == ("leyes", ["ley.txt"])
    assert listed(several)["leyes"] == {
        "documents": 1, "folders": ["leyes"], "missing": [], "include": [], "exclude": ["*.bak.*"], "calibrated": False,
        "job": None,
    }  # fmt: skip
    question = {"question": "¿Cuándo se aprobó la ley de aguas?"}
    asked = {**question, "collection": "leyes"}
    assert cited(post(several, "/v1/query", asked).json()) == {"ley.txt"}
    assert cited(post(several, "/v1/query", {**question, "collection": ["faros", "default"]}).json()) == {
        "uno.txt", "faros/uno.txt",
    }  # fmt: skip
    names = [model["id"] for model in web.get(f"{url}/v1/models").json()["data"]]
    assert names == ["renglon", "renglon:default", "renglon:faros", "renglon:leyes"]

    never = {"with_reader": SHIPPED["with_reader"], "without_reader": {**SHIPPED["without_reader"], "intercept": -50}}
    changed = post(several, "/v1/collections", {"name": "leyes", "calibration": never})
    assert (changed.status_code, changed.json()["calibrated"], changed.json()["exclude"]) == (200, True, ["*.bak.*"])
    assert post(several, "/v1/query", asked).json()["status"] == "no_evidence"
    assert post(several, "/v1/query", {**asked, "collection": ["leyes", "faros"]}).json()["status"] == "answered"

    (root / "leyes").rename(root / "lejos")
    assert listed(several)["leyes"]["missing"] == ["leyes"]
    failed = followed(several, web.post(f"{url}/v1/index/sync?collection=leyes").json())
    assert failed["error"]["detail"].endswith("does not exist.")
    others = followed(several, web.post(f"{url}/v1/index/sync").json())
    assert (others["state"], others["report"]["failed"][0][0], others["report"]["unchanged"]) == ("done", "leyes", 2)
    assert web.get(f"{url}/v1/index").json()["last_sync"]["failed"][0]["collection"] == "leyes"
    assert listed(several)["leyes"]["documents"] == 1

    removed = followed(several, web.delete(f"{url}/v1/collections/leyes").json())
    assert removed["report"] == {"removed": 1}
    assert listed(several) == before
    assert (root / "lejos" / "ley.txt").exists()
    problem(post(several, "/v1/query", asked), 404)


def test_uploads_go_into_a_collection(several: LocalServer) -> None:
    assert post(several, "/v1/collections", {"name": "notas"}).status_code == 201
    into = f"{several.url}/v1/documents?collection=notas"
    for text in ("Una nota.\n", FARO):
        (saved,) = web.post(into, files=[("files", ("faro.txt", text.encode()))]).json()["files"]
        assert saved["file"] == "uploads/notas/faro.txt"
    send(several, ("faro.txt", "El faro de otra parte.\n"))
    found = web.get(f"{several.url}/v1/documents?collection=notas").json()["documents"]
    assert [(one["file"], one["collection"]) for one in found] == [("uploads/notas/faro.txt", "notas")]
    replaced = web.put(f"{several.url}/v1/documents/{saved['id']}", files={"file": ("x.txt", b"Otra nota del faro.\n")})
    assert replaced.json()["result"] == "changed"
    assert listed(several)["notas"]["documents"] == 1
    assert cited(post(several, "/v1/query", {"question": ASKED, "collection": "notas"}).json()) == {
        "uploads/notas/faro.txt"
    }
    kept = several.data / "uploads"
    assert len(list(kept.iterdir())) == 2
    followed(several, web.delete(f"{several.url}/v1/collections/notas").json())
    assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "a/b"}, 422, "can't be the name"),
        ({"name": "default"}, 422, "belongs to no other"),
        ({"name": "z", "folders": ["../faros"]}, 403, "can't choose the folder"),
        ({"name": "z", "folders": ["/"]}, 403, "can't choose the folder"),
        ({"name": "z", "folders": ["nada"]}, 404, "There is no folder"),
        ({"name": "z", "folders": ["."]}, 201, ""),
        ({"name": "y", "folders": ["leyes"]}, 409, "belongs to the collection z"),
        ({"name": "z", "calibration": {"with_reader": {}}}, 422, "calibration of the collection z can't be used"),
        ({"name": "z", "calibration": {"a": 1}}, 422, "calibration of the collection z can't be used"),
        ({"name": "z", "include": ["*" * 9]}, 422, "asterisks"),
    ],
)
def test_collections_that_can_not_be(several: LocalServer, body: dict[str, Any], status: int, said: str) -> None:
    (several.data.parent / "root" / "leyes").mkdir(exist_ok=True)
    response = post(several, "/v1/collections", body)
    if status == 201:
        assert response.status_code in (200, 201)
        followed(several, {"id": response.json()["job"]})
    else:
        found = problem(response, status)
        assert said in f"{found['detail']} {found['hint']}"


def test_what_names_no_collection(several: LocalServer) -> None:
    url = several.url
    for response in (
        web.delete(f"{url}/v1/collections/paz"), web.post(f"{url}/v1/index/sync?collection=paz"),
        web.get(f"{url}/v1/documents?collection=paz"),
        web.post(f"{url}/v1/documents?collection=paz", files=[("files", ("a.txt", b"A.\n"))]),
    ):  # fmt: skip
        assert "There are: default, faros" in problem(response, 404)["hint"]
    for name, setting in (("default", "RENGLON_CORPUS"), ("faros", "RENGLON_COLLECTIONS")):
        assert setting in problem(web.delete(f"{url}/v1/collections/{name}"), 409)["hint"]


def test_the_command_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "uno.txt").write_text(FARO)
    wrong = renglon(data, "serve", f"a={tmp_path / 'a'}", f"b={tmp_path / 'a'}")
    assert (wrong.returncode, "belongs to the collection a" in wrong.stderr) == (1, True)
    assert "can't be the name" in renglon(data, "sync", f"a b={tmp_path / 'a'}").stderr
    made = renglon(data, "collections", f"faros={tmp_path / 'a'}", "--exclude", "*.md")
    assert made.stdout == f"faros: 0 documents, {tmp_path / 'a'}, --exclude *.md\n"
    taken = renglon(data, "collections", f"otra={tmp_path / 'a'}")
    assert (taken.returncode, "belongs to the collection faros" in taken.stderr) == (1, True)
    would = json.loads(renglon(data, "sync", "--dry-run", "--json", f"b={tmp_path / 'b'}").stdout)
    assert would["added"] == ["uno.txt"]
    unknown = renglon(data, "sync", "--collection", "paz")
    assert (unknown.returncode, "There are: faros" in unknown.stderr) == (1, True)
    removed = renglon(data, "collections", "faros", "--remove")
    assert "faros" not in removed.stdout


def test_the_command_line_hands_collections_to_the_server(several: LocalServer) -> None:
    data, root = several.data, several.data.parent
    report = json.loads(renglon(data, "sync", "--collection", "faros", "--json").stdout)
    assert (report["unchanged"], report["added"]) == (1, [])
    same = renglon(data, "sync", f"faros={root / 'faros'}", "--json")
    assert json.loads(same.stdout)["unchanged"] == 1
    other = renglon(data, "sync", f"faros={root}")
    assert (other.returncode, "can't be given another folder" in other.stderr) == (1, True)
    assert "No route takes a path" in renglon(data, "collections", f"x={root / 'root'}").stderr
    assert "cero: 0 documents" in renglon(data, "collections", "cero").stdout
    assert "cero" not in renglon(data, "collections", "cero", "--remove").stdout
    asked = renglon(data, "search", "faro", "--collection", "faros")
    assert "faros/uno.txt:1" in asked.stdout
