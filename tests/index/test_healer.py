from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest

from index.health import healer, probe, samples
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.renglon import build_engine
from index.retriever import HybridRetriever
from index.storage.lexical import altered
from index.store import Store
from rag.errors import ProjectionDamaged
from rag.settings import Settings
from tests.support.chroma import lose_collection
from tests.support.models import Panic
from tests.support.paths import MAX_BYTES, MODELS
from tests.support.soundness import in_step

QUESTION = "¿Cuándo se abrió el puente de Triana?"


@pytest.fixture
def data(tmp_path: Path, corpus: Path, encoder: Encoder) -> Path:
    """A data folder, closed properly."""
    with Store(tmp_path / "data") as store:
        Syncer(store, encoder, MAX_BYTES).sync(corpus)
    return tmp_path / "data"


def abandoned(data: Path, to: Path) -> Path:
    """What a process that was killed leaves behind: the files, and no mark."""
    shutil.copytree(data, to)
    (to / healer.MARK).unlink(missing_ok=True)
    return to


def whole(store: Store) -> bool:
    """Nothing is damaged, and every passage finds itself."""
    sample = samples.sample_of(store.catalog, store.catalog.pks())
    lost = store.dense.lost(sample) + store.lexical.lost(sample)
    return in_step(store) and not store.degraded and not lost


def test_a_clean_close_is_believed_and_a_changed_file_is_not(data: Path) -> None:
    with Store(data) as store:
        assert store.left_clean
        assert not (data / healer.MARK).exists()
    with Store(data) as store:
        assert store.left_clean
        store.catch_up()
    (data / healer.MARK).write_text("something else")
    with Store(data) as store:
        assert not store.left_clean
        store.catch_up()
        assert not store.degraded
    with Store(data) as store:
        assert store.left_clean
    (lexical,) = (data / "lexical").iterdir()
    (lexical / "meta.json").write_bytes((lexical / "meta.json").read_bytes())
    with Store(data) as store:
        assert not store.left_clean


def test_what_was_never_looked_at_is_not_called_clean(data: Path, tmp_path: Path) -> None:
    copy = abandoned(data, tmp_path / "copy")
    with Store(copy) as store:
        assert not store.left_clean
    assert not (copy / healer.MARK).exists()


@pytest.mark.parametrize(
    ("dense", "lexical"), [("data_level0.bin", ".idx"), ("chroma.sqlite3", "meta.json"), ("header.bin", ".term")]
)
def test_damaged_files_are_noticed_at_the_next_start(
    seeds_data: Path, tmp_path: Path, dense: str, lexical: str
) -> None:
    """The five articles are enough for every kind of file, each cut and overwritten: `make torture`."""
    copy = abandoned(seeds_data, tmp_path / "copy")
    for kind, end in (("dense", dense), ("lexical", lexical)):
        (path,) = [path for path in (copy / kind).rglob("*") if path.name.endswith(end)]
        path.write_bytes(b"\xa5" * path.stat().st_size)
    with Store(copy) as store:
        store.catch_up()
        store.wait_until_mended()
        assert whole(store)


