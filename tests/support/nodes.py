"""Nodes over one database as processes of their own, which are killed while documents change through all of them.

What was acknowledged must be served from then on. A write whose answer did not come may be done or not, once, until
the next one of the same document.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg

from api.serve import serve
from api.service import Service
from index.renglon import Renglon
from rag.settings import Settings
from tests.support.processes import CHILDREN
from tests.support.remembering import SENTENCES, TEXTS, Remembering
from tests.support.server import LIMIT_S, free_port

NAMES = [f"{n:02}.txt" for n in range(24)]


def serve_node(data: str, corpus: str, memory: str, database: str, port: int) -> None:
    """`renglon serve` as a node, with vectors from a file."""
    settings = Settings(data_dir=Path(data), corpus=Path(corpus), port=port, database_url=database)
    service = Service(settings)
    service.opened = Renglon(settings, "renglon serve", encoder=Remembering.recall(Path(memory)))
    serve(settings, service=service)


class Node:
    """A process that can be killed and started again, with the same data folder and port."""

    def __init__(self, work: Path, name: str, corpus: Path, memory: Path, database: str) -> None:
        self._arguments = [str(work / name), str(corpus), str(memory), database, free_port()]
        self.url = f"http://127.0.0.1:{self._arguments[-1]}"
        self.client = httpx.Client(base_url=self.url, timeout=90, trust_env=False)
        self._process: Any = None

    def start(self) -> None:
        """Start it; it answers some time later."""
        self._process = CHILDREN.Process(target=serve_node, args=self._arguments)
        self._process.start()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.join()

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.join(60)
        self._process.kill()
        self.client.close()

    def wait(self) -> None:
        """Return when it answers questions."""
        until = time.monotonic() + LIMIT_S
        while not self.answers():
            assert time.monotonic() < until, f"{self.url} does not become ready"
            assert self._process.exitcode is None, f"{self.url} ended with {self._process.exitcode}"
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether it says that it is ready."""
        try:
            return self.client.get("/readyz", timeout=20).is_success
        except httpx.TransportError:
            return False


class Cluster:
    """Some nodes, what was acknowledged by them, and what was found wrong."""

    def __init__(
        self,
        work: Path,
        corpus: Path,
        memory: Path,
        database: str,
        count: int = 3,
        texts: Sequence[str] = TEXTS,
    ) -> None:
        """`texts`: what is uploaded."""
        self.nodes = [Node(work, f"node-{n}", corpus, memory, database) for n in range(count)]
        self.rng, self._database = random.Random(1), database
        self._texts = texts
        self.kept: dict[str, set[str | None]] = {name: {None} for name in NAMES}  # what each may be
        self.wrong: list[str] = []
        self.acknowledged = self.refused = self.answered = 0

    def start(self) -> None:
        """Start all nodes, and wait for them."""
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait()

    def write(self) -> None:
        """Upload, change or delete a document through any node."""
        name, node = self.rng.choice(NAMES), self.rng.choice(self.nodes)
        delete = None not in self.kept[name] and self.rng.random() < 0.3
        text = None if delete else self.rng.choice(self._texts)
        self.kept[name] = self.kept[name] | {text}
        try:
            if text is None:
                response = node.client.delete(f"/v1/documents/{_id_of(name)}")
            else:
                response = node.client.post("/v1/documents", files={"files": (name, text.encode())})
        except httpx.TransportError:
            return
        if response.is_success or (text is None and response.status_code == 404):
            self.kept[name] = {text}
            self.acknowledged += 1
        elif response.status_code in (423, 503):
            self.refused += 1  # it may have been put into the queue, and be done later
        else:
            self.wrong.append(f"a write of {name} was answered with {response.status_code}: {response.text[:300]}")

    def answer(self, question: str) -> dict[str, Any] | None:
        """What any node answers; None when it doesn't, as it was just killed or is not ready."""
        node = self.rng.choice(self.nodes)
        try:
            response = node.client.post("/v1/query", json={"question": question})
        except httpx.TransportError:
            return None
        if response.status_code in (409, 503):
            return None
        answer: dict[str, Any] = response.json()
        self.answered += 1
        if not response.is_success or answer["invalid_citations"]:
            self.wrong.append(f"a question was answered with {response.status_code}: {response.text[:300]}")
            return None
        return answer

    def ask(self) -> None:
        """Ask any node a question; what it cites must be what the document is, or may be."""
        answer = self.answer(self.rng.choice(SENTENCES))
        if answer is None:
            return
        for citation in answer["citations"]:
            may_be = self.kept.get(citation["file"].rpartition("/")[2], {TEXTS[0]})
            if not any(text is not None and citation["quote"] in text for text in may_be):
                self.wrong.append(f"{citation['quote']!r} is cited of {citation['file']}, which is {may_be}")

    def writer(self) -> str:
        """Where the node answers that writes now."""
        until = time.monotonic() + LIMIT_S
        with psycopg.connect(self._database, autocommit=True) as connection:
            while time.monotonic() < until:
                row = connection.execute("SELECT value FROM meta WHERE key = 'writer'").fetchone()
                if row and (url := json.loads(row[0]).get("url")) in [node.url for node in self.nodes]:
                    return str(url)
                time.sleep(0.1)
        raise AssertionError("no node writes")

    def until_written(self) -> None:
        """Write until a write is acknowledged."""
        before, until = self.acknowledged, time.monotonic() + LIMIT_S
        while self.acknowledged == before:
            assert time.monotonic() < until
            self.write()

    def compare(self, when: str) -> None:
        """What each node serves against what was acknowledged."""
        for node in self.nodes:
            node.wait()
        seen = []
        for node in self.nodes:
            rows = {row["file"].rpartition("/")[2]: row for row in node.client.get("/v1/documents").json()["documents"]}
            seen.append({name: row["sha256"] for name, row in rows.items() if name in NAMES})
            for name in NAMES:
                digests = {text and hashlib.sha256(text.encode()).hexdigest() for text in self.kept[name]}
                if seen[-1].get(name) not in digests:
                    self.wrong.append(f"{when}: {name} is not what was acknowledged at {node.url}")
        if any(one != seen[0] for one in seen):
            self.wrong.append(f"{when}: the nodes serve different documents")
        self.quiet()

    def quiet(self) -> None:
        """Wait until nothing is in the queue any more: an upload through it comes back."""
        for node in self.nodes[:1]:
            node.client.post("/v1/documents", files={"files": ("quiet.txt", TEXTS[0].encode())}).raise_for_status()

    def stop(self) -> None:
        """End all nodes."""
        for node in self.nodes:
            node.stop()


def _id_of(name: str) -> str:
    return hashlib.sha256(f"uploads/{name}".encode()).hexdigest()[:16]
