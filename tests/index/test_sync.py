from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from index.corpus.globs import Globs
from index.database_store import DatabaseStore
from index.ingest import sync
from index.ingest.plan import survey
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.records import ModelKey
from index.storage.sqlite import Database
from index.store import Store
from rag.errors import CorpusNotFound, ModelMismatch, NoReadableFile, RenglonError
from tests.support.doomed import sync_until
from tests.support.models import Counting
from tests.support.paths import MAX_BYTES
from tests.support.processes import run_child
from tests.support.soundness import in_step


def files(store: Store) -> list[str]:
    return [row.file for row in store.catalog.documents()]


def test_add_change_remove(store: Store, syncer: Syncer, corpus: Path) -> None:
    first = syncer.sync(corpus)
    assert sorted(first.added) == ["dos.txt", "uno.txt"]
    assert in_step(store)
    generation = store.catalog.generation
    again = syncer.sync(corpus)
    assert (again.unchanged, again.added, again.changed, again.removed) == (2, [], [], [])
    assert store.catalog.generation == generation
    (corpus / "uno.txt").write_text("El puente se abrió en 1853.\n")
    (corpus / "dos.txt").unlink()
    (corpus / "tres.md").write_text("# Título\n\nTexto nuevo.\n")
    third = syncer.sync(corpus)
    assert (third.changed, third.removed, third.added) == (["uno.txt"], ["dos.txt"], ["tres.md"])
    assert files(store) == ["tres.md", "uno.txt"]
    assert in_step(store)
    assert store.catalog.generation > generation


def test_refused_files_are_named_and_the_rest_goes_on(store: Store, syncer: Syncer, corpus: Path) -> None:
    (corpus / "vacio.txt").write_text("")
    (corpus / "binario.txt").write_bytes(bytes(range(32)) * 20)
    report = syncer.sync(corpus)
    assert len(report.added) == 2
    reasons = dict(report.refused)
    assert "empty" in reasons["vacio.txt"]
    assert "binary" in reasons["binario.txt"]


def test_a_file_that_becomes_unreadable_leaves_the_index(store: Store, syncer: Syncer, corpus: Path) -> None:
    syncer.sync(corpus)
    (corpus / "uno.txt").write_bytes(bytes(100))
    report = syncer.sync(corpus)
    assert report.removed == ["uno.txt"]
    assert report.refused[0][0] == "uno.txt"
    assert in_step(store)


def test_a_folder_without_readable_files_changes_nothing(store: Store, syncer: Syncer, corpus: Path) -> None:
    syncer.sync(corpus)
    for path in corpus.iterdir():
        path.unlink()
    (corpus / "a.txt").write_text("")
    with pytest.raises(NoReadableFile, match=r"a\.txt: The file is empty"):
        syncer.sync(corpus)
    with pytest.raises(CorpusNotFound):
        syncer.sync(corpus / "none")
    assert files(store) == ["dos.txt", "uno.txt"]


def test_two_folders_stand_side_by_side(store: Store, syncer: Syncer, corpus: Path, tmp_path: Path) -> None:
    syncer.sync(corpus)
    other = tmp_path / "otro"
    other.mkdir()
    (other / "cuatro.txt").write_text("Otra cosa.\n")
    (other / "uno.txt").write_text("Otro uno.\n")
    syncer.sync(other)
    assert files(store) == ["cuatro.txt", "dos.txt", "otro/uno.txt", "uno.txt"]
    assert syncer.sync(other).unchanged == 2
    assert syncer.sync(corpus).unchanged == 2


