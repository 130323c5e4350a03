from __future__ import annotations

from pathlib import Path

import pytest

from index.encoder import Encoder
from index.schema import ModelKey
from index.store import Store
from index.sync import Syncer
from rag.errors import CorpusNotFound, ModelMismatch, NoReadableFile, RenglonError
from tests.conftest import MAX_BYTES


def in_step(store: Store) -> bool:
    pks = store.catalog.pks()
    return bool(pks) and store.dense.pks() == pks == store.lexical.pks()


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
    from index import schema

    real, calls = schema.insert_vectors, []

    def fails_on_second(*args: object) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise OSError("disk full")
        real(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(schema, "insert_vectors", fails_on_second)
        with pytest.raises(OSError, match="disk full"):
            syncer.sync(corpus)
    assert store.catalog.text(store.catalog.documents()[1].id) == before
    assert in_step(store)
    assert syncer.sync(corpus).changed == ["uno.txt"]
    assert in_step(store)


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
