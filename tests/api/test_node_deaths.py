"""Nodes, the one that writes, and PostgreSQL itself end at random moments; `make torture` does so at length."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.model.encoder import Encoder
from tests.support.nodes import Cluster
from tests.support.postgres import Postgres, new_schema
from tests.support.remembering import TEXTS, Remembering


@pytest.fixture
def server() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path, encoder: Encoder, server: Postgres) -> None:
    Remembering(encoder).learn(tmp_path / "memory")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "uno.txt").write_text(TEXTS[0])
    cluster = Cluster(tmp_path, corpus, tmp_path / "memory", new_schema(server.url), count=2)
    try:
        cluster.start()
        for step in range(4):
            until = time.monotonic() + 0.7
            while time.monotonic() < until:
                cluster.write()
                cluster.ask()
            if step == 3:
                server.kill()
                cluster.write()
                server.start()
            else:
                node = cluster.nodes[step % 2]
                node.kill()
                cluster.write()
                node.start()
            cluster.compare(f"death {step}")
    finally:
        cluster.stop()
    assert cluster.wrong == []
    assert cluster.acknowledged > 4