@pytest.mark.folder
def test_a_process_that_dies_between_catalogue_and_projections_is_made_good(
    store: Store, syncer: Syncer, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncer.sync(corpus)
    (corpus / "uno.txt").write_text("Otra versión del puente.\n")
    with monkeypatch.context() as patch:
        patch.setattr(store.lexical, "change", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            syncer.sync(corpus)
    assert not in_step(store)
    assert store.catch_up() > 0
    assert in_step(store)
    assert store.catch_up() == 0


def test_a_document_is_replaced_whole_or_not_at_all(
    store: Store, syncer: Syncer, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncer.sync(corpus)
    before = store.catalog.text(store.catalog.documents()[1].id)
    (corpus / "uno.txt").write_text("Una.\n\n" + "Dos frases que ocupan sitio. " * 60)
    database = type(store.database) if isinstance(store, DatabaseStore) else Database
    real = database.insert_vectors

    def fails_at_last(*args: object) -> None:
        real(*args)  # type: ignore[arg-type]
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(database, "insert_vectors", fails_at_last)
        with pytest.raises(OSError, match="disk full"):
            syncer.sync(corpus)
    assert store.catalog.text(store.catalog.documents()[1].id) == before
    assert in_step(store)
    assert syncer.sync(corpus).changed == ["uno.txt"]
    assert in_step(store)


@pytest.mark.folder
def test_rebuild_makes_both_projections_anew_without_embedding(
    store: Store, syncer: Syncer, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncer.sync(corpus)
    monkeypatch.setattr(Encoder, "encode_passages", lambda *_: pytest.fail("embedded"))
    old = store.dense, store.lexical
    assert store.rebuild() == len(store.catalog.pks())
    assert (store.dense, store.lexical) != old
    assert in_step(store)
    assert len(list((store.folder / "dense").iterdir())) == 1
    assert len(list((store.folder / "lexical").iterdir())) == 1


class Other(Encoder):
    """The same weights under another name: what a change of model looks like to the index."""

    def __init__(self, encoder: Encoder) -> None:
        self.__dict__.update(encoder.__dict__)
        self.name = "other-model"


def test_another_model_is_refused_until_everything_is_embedded_again(
    store: Store, syncer: Syncer, corpus: Path, encoder: Encoder
) -> None:
    syncer.sync(corpus)
    other = Syncer(store, Other(encoder), MAX_BYTES)
    with pytest.raises(ModelMismatch, match="--reembed"):
        other.sync(corpus)
    with pytest.raises(RenglonError, match="no vectors"):
        store.catalog.switch_model(ModelKey("other-model", "x", 384))
    assert other.reembed() == len(store.catalog.pks())
    assert store.catalog.model is not None
    assert store.catalog.model.name == "other-model"
    assert other.sync(corpus).unchanged == 2
    assert in_step(store)


def test_ids_survive_a_change_and_keys_never_come_back(store: Store, syncer: Syncer, corpus: Path) -> None:
    syncer.sync(corpus)
    ids, pks = [row.id for row in store.catalog.documents()], store.catalog.pks()
    for path in corpus.iterdir():
        path.write_text(path.read_text() + "Más.\n")
    syncer.sync(corpus)
    assert [row.id for row in store.catalog.documents()] == ids
    assert not pks & store.catalog.pks()


def test_several_folders_at_once_and_each_forgets_its_own(
    store: Store, syncer: Syncer, corpus: Path, tmp_path: Path
) -> None:
    other = tmp_path / "otro"
    other.mkdir()
    (other / "uno.txt").write_text("Otro uno.\n")
    (other / "cuatro.txt").write_text("Otra cosa.\n")
    report = syncer.sync([corpus, other, corpus])
    assert sorted(report.added) == ["cuatro.txt", "dos.txt", "otro/uno.txt", "uno.txt"]
    (other / "uno.txt").unlink()
    assert syncer.sync(corpus).removed == []
    assert syncer.sync([corpus, other]).removed == ["otro/uno.txt"]
    assert in_step(store)


def test_folders_of_the_same_name_do_not_take_each_others_files(
    store: Store, syncer: Syncer, corpus: Path, tmp_path: Path
) -> None:
    folders = [corpus]
    for place in ("a", "b"):
        folders.append(tmp_path / place / "corpus")
        folders[-1].mkdir(parents=True)
        (folders[-1] / "uno.txt").write_text(f"Uno de {place}.\n")
    syncer.sync(folders)
    assert files(store) == ["corpus/uno.txt", "corpus~2/uno.txt", "dos.txt", "uno.txt"]
    assert syncer.sync(folders).unchanged == 4


def test_one_empty_folder_of_two_changes_nothing(store: Store, syncer: Syncer, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "vacia").mkdir()
    with pytest.raises(NoReadableFile, match="vacia"):
        syncer.sync([corpus, tmp_path / "vacia"])
    assert files(store) == []


def test_globs_choose_and_what_they_leave_out_is_forgotten(
    store: Store, encoder: Encoder, syncer: Syncer, corpus: Path
) -> None:
    syncer.sync(corpus)
    report = Syncer(store, encoder, MAX_BYTES, Globs.parse("", "un*")).sync(corpus)
    assert report.removed == ["uno.txt"]
    assert Syncer(store, encoder, MAX_BYTES, Globs.parse("uno.txt", "")).sync(corpus).removed == ["dos.txt"]
    assert files(store) == ["uno.txt"]


def test_a_survey_says_what_a_sync_would_do_and_writes_nothing(store: Store, syncer: Syncer, corpus: Path) -> None:
    fresh = survey([], [corpus], MAX_BYTES, Globs())
    assert sorted(fresh.report.added) == ["dos.txt", "uno.txt"]
    assert files(store) == []
    syncer.sync(corpus)
    (corpus / "uno.txt").write_text("Cambiado.\n")
    (corpus / "dos.txt").unlink()
    (corpus / "tres.txt").write_text("Nuevo.\n")
    (corpus / "nada.txt").write_text("")
    before = store.catalog.generation
    would = survey(store.catalog.documents(), [corpus], MAX_BYTES, Globs()).report
    did = syncer.sync(corpus)
    assert (would.added, would.changed, would.removed) == (["tres.txt"], ["uno.txt"], ["dos.txt"])
    assert would.refused == did.refused == [("nada.txt", "The file is empty.")]
    assert (would.added, would.changed, would.removed) == (did.added, did.changed, did.removed)
    assert store.catalog.generation > before


def test_a_file_that_cannot_be_read_now_keeps_its_version(store: Store, syncer: Syncer, corpus: Path) -> None:
    syncer.sync(corpus)
    (corpus / "uno.txt").unlink()
    (corpus / "uno.txt").symlink_to(corpus / "lost-mount" / "uno.txt")
    report = syncer.sync(corpus)
    assert (report.kept, report.removed) == (["uno.txt"], [])
    assert report.refused[0][0] == "uno.txt"
    assert files(store) == ["dos.txt", "uno.txt"]


def test_a_name_that_is_no_text_is_refused_and_the_rest_goes_on(store: Store, syncer: Syncer, corpus: Path) -> None:
    (Path(os.fsdecode(bytes(corpus) + b"/ma\xf1ana.txt"))).write_text("Mañana.\n")
    report = syncer.sync(corpus)
    assert len(report.added) == 2
    assert "name" in report.refused[0][1]


def test_progress_counts_down_to_nothing(syncer: Syncer, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(6):
        (corpus / f"más{i}.txt").write_text("Una frase corta. " * 9)
    monkeypatch.setattr(sync, "GATHER", 20)
    steps: list[tuple[int, int]] = []
    syncer.sync(corpus, lambda done, left: steps.append((done, left)))
    assert steps[-1][1] == 0
    assert steps[0][1] > 20  # more than the first group: what is still to come is counted too
    assert all(left >= 0 for _, left in steps)


def test_a_killed_first_sync_goes_on_where_it_stopped(tmp_path: Path, encoder: Encoder) -> None:
    corpus = tmp_path / "many"
    corpus.mkdir()
    for i in range(120):
        (corpus / f"{i:03}.txt").write_text(f"La nota número {i} habla del puerto. Llegó el día {i} del año.\n")
    assert run_child(sync_until, str(tmp_path / "data"), str(corpus), 150) == -signal.SIGKILL
    with Store(tmp_path / "data") as store:
        done = {row.file: row.indexed_at for row in store.catalog.documents()}
        assert 0 < len(done) < 120
        counted = Counting(encoder)
        report = Syncer(store, counted, MAX_BYTES).sync(corpus)
        assert (report.unchanged, len(report.added)) == (len(done), 120 - len(done))
        assert counted.passages == report.passages == 120 - len(done)
        assert {row.file: row.indexed_at for row in store.catalog.documents() if row.file in done} == done
        assert in_step(store)
