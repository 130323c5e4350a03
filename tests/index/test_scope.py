"""Metadata of documents, and filters by them, which are decided before the search so that nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.corpus.documents import document_of, read_document
from index.corpus.language import language_of_text
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.renglon import build_engine
from index.retriever import DEPTH
from index.store import Store
from rag.scope import Scope
from rag.settings import Settings
from tests.support.paths import MAX_BYTES, MODELS

ABOUT = {
    "title": "La biblioteca",
    "author": "CNN",
    "published": "2024-06-18",
    "url": "https://cnn.com/b",
    "language": "es",
}


def test_a_file_beside_the_document_describes_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("La biblioteca cierra los lunes.\n")
    plain = read_document(path, tmp_path, MAX_BYTES)
    (tmp_path / "a.txt.meta.json").write_text(json.dumps({**ABOUT, "other": 1}))
    described = read_document(path, tmp_path, MAX_BYTES)
    assert vars(described.metadata) == ABOUT
    assert described.sha256 == plain.sha256
    assert described.fingerprint != plain.fingerprint  # it is indexed again with what is known now


@pytest.mark.parametrize("beside", [b"[1]", b"{", b'{"published": "ayer"}', b"\xff\xfe", b"[" * 50_000])
def test_a_file_beside_that_is_no_description_is_left_aside(beside: bytes, caplog: pytest.LogCaptureFixture) -> None:
    document = document_of("a.txt", b"El faro.\n", beside=beside)
    assert document.metadata.published is None
    assert "a.txt.meta.json is not used" in caplog.text


def test_the_language_of_a_document() -> None:
    assert language_of_text("La biblioteca municipal cierra los lunes y abre los martes por la mañana.") == "es"
    assert language_of_text("The library is closed on Mondays and opens on Tuesday morning at nine.") == "en"
    assert language_of_text("Die Bibliothek ist montags geschlossen und öffnet am Dienstag um neun Uhr.") == "de"
    assert language_of_text("1234") is None


def test_narrow_filters_lose_nothing(tmp_path: Path, encoder: Encoder) -> None:
    """One document among many that are nearer to the question: without the filter it is not even a candidate."""
    folder = tmp_path / "articles"
    (folder / "viejo").mkdir(parents=True)
    for n in range(2 * DEPTH + 12):
        (folder / f"{n:02}.txt").write_text(f"¿A qué hora abre la biblioteca? La biblioteca abre a las {n}.\n")
    far = folder / "viejo" / "museo.txt"
    far.write_text("Un museo, en cambio, recibe visitas desde el mediodía.\n")
    (folder / "viejo" / "museo.txt.meta.json").write_text(json.dumps({"published": "1999-05-01", "language": "es"}))
    (folder / "00.txt.meta.json").write_text(json.dumps({"published": "2024-06-18", "language": "pt"}))
    question = "¿A qué hora abre la biblioteca?"
    with Store(tmp_path / "data") as store:
        Syncer(store, encoder, MAX_BYTES).sync(folder)
        engine = build_engine(store, encoder, Settings(models_dir=MODELS, passages=50))

        def found(**scope: object) -> set[str]:
            return {p.file for p in engine.within(Scope(**scope)).search(question).passages}  # type: ignore[arg-type]

        assert "viejo/museo.txt" not in found()
        assert found(files=("viejo/*",)) == {"viejo/museo.txt"}
        assert found(files=("museo.txt", "17.txt")) == {"viejo/museo.txt", "17.txt"}
        assert found(published_before="2000-01-01") == {"viejo/museo.txt"}
        assert found(published_after="1999-05-01", published_before="2024-06-18") == {"viejo/museo.txt", "00.txt"}
        assert found(language="pt") == {"00.txt"}
        assert found(files=("none",)) == set()
        assert engine.within(Scope(files=("none",))).answer(question).status == "no_evidence"
        answer = engine.within(Scope(files=("00.txt",))).answer(question)
        assert {c.file for c in answer.citations} <= {"00.txt"}
        assert {c.published for c in answer.citations} <= {"2024-06-18"}
        assert engine.within(Scope()) is engine


def test_a_summary_and_small_talk_stay_within_the_filter(seeds_store: Store, encoder: Encoder) -> None:
    engine = build_engine(seeds_store, encoder, Settings(models_dir=MODELS)).within(Scope(files=("001*", "004*")))
    summary = engine.answer("Resume los artículos")
    assert {citation.file[:3] for citation in summary.citations} == {"001", "004"}
    nothing = engine.within(Scope(files=("*.none",))).answer("Resume los artículos")
    assert (nothing.status, nothing.citations) == ("no_evidence", [])
    assert nothing.notice == "Ningún documento indexado cumple el filtro."
