"""The same service over PostgreSQL: nodes that answer alike, one that writes, and what is said when it can't be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.database_store import DatabaseStore
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.renglon import Renglon
from rag.engine import Engine
from rag.errors import IndexBusy
from rag.settings import Settings
from tests.support.models import Tiny
from tests.support.paths import MAX_BYTES, MODELS, ROOT, SEEDS

QUESTION = "¿Cuándo cierra la biblioteca?"


def node(folder: Path, database: str, corpus: Path, encoder: Encoder) -> Renglon:
    settings = Settings(data_dir=folder, corpus=corpus, database_url=database, models_dir=MODELS)
    return Renglon(settings, "renglon serve", encoder=encoder)


def test_gold_questions_get_the_same_citations(tmp_path: Path, database: str, encoder: Encoder, engine: Engine) -> None:
    lines = (ROOT / "eval" / "gold" / "seeds.jsonl").read_text().splitlines()
    questions = [json.loads(line)["question"] for line in lines[::12]]
    with node(tmp_path / "data", database, SEEDS, encoder) as opened:
        opened.syncer().sync(SEEDS)
        over_database = opened.engine()
        for question in questions:
            ours, theirs = over_database.answer(question), engine.answer(question)
            assert (ours.status, ours.text) == (theirs.status, theirs.text)
            cited = [[(c.file, c.char_start, c.char_end, c.quote) for c in a.citations] for a in (ours, theirs)]
            assert cited[0] == cited[1]
            assert ours.invalid_citations == 0
            assert not ours.degraded
            assert ours.confidence == pytest.approx(theirs.confidence, abs=0.002)


def test_a_second_node_sees_what_the_first_one_commits(tmp_path: Path, database: str, corpus: Path) -> None:
    with (
        node(tmp_path / "a", database, corpus, Tiny()) as first,
        node(tmp_path / "b", database, corpus, Tiny()) as second,
    ):
        first.syncer().sync(corpus)
        assert "lunes" in second.engine().answer(QUESTION).citations[0].quote
        (corpus / "dos.txt").write_text("La biblioteca cierra los martes.\n")
        assert first.syncer().sync(corpus).changed == ["dos.txt"]
        answer = second.engine().answer(QUESTION)
        assert "martes" in answer.citations[0].quote
        assert (answer.degraded, answer.index_version) == (False, first.store.catalog.generation)
        assert (first.store.follows, second.store.follows) == (False, True)
        for change in (second.writable, second.syncer, second.uploads, second.reembed):
            with pytest.raises(IndexBusy, match="renglon serve"):
                change()
        first.close()
        second.syncer().sync(corpus)  # nobody else writes now
        assert not second.store.follows


def test_a_text_may_hold_what_postgresql_cannot(tmp_path: Path, database: str) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    odd = "Un \x00 y un \U0010fffe y \U0010fffe0.\n" + "El faro de Chipiona mide 69 metros de altura. " * 20
    (corpus / "raro.txt").write_text(odd)
    with DatabaseStore(tmp_path / "data", database) as store:
        store.require_writer()
        Syncer(store, Tiny(), MAX_BYTES).sync(corpus)
        (row,) = store.catalog.documents()
        assert (store.catalog.text(row.id) or ("", ""))[0] == odd


def test_the_words_of_a_node_are_only_a_cache(tmp_path: Path, database: str, corpus: Path) -> None:
    for _ in range(2):
        with DatabaseStore(tmp_path / "data", database) as store:
            store.require_writer()
            Syncer(store, Tiny(), MAX_BYTES).sync(corpus)
            assert store.lexical.pks() == store.catalog.pks() != set()
            (corpus / "tres.txt").write_text("El faro alumbra de noche.\n")
    (place,) = (path for path in (tmp_path / "data" / "words").iterdir() if path.is_dir())
    (place / "meta.json").write_text("no JSON")
    with DatabaseStore(tmp_path / "data", database) as store:
        assert store.lexical.pks() == store.catalog.pks()
        assert len(store.catalog.documents()) == 3
