"""What a client of the HTTP interface does."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.support.server import Server
from tests.support.web import web


def post(server: Server, path: str, body: Any, **kwargs: Any) -> httpx.Response:
    return web.post(server.url + path, json=body, timeout=60, **kwargs)


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:renglon:")
    assert body["title"]
    assert body["detail"]
    assert body["hint"]
    return body


FARO = "El faro de Chipiona mide 69 metros de altura.\nSe encendió por primera vez en 1867.\n"


ASKED = "¿Cuánto mide el faro de Chipiona?"


def send(server: Server, *files: tuple[str, str | bytes]) -> httpx.Response:
    parts = [("files", (name, data if isinstance(data, bytes) else data.encode())) for name, data in files]
    return web.post(f"{server.url}/v1/documents", files=parts)


def ask(server: Server, question: str = ASKED) -> dict[str, Any]:
    answer: dict[str, Any] = post(server, "/v1/query", {"question": question}).json()
    return answer


def cited(answer: dict[str, Any]) -> set[str]:
    return {citation["file"] for citation in answer["citations"]} | {hit["file"] for hit in answer["passages"]}


def documents(server: Server) -> dict[str, str]:
    found = web.get(f"{server.url}/v1/documents").json()["documents"]
    return {document["file"]: document["id"] for document in found}


def followed(server: Server, job: dict[str, Any]) -> dict[str, Any]:
    """The job's last event."""
    headers = {"accept": "text/event-stream"}
    with web.stream("GET", f"{server.url}/v1/jobs/{job['id']}", headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = [json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: ")]
    assert all(event["state"] in ("queued", "running") for event in events[:-1])
    last: dict[str, Any] = events[-1]
    assert web.get(f"{server.url}/v1/jobs/{job['id']}").json() == last
    return last
