from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.retriever import HybridRetriever
from index.storage.dense import DenseIndex
from index.storage.lexical import LexicalIndex
from index.storage.protocol import Entry, Query
from index.store import Store
from rag.evidence.overlap import WORD
from tests.support.models import Tiny
from tests.support.paths import MAX_BYTES

ZERO = np.zeros(4, np.float32)  # tantivy looks at texts only


def test_spanish_analysis(tmp_path: Path) -> None:
    lexical = LexicalIndex(tmp_path / "lex")
    stems = [t for t in lexical.terms("Las visitas de los soldados norcoreanos") if not t.startswith(WORD)]
    assert stems == [t for t in lexical.terms("la visita del SOLDADO norcoreano") if not t.startswith(WORD)]
    assert lexical.terms("de la que y en") == []
    assert WORD + "6" in lexical.terms("6.700")


def test_lexical_search_change_and_idf(tmp_path: Path) -> None:
    lexical = LexicalIndex(tmp_path / "lex")
    lexical.change(
        [], [Entry(1, ZERO, "puente de Triana"), Entry(2, ZERO, "puente nuevo"), Entry(3, ZERO, "biblioteca")]
    )
    assert [pk for pk, _ in lexical.search(Query(ZERO, lexical.terms("puentes en Triana")), 9)] == [1, 2]
    idf = lexical.idf(lexical.terms("puente biblioteca desconocida"))
    assert idf["puent"] < idf["bibliotec"] < idf["desconoc"]
    assert idf[WORD + "puente"] == pytest.approx(idf["puent"])
    lexical.change([1], [Entry(4, ZERO, "Triana")])
    assert [pk for pk, _ in lexical.search(Query(ZERO, lexical.terms("Triana")), 9)] == [4]
    assert lexical.pks() == {2, 3, 4}
    assert LexicalIndex(tmp_path / "lex").pks() == {2, 3, 4}


@pytest.mark.parametrize(
    "text", ["", "¿?", "AND OR NOT", "text:foo", '"sin cerrar', "a" * 5000, "* ~ ^ \\ [ ] { }", "😀"]
)
def test_any_text_can_be_searched(tmp_path: Path, text: str) -> None:
    lexical = LexicalIndex(tmp_path / "lex")
    lexical.change([], [Entry(1, ZERO, "algo")])
    lexical.search(Query(ZERO, lexical.terms(text)), 5)


def test_dense_index_keeps_what_it_was_given(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(6000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    dense = DenseIndex(tmp_path / "dense")
    dense.change([], [Entry(pk, vectors[pk - 1], "") for pk in range(1, 6001)])  # more than Chroma takes at once
    assert len(dense.pks()) == 6000
    pk, cosine = dense.search(Query(vectors[41]), 3)[0]
    assert (pk, round(cosine, 4)) == (42, 1.0)
    dense.change([42], [])
    assert dense.search(Query(vectors[41]), 1)[0][0] != 42
    dense.change([], [Entry(42, vectors[0], "")])
    assert dense.search(Query(vectors[0]), 2)[1][1] == pytest.approx(1, abs=1e-4)


def test_english_questions_find_spanish_passages(seeds_store: Store, encoder: Encoder) -> None:
    retriever = HybridRetriever(seeds_store, encoder, 3)
    for question, file, line in [
        ("Where did Kim and Putin meet in April 2019?", "003", 10),
        ("Which African president was a guest in Saint Petersburg?", "004", 14),
        ("What share of North Koreans was undernourished?", "003", 31),
        ("Who is the spokesman of the US State Department?", "003", 16),
    ]:
        hits = [n.node.metadata for n in retriever.retrieve(question)]
        assert any(m["file"].startswith(file) and m["line_start"] <= line <= m["line_end"] for m in hits), question


def test_the_lexical_side_decides_between_equal_vectors(seeds_store: Store, encoder: Encoder) -> None:
    retriever = HybridRetriever(seeds_store, encoder)
    best, *_ = retriever.rank("Zimbabwe", encoder.encode_query("Zimbabwe"))
    assert "Zimbabwe" in best[0].text
    assert best[3] == 1


def test_the_same_text_in_two_files_is_found_once(tmp_path: Path, corpus: Path) -> None:
    (corpus / "copia.txt").write_text((corpus / "uno.txt").read_text())
    with Store(tmp_path / "data") as store:
        Syncer(store, Tiny(), MAX_BYTES).sync(corpus)
        store.catch_up()
        ranked = HybridRetriever(store, Tiny()).rank("puente de Triana", Tiny().encode_query("puente de Triana"))
    assert sorted(row.file for row, *_ in ranked) in (["copia.txt", "dos.txt"], ["dos.txt", "uno.txt"])