def test_an_altered_byte_in_a_tantivy_file_is_found(seeds_data: Path, tmp_path: Path) -> None:
    copy = abandoned(seeds_data, tmp_path / "copy")
    (place,) = (copy / "lexical").iterdir()
    assert altered(place) == []
    segment = max(place.iterdir(), key=lambda path: path.stat().st_size)
    content = bytearray(segment.read_bytes())
    content[len(content) // 3] ^= 1
    segment.write_bytes(content)
    assert altered(place) == [segment.name]
    problem = probe.ask(copy, "lexical", 60)
    assert problem is not None
    assert segment.name in problem


def test_a_probe_that_hangs_or_dies_counts_as_damage(data: Path) -> None:
    assert probe.ask(data, "dense", 60) is None
    assert "did not open within" in str(probe.ask(data, "dense", 0.01))
    assert "ended with 1" in str(probe.ask(data / "none", "dense", 60))


def test_damage_found_while_answering_leaves_the_other_side(data: Path, corpus: Path, encoder: Encoder) -> None:
    with Store(data) as store:
        engine = build_engine(store, encoder, Settings(models_dir=MODELS))
        assert not engine.answer(QUESTION).degraded
        with store.building:  # the rebuild waits until we have looked
            (place,) = (data / "dense").iterdir()
            lose_collection(place)
            answer = engine.answer(QUESTION)
            assert answer.degraded
            assert answer.citations[0].file == "uno.txt"
            (corpus / "uno.txt").write_text("El puente de Triana se abrió en 1852, un jueves.\n")
            Syncer(store, encoder, MAX_BYTES).sync(corpus)  # degraded, and yet it takes changes
            assert "jueves" in engine.answer(QUESTION).citations[0].quote
        store.wait_until_mended()
        assert not engine.answer(QUESTION).degraded
        assert in_step(store)


def test_without_both_projections_the_stored_vectors_answer(
    data: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(data) as store, store.building:
        retriever = HybridRetriever(store, encoder)
        expected = [row.pk for row, *_ in retriever.rank(QUESTION, encoder.encode_query(QUESTION))]
        (place,) = (data / "dense").iterdir()
        lose_collection(place)
        lost = ProjectionDamaged("tantivy can't answer.")  # it would go on reading what it holds mapped
        monkeypatch.setattr(store.lexical, "search", Mock(side_effect=lost))
        found = [row.pk for row, *_ in retriever.rank(QUESTION, encoder.encode_query(QUESTION))]
        assert set(store.views.damage) == {"dense", "lexical"}
        assert found == expected


def test_queries_never_notice_a_rebuild_or_a_change(data: Path, corpus: Path, encoder: Encoder) -> None:
    """A document that changes all the time is found at every moment, in its old version or in the new one."""
    with Store(data) as store:
        syncer, retriever = Syncer(store, encoder, MAX_BYTES), HybridRetriever(store, encoder)
        engine = build_engine(store, encoder, Settings(models_dir=MODELS))
        vector = encoder.encode_query(QUESTION)
        versions = {(corpus / "uno.txt").read_text()}
        faults: list[object] = []
        asked = 0
        stop = threading.Event()

        def search() -> bool:
            found = [row for row, *_ in retriever.rank(QUESTION, vector) if row.file == "uno.txt"]
            return len(found) == 1 and any(found[0].text.strip() in version for version in versions)

        def answer() -> bool:
            found = engine.answer(QUESTION)
            return not found.invalid_citations and any(found.citations[0].quote in version for version in versions)

        def ask(well: Callable[[], bool]) -> None:
            nonlocal asked
            while not stop.is_set():
                asked += 1
                try:
                    faults.extend([] if well() else [well.__name__])
                except Exception as error:
                    faults.append(error)

        threads = [threading.Thread(target=ask, args=(well,), daemon=True) for well in (search, answer)]
        for thread in threads:
            thread.start()
        for n in range(8):
            text = f"El puente de Triana se abrió en 1852. Es la versión {n}.\n"
            versions.add(text)
            (corpus / "uno.txt").write_text(text)
            syncer.sync(corpus)
            if n % 2:
                store.rebuild()
        stop.set()
        for thread in threads:
            thread.join()
        assert faults == []
        assert asked > 16
        assert not store.degraded


@pytest.fixture
def slow_reader(data: Path) -> Iterator[tuple[Store, threading.Event, threading.Event]]:
    """A query that has begun and does not end before it is let go."""
    with Store(data) as store:
        inside, leave = threading.Event(), threading.Event()

        def look() -> None:
            with store.reading() as view:
                inside.set()
                leave.wait(30)
                assert view.dense is not None
                view.dense.count()  # must still be open
                assert store.catalog.counts()["documents"] == 2

        thread = threading.Thread(target=look)
        thread.start()
        inside.wait(30)
        yield store, leave, inside
        leave.set()
        thread.join()


def test_what_a_running_query_needs_is_kept_until_it_leaves(
    slow_reader: tuple[Store, threading.Event, threading.Event],
) -> None:
    store, leave, _ = slow_reader
    (gone,) = [row.id for row in store.catalog.documents() if row.file == "uno.txt"]
    old = store.dense
    pks = store.catalog.pks()
    remover = threading.Thread(target=store.remove, args=([gone],))
    remover.start()
    while len(store.catalog.pks()) == len(pks):
        time.sleep(0.01)
    assert old.pks() == pks  # gone from the catalogue, still there for the one who is reading
    leave.set()
    remover.join()
    assert old.pks() == store.catalog.pks()


def test_a_panic_while_rebuilding_is_no_end() -> None:
    """What ends a call of a library written in Rust is no `Exception`."""
    views, tries = Mock(damage={"dense": ProjectionDamaged("broken")}), 0

    def rebuild(kinds: object, stop: object) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Panic("called `Option::unwrap()` on a `None` value")
        views.damage.clear()
        return 1

    one = healer.Healer(views, rebuild)
    one.wake()
    one.wait(30)
    assert (tries, views.damage) == (2, {})
