"""Named collections: documents belong to one, questions are asked within some, and nothing is lost by that."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from eval.datasets import load_gold
from index import collections
from index.collections import Collection
from index.corpus.globs import Globs
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.records import DEFAULT_COLLECTION
from index.renglon import build_engine
from index.retriever import HybridRetriever
from index.scope import documents_in, in_scope
from index.store import Store
from rag.errors import CalibrationUnusable, CollectionTaken, InvalidCollection, UnknownCollection, UnknownDocument
from rag.evidence.confidence import FEATURES, calibration_of
from rag.scope import Scope
from rag.settings import Settings
from tests.support.folders import copied
from tests.support.models import Tiny
from tests.support.paths import MAX_BYTES, MODELS, ROOT

WAR = ("000", "001")  # the articles of the collection `guerra`
SHIPPED: dict[str, Any] = json.loads((files("rag.evidence") / "calibration.json").read_text())


@pytest.fixture(scope="module")
def war(seeds_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the five articles, two of them in a collection of their own."""
    data = copied(seeds_data, tmp_path_factory.mktemp("war"))
    with closing(sqlite3.connect(data / "catalog.sqlite")) as db, db:
        db.execute("UPDATE documents SET collection = 'guerra' WHERE substr(file, 1, 3) IN (?, ?)", WAR)
    return data


def test_recall_within_a_collection_is_that_of_an_index_of_only_that(
    war: Path, seeds_data: Path, encoder: Encoder, tmp_path: Path
) -> None:
    gold = load_gold(ROOT / "eval" / "gold" / "seeds.jsonl")
    asked = [one for one in gold if one.answerable and any(place.file[:3] in WAR for place in one.evidence)][::2]
    assert len(asked) > 20
    recalled: dict[str, int] = {}
    with Store(copied(war, tmp_path / "a")) as whole, Store(copied(seeds_data, tmp_path / "b")) as only:
        others = [row.id for row in only.catalog.documents() if row.file[:3] not in WAR]
        only.remove(others)
        within = HybridRetriever(whole, encoder, 5).within(Scope(collection=("guerra",)))
        for name, retriever in {"within": within, "only": HybridRetriever(only, encoder, 5)}.items():
            recalled[name] = 0
            for one in asked:
                hits = [node.node.metadata for node in retriever.retrieve(one.question)]
                assert {hit["file"][:3] for hit in hits} <= set(WAR)
                places = [(place.file, place.line) for place in one.evidence]
                recalled[name] += any(
                    hit["file"] == file and hit["line_start"] <= line <= hit["line_end"]
                    for hit in hits
                    for file, line in places
                )
    assert recalled["within"] == recalled["only"]
    assert recalled["within"] > len(asked) // 2


def test_a_collection_and_documents_as_a_scope(war: Path, encoder: Encoder, tmp_path: Path) -> None:
    with Store(copied(war, tmp_path)) as store:
        catalog = store.catalog
        assert catalog.collections() == {"guerra": 2, DEFAULT_COLLECTION: 3}
        first, second, third, *_ = (row.id for row in catalog.documents())
        engine = build_engine(store, encoder, Settings(models_dir=MODELS))

        def found(**scope: Any) -> set[str]:
            return {hit.file[:3] for hit in engine.within(Scope(**scope)).search("Kim y Putin").passages}

        assert found(collection=("guerra",)) == set(WAR)
        assert found(collection=("guerra", "default")) >= {"000", "003"}
        assert found(documents=(third,)) == {"002"}
        assert found(documents=(first, third), collection=("guerra",)) == {"000"}
        assert found(documents=(first, second), files=("001*",)) == {"001"}
        nothing = engine.within(Scope(documents=(third,), collection=("guerra",))).answer("¿Quién es Kim?")
        assert (nothing.status, nothing.notice) == ("no_evidence", "Ningún documento indexado cumple el filtro.")
        assert in_scope(catalog, Scope(collection=("guerra", DEFAULT_COLLECTION))) is None  # nothing is left out
        with pytest.raises(UnknownCollection, match="There are: default, guerra"):
            engine.within(Scope(collection=("guerra", "paz")))
        with pytest.raises(UnknownDocument, match="0123"):
            engine.within(Scope(documents=("0123",)))


