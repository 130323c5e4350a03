"""The boilerplate of indexed documents: scores follow the catalogue, and lines that documents share are found."""

from __future__ import annotations

from pathlib import Path

from index.boilerplate import BoilerplateScores
from index.ingest.sync import Syncer
from index.store import Store
from rag.evidence.boilerplate import BOILERPLATE
from tests.support.seed_boilerplate import SEED_LINES

STORY = (
    "El {n}.º puente de la ciudad se abrió en 19{n}0 y lo cruzan cada día miles de personas.\n"
    "El taller de la calle {n} lo diseñó.\n"
)
BANNER = "Todas las noticias de la ciudad en tu bolsillo, gratis y sin esperas"


def marked(store: Store, scores: BoilerplateScores, file: str) -> set[str]:
    row = next(row for row in store.catalog.documents() if row.file == file)
    found = store.catalog.text(row.id)
    assert found is not None
    starts = [start for start, score in scores(row.id, row.sha256).items() if score >= BOILERPLATE]
    return {found[0][start:].split("\n")[0] for start in starts}


def test_the_five_articles_as_they_are_indexed(seeds_store: Store) -> None:
    scores = BoilerplateScores(seeds_store)
    for row in seeds_store.catalog.documents():
        found = seeds_store.catalog.text(row.id)
        assert found is not None
        starts = [start for start, score in scores(row.id, row.sha256).items() if score >= BOILERPLATE]
        assert {found[0].count("\n", 0, start) + 1 for start in starts} == SEED_LINES[row.file]


def test_a_line_that_three_documents_share(tmp_path: Path, store: Store, syncer: Syncer) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for n in range(1, 3):
        (corpus / f"{n}.txt").write_text(f"{BANNER}\n{STORY.format(n=n)}")
    syncer.sync(corpus)
    scores = BoilerplateScores(store)
    assert marked(store, scores, "1.txt") == set()
    (corpus / "3.txt").write_text(f"{BANNER}\n{STORY.format(n=3)}")
    syncer.sync(corpus)
    assert [marked(store, scores, f"{n}.txt") for n in (1, 2, 3)] == [{BANNER}] * 3


def test_a_version_that_is_gone_has_none(store: Store) -> None:
    assert BoilerplateScores(store)("nothing", "0" * 64) == {}
