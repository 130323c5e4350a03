"""Speed of written answers: what Renglón adds to the time of the model server, which is scripted and so takes none.

written_first_word_ms   median from the model server's first chunk sent to the client's first word         (want < 50)
written_hang_over_ms    the most that an answer takes beyond the time limit with a model that hangs        (want < 200)
written_cancel_ms       the most from a client's closing to the model server's connection being closed     (want < 200)
"""

from __future__ import annotations

import json
import socket
import statistics
import time
from pathlib import Path

import httpx

from tests.support.paths import SEEDS
from tests.support.scripted_llm import Script, ScriptedServer, scripted
from tests.support.server import ColdServer, free_port

WANTED: dict[str, tuple[str, float]] = {
    "written_first_word_ms": ("<", 50), "written_hang_over_ms": ("<", 200), "written_cancel_ms": ("<", 200),
}  # fmt: skip
ROUNDS, LIMIT_S = 20, 2.0
QUESTION = "¿Cuántos contenedores envió Corea del Norte a Rusia?"


def bench_written(work: Path) -> dict[str, float]:
    """All three, over HTTP. Sender and client read the same clock."""
    with scripted() as model:
        settings = {"RENGLON_LLM_URL": model.url, "RENGLON_LLM_TIMEOUT_S": str(LIMIT_S)}
        server = ColdServer(work / "written", SEEDS, free_port(), **settings)
        try:
            server.wait("/readyz", 300)
            first = [_first_word(server, model) for _ in range(ROUNDS)]
            hung = [_hung(server, model) for _ in range(3)]
            left = [_left(server, model) for _ in range(ROUNDS)]
        finally:
            server.stop()
    return {
        "written_first_word_ms": statistics.median(first) * 1000, "written_hang_over_ms": max(hung) * 1000,
        "written_cancel_ms": max(left) * 1000,
    }  # fmt: skip


def _first_word(server: ColdServer, model: ScriptedServer) -> float:
    model.play(Script(["Unos ", "siete mil. [1]"], pause=0.05))
    body = {"question": QUESTION, "stream": True}
    with httpx.stream("POST", f"{server.url}/v1/query", json=body, timeout=30) as response:
        for line in response.iter_lines():
            if line.startswith("event: delta"):
                return time.monotonic() - model.sent[0]
    raise AssertionError("no word came")


def _hung(server: ColdServer, model: ScriptedServer) -> float:
    model.play(Script("Tarde.", wait=60))
    start = time.monotonic()
    answer = httpx.post(f"{server.url}/v1/query", json={"question": QUESTION}, timeout=30).json()
    assert answer["mode"] == "extractive"
    return time.monotonic() - start - LIMIT_S


def _left(server: ColdServer, model: ScriptedServer) -> float:
    model.play(Script(["Unos "] * 1000, pause=0.02))
    url = httpx.URL(server.url)
    body = json.dumps({"question": QUESTION, "stream": True}).encode()
    head = f"POST /v1/query HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((url.host, url.port or 80)) as client:
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        while not model.sent:
            time.sleep(0.001)
    left = time.monotonic()
    while not model.gone:
        assert time.monotonic() - left < 10
        time.sleep(0.001)
    return model.gone[0] - left
