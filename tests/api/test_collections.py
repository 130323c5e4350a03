"""Collections and single documents at every door."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from tests.support.http import documents, post, problem
from tests.support.questions import CONTAINERS
from tests.support.server import Server
from tests.support.web import web


def test_questions_within_a_collection_or_documents(server: Server) -> None:
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
def test_scopes_that_can_not_be_used(server: Server, scope: dict[str, Any], status: int, said: str) -> None:
    for path, body in (("/v1/query", {"question": "¿Quién?"}), ("/v1/search", {"query": "Kim"})):
        found = problem(post(server, path, {**body, **scope}), status)
        assert said in f"{found['detail']} {found['hint']}"
    assert post(server, "/v1/batch", {"questions": ["¿Quién?"], **scope}).status_code == status
    streamed = post(server, "/v1/query", {"question": "¿Quién?", "stream": True, **scope})
    assert streamed.status_code == status


def test_openai_asks_a_collection_by_the_name_of_the_model(server: Server) -> None:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="-", max_retries=0, timeout=60) as client:
        messages: Any = [{"role": "user", "content": CONTAINERS}]
        reply = client.chat.completions.create(model="renglon:default", messages=messages)
        assert "001_b66ed88974733697.txt" in (reply.choices[0].message.content or "")
        with pytest.raises(openai.NotFoundError, match="There are: default"):
            client.chat.completions.create(model="renglon:paz", messages=messages)
        only = next(id_ for name, id_ in documents(server).items() if name.startswith("003"))
        body = client.chat.completions.create(model="x:y", messages=messages, extra_body={"documents": [only]})
        assert "[001" not in (body.choices[0].message.content or "")


def test_a_document_names_its_collection(server: Server) -> None:
    listed = web.get(f"{server.url}/v1/documents").json()["documents"]
    assert {document["collection"] for document in listed} == {"default"}
