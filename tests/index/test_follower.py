from __future__ import annotations

import gc
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.follower import Follower, open_store
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.records import ModelKey
from index.renglon import Renglon, build_engine
from index.storage.dense import DenseIndex
from index.store import Store
from rag.errors import IndexBusy, ModelMismatch
from rag.settings import Settings
from tests.support.chroma import chroma_server, collections_at
from tests.support.doomed import EXIT, reembed_until
from tests.support.models import Turned
from tests.support.paths import MAX_BYTES, MODELS
from tests.support.processes import run_child
from tests.support.remembering import Remembering
from tests.support.soundness import in_step

QUESTION = "¿Cuándo se abrió el puente de Triana?"


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("chroma")) as (url, _):
        yield url


def test_the_dense_projection_may_stand_on_a_server(
    chroma: str, tmp_path: Path, corpus: Path, encoder: Encoder
) -> None:
    with Store(tmp_path / "data", chroma_url=chroma) as store:
        Syncer(store, encoder, MAX_BYTES).sync(corpus)
        assert in_step(store)
        assert not (tmp_path / "data" / "dense").exists()
        names = collections_at(chroma)
        store.rebuild()
        after = collections_at(chroma)
        assert len(after - names) == len(names - after) == 1  # the old collection is gone
    with Store(tmp_path / "data", chroma_url=chroma) as store:
        store.catch_up()
        engine = build_engine(store, encoder, Settings(models_dir=MODELS))
        assert engine.answer(QUESTION).citations[0].file == "uno.txt"


def test_a_projection_on_a_server_closes_its_connections(chroma: str, tmp_path: Path) -> None:
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        index = DenseIndex(tmp_path / "dense", chroma)
        assert index.count() == 0
        index.discard()
        del index
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []


def test_a_second_process_follows_the_writer(chroma: str, tmp_path: Path, corpus: Path, encoder: Encoder) -> None:
    with Store(tmp_path / "data", "renglon serve", chroma_url=chroma) as writer:
        syncer = Syncer(writer, encoder, MAX_BYTES)
        syncer.sync(corpus)
        follower = open_store(tmp_path / "data", "second", 0, chroma)
        assert isinstance(follower, Follower)
        engine = build_engine(follower, encoder, Settings(models_dir=MODELS))
        assert "1852" in engine.answer(QUESTION).citations[0].quote
        (corpus / "uno.txt").write_text("El puente de Triana se abrió en 1852, un jueves.\n")
        syncer.sync(corpus)
        answer = engine.answer(QUESTION)
        assert "jueves" in answer.citations[0].quote
        assert answer.index_version == writer.catalog.generation
        writer.rebuild()
        answer = engine.answer(QUESTION)
        assert not answer.degraded
        assert "jueves" in answer.citations[0].quote
        follower.close()
        settings = Settings(data_dir=tmp_path / "data", models_dir=MODELS, chroma_url=chroma)
        with Renglon(settings, "second") as second:
            second.announce("http://127.0.0.1:9")  # ignored: the holder is the one to be announced
            for change in (second.writable, second.syncer, second.uploads, second.reembed):
                with pytest.raises(IndexBusy, match=r"written by `renglon serve`"):
                    change()
            assert "jueves" in second.engine().answer(QUESTION).citations[0].quote


def test_without_a_server_a_second_process_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "data"), pytest.raises(IndexBusy, match="in use"):
        open_store(tmp_path / "data", "second", 0, None)


def test_a_server_that_is_away_leaves_the_words(tmp_path: Path, corpus: Path, encoder: Encoder) -> None:
    with chroma_server(tmp_path / "chroma") as (url, _), Store(tmp_path / "data", chroma_url=url) as store:
        Syncer(store, encoder, MAX_BYTES).sync(corpus)
    with Store(tmp_path / "data", chroma_url=url) as store:
        assert store.catch_up() == 0
        answer = build_engine(store, encoder, Settings(models_dir=MODELS)).answer(QUESTION)
        assert answer.degraded
        assert answer.citations[0].file == "uno.txt"


def test_the_old_model_answers_until_the_new_one_is_complete(
    store: Store, syncer: Syncer, corpus: Path, encoder: Encoder
) -> None:
    syncer.sync(corpus)
    plain = Settings(models_dir=MODELS, reader="off")  # it is asked hundreds of times, and reading takes longest
    old = build_engine(store, encoder, plain)
    turned = Turned(encoder)
    outcomes: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                outcomes.append(old.answer(QUESTION).citations[0].file)
            except ModelMismatch:
                outcomes.append("switched")

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    while len(outcomes) < 5:
        assert thread.is_alive()
    assert Syncer(store, turned, MAX_BYTES).reembed() == 2
    count = len(outcomes)
    while len(outcomes) < count + 3:
        assert thread.is_alive()
    stop.set()
    thread.join()
    switch = outcomes.index("switched")
    assert set(outcomes[:switch]) == {"uno.txt"}
    assert set(outcomes[switch:]) == {"switched"}  # never an old question among new vectors
    new = build_engine(store, turned, plain)
    assert new.answer(QUESTION).citations[0].file == "uno.txt"
    assert in_step(store)
    assert store.catalog.model == ModelKey("turned", encoder.revision, encoder.dimension)


@pytest.mark.parametrize("moment", ["add_vectors", "switch_model", "drop_other_vectors"])
def test_a_change_of_model_may_be_cut_short_anywhere(
    tmp_path: Path, corpus: Path, encoder: Encoder, moment: str
) -> None:
    data, memory = tmp_path / "data", tmp_path / "memory"
    remembering = Remembering(encoder)
    with Store(data) as store:
        Syncer(store, remembering, MAX_BYTES).sync(corpus)
    remembering.keep(memory)
    assert run_child(reembed_until, str(data), str(memory), moment) == EXIT
    switched = moment == "drop_other_vectors"
    with Store(data) as store:
        store.catch_up()
        answers = Turned(encoder) if switched else encoder
        engine = build_engine(store, answers, Settings(models_dir=MODELS))
        assert engine.answer(QUESTION).citations[0].file == "uno.txt"
        assert in_step(store)
        if not switched:
            Syncer(store, Turned(encoder), MAX_BYTES).reembed()
        assert store.catalog.model is not None
        assert store.catalog.model.name == "turned"
        assert len(list((data / "dense").iterdir())) == 1