def test_folders_with_files_of_the_same_name_and_a_folder_that_moves(tmp_path: Path, corpus: Path) -> None:
    other = tmp_path / "otro"
    other.mkdir()
    (other / "uno.txt").write_text("El faro mide 69 metros.\n")
    (other / "tres.txt").write_text("El faro se encendió en 1867.\n")
    with Store(tmp_path / "data") as store:
        syncer = Syncer(store, Tiny(), MAX_BYTES)
        syncer.sync(corpus)
        Syncer(store, Tiny(), MAX_BYTES, Globs.parse("", "tres*")).sync(other, collection="faros")
        rows = {row.file: row.collection for row in store.catalog.documents()}
        assert rows == {"dos.txt": "default", "uno.txt": "default", "otro/uno.txt": "faros"}
        assert [row.file for row in documents_in(store.catalog, Scope(collection=("faros",)))] == ["otro/uno.txt"]
        before = store.catalog.generation
        report = syncer.sync(corpus, collection="casa")  # the same folder, from now on in a collection
        assert (report.unchanged, report.added) == (2, [])
        assert store.catalog.collections() == {"casa": 2, "faros": 1}
        assert store.catalog.generation > before
        assert store.catalog.get("projected") == str(store.catalog.generation)
        syncer.sync(corpus, collection="casa")
        assert store.catalog.generation == before + 1


def test_what_a_collection_can_be(store: Store) -> None:
    catalog = store.catalog
    collections.keep(catalog, Collection("a", ("/articles/a",), exclude=("*.bak",)))
    collections.keep(catalog, Collection("b", ("/articles/b", "/articles/c")))
    collections.keep(catalog, Collection("a", ("/articles/a",), include=("*.md",), calibration=SHIPPED))
    assert collections.stored(catalog)["a"].include == ("*.md",)
    assert (collections.names(catalog), collections.stored(catalog)["b"].folders[1]) == (["a", "b"], "/articles/c")
    for folder in ("/articles/a", "/articles/c/below", "/articles"):
        with pytest.raises(CollectionTaken, match="belongs to the collection"):
            collections.keep(catalog, Collection("z", (folder,)))
    collections.keep(catalog, Collection("z", ("/articles/ab",)))  # only its name begins alike
    for name in ("a/b", "", "-a", "a b", "x" * 65, "../a", "a\n"):
        with pytest.raises(InvalidCollection):
            collections.keep(catalog, Collection(name))
    collections.forget(catalog, "b")
    assert collections.names(catalog) == ["a", "z"]


def test_a_collection_has_its_own_calibration(war: Path, encoder: Encoder, tmp_path: Path) -> None:
    never = {**SHIPPED, "with_reader": {**SHIPPED["with_reader"], "intercept": -50}}
    question = "¿Cuántos contenedores envió Corea del Norte a Rusia?"
    with Store(copied(war, tmp_path)) as store:
        collections.keep(store.catalog, Collection("guerra", calibration=never))
        engine = build_engine(store, encoder, Settings(models_dir=MODELS))
        assert engine.answer(question).status == "answered"
        assert engine.within(Scope(collection=("guerra",))).answer(question).status == "no_evidence"
        assert engine.within(Scope(collection=("guerra", "default"))).answer(question).status == "answered"


@pytest.mark.parametrize(
    "change",
    [{"weights": {"luck": 1.0}}, {"weights": {"cosine": "much"}}, {"weights": [1]}, {"answered": {"es": 0.5}},
     {"intercept": float("nan")}, {"intercept": True}, {"near": None}],
)  # fmt: skip
def test_a_calibration_that_can_not_be_used_is_refused(change: dict[str, Any]) -> None:
    assert set(SHIPPED["with_reader"]["weights"]) == FEATURES
    calibration_of(SHIPPED, True, "x")
    with pytest.raises(CalibrationUnusable, match="The calibration x can't be used"):
        calibration_of({"with_reader": {**SHIPPED["with_reader"], **change}}, True, "x")
