"""Long documents take bounded memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from index.corpus.documents import document_of
from index.ingest.sync import SLICE, Syncer
from index.store import Store
from tests.support import memory
from tests.support.models import Tiny
from tests.support.paths import MAX_BYTES
from tests.support.processes import run_child


class Sized(Tiny):
    """Tiny, and keeps how many texts it was given at once."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def encode_documents(self, passages: Any, progress: Any = None) -> Any:
        self.sizes.append(sum(1 + len(spans) for _, spans in passages))
        return super().encode_documents(passages, progress)


def test_a_long_document_is_embedded_in_slices(store: Store) -> None:
    encoder, count = Sized(), 4 * SLICE
    text = " ".join(f"La frase {n} termina." for n in range(count))
    Syncer(store, encoder, MAX_BYTES).put(document_of("larga.txt", text.encode()), "corpus")
    assert len(encoder.sizes) > 3
    assert max(encoder.sizes) < 1.2 * SLICE
    counts = store.catalog.counts()
    assert (counts["sentences"], counts["passages"] + count) == (count, sum(encoder.sizes))
    (pk,) = sorted(store.catalog.pks())[-1:]
    (last,) = store.catalog.passages([pk])
    own = encoder.encode_passages([text[a:b] for a, b, _, _ in last.sentences])
    assert abs(last.sentence_vectors - own).max() < 0.001


def test_twenty_megabytes_of_short_sentences_stay_under_500_mb(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "muchas.txt").write_text("Sí. " * 3_999_999)
    (corpus / "bastantes.txt").write_text("Sí. " * 39_999)
    result = tmp_path / "result.json"
    assert run_child(memory.sync, str(tmp_path / "data"), str(corpus), str(result)) == 0
    found = json.loads(result.read_text())
    assert found["added"] == ["bastantes.txt"]
    assert [file for file, _ in found["refused"]] == ["muchas.txt"]
    assert found["mb"] < 500
