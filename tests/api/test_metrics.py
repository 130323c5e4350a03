"""What the service counts and logs of itself: figures and ids, never a question."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.logs import Json
from tests.support.http import post, problem
from tests.support.paths import ROOT
from tests.support.server import LocalServer
from tests.support.web import web

QUESTION = "¿Quién diseñó el puente de Triana?"


@pytest.fixture
def server(tiny: LocalServer) -> LocalServer:  # type: ignore[override]
    return tiny


def figures(server: LocalServer) -> dict[str, float]:
    """Every figure, under its name with its labels."""
    response = web.get(f"{server.url}/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        f"{sample.name}{json.dumps(dict(sorted(sample.labels.items()))) if sample.labels else ''}": sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_questions_answers_and_refusals_are_counted(server: LocalServer) -> None:
    before = figures(server)
    for body in ({"question": QUESTION}, {"question": QUESTION, "stream": True}):
        assert post(server, "/v1/query", body).is_success
    asked = {"messages": [{"role": "user", "content": QUESTION}]}
    assert post(server, "/v1/chat/completions", asked).is_success
    assert post(server, "/v1/query", {"question": ""}).status_code == 422
    assert web.get(f"{server.url}/no/such/{'x' * 20}").status_code == 404
    after = figures(server)
    grown = {name: value - before.get(name, 0) for name, value in after.items()}

    def requests(route: str, method: str, status: int) -> float:
        return grown[f"renglon_requests_total{json.dumps({'method': method, 'route': route, 'status': str(status)})}"]

    assert requests("/v1/query", "POST", 200) == 2
    assert requests("/v1/query", "POST", 422) == 1
    assert requests("/v1/chat/completions", "POST", 200) == 1
    assert requests("other", "GET", 404) == 1
    assert sum(value for name, value in grown.items() if name.startswith("renglon_answers_total")) == 3
    assert grown['renglon_stage_seconds_count{"stage": "retrieve"}'] == 3
    assert grown['renglon_request_seconds_bucket{"le": "+Inf", "route": "/v1/query"}'] == 3
    assert after["renglon_ready"] == 1
    assert after['renglon_index_size{"kind": "documents"}'] == 1
    assert after["renglon_index_generation"] >= 1
    assert after['renglon_projection_sound{"kind": "dense"}'] == 1
    assert {"renglon_questions_waiting", "renglon_refusals_total", "process_resident_memory_bytes"} <= set(after)


def test_neither_questions_nor_texts_nor_names_are_in_it(server: LocalServer) -> None:
    assert post(server, "/v1/query", {"question": QUESTION}).is_success
    text = web.get(f"{server.url}/metrics").text.lower()
    assert not re.search(r"triana|steinacher|puente|uno\.txt", text)


def test_a_request_has_an_id_that_problems_name(server: LocalServer) -> None:
    first, second = (web.get(f"{server.url}/livez").headers["x-request-id"] for _ in range(2))
    assert first != second
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    chosen = web.get(f"{server.url}/livez", headers={"X-Request-Id": "mine-7"})
    assert chosen.headers["x-request-id"] == "mine-7"
    forged = httpx.get(f"{server.url}/livez", headers={"X-Request-Id": "x" * 65}, timeout=60)
    assert forged.headers["x-request-id"] != "x" * 65
    refused = post(server, "/v1/query", {"question": ""})
    assert problem(refused, 422)["request_id"] == refused.headers["x-request-id"]


def test_a_log_line_in_json_holds_no_exceptions_words() -> None:
    try:
        raise ValueError(QUESTION)
    except ValueError:
        record = logging.getLogger("renglon").makeRecord(
            "renglon", logging.ERROR, __file__, 1, "failed: %s", ("it",), sys.exc_info()
        )
    line = Json().format(record)
    entry = json.loads(line)
    assert entry["message"] == "failed: it"
    assert entry["exception"] == "ValueError"
    assert any("test_metrics.py" in frame for frame in entry["frames"])
    assert "Triana" not in line
    assert "\n" not in line


def test_the_servers_log_in_json_names_routes_and_ids(tmp_path: Path) -> None:
    """In a process of its own, since a process has one log."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("El faro se encendió en 1839.\n")
    code = f"""
import threading
from pathlib import Path
import logging
from api import logs
from tests.support.http import post
from tests.support.models import Tiny
from tests.support.server import LocalServer
logs.install(logging.INFO, json_lines=True)
server = LocalServer(Path({str(tmp_path / "data")!r}), Path({str(tmp_path / "corpus")!r}), Tiny())
server.wait("/readyz")
print(post(server, "/v1/query", {{"question": {QUESTION!r}}}).headers["x-request-id"])
server.stop()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    (asked,) = [line for line in lines if line["message"].startswith("POST /v1/query 200 ")]
    assert asked["request_id"] == done.stdout.strip()
    assert asked["logger"] == "renglon.requests"
    assert "Triana" not in done.stderr
