from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.doctor import examine
from index.ingest.sync import Syncer
from index.storage.catalog import Catalog
from index.storage.protocol import Entry
from index.store import Store
from rag.errors import DataFolderUnusable, IndexBusy, IndexMissing, ProjectionDamaged
from tests.support.doomed import EXIT, hold
from tests.support.processes import run_child


def wrong(store: Store) -> dict[str, str]:
    return {f.check: f.mend for f in examine(store) if not f.ok}


def test_a_second_process_is_refused_with_the_holders_name(store: Store) -> None:
    code = f"from pathlib import Path; from index.store import Store; Store(Path({str(store.folder)!r}), 'second')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "in use by `renglon`" in result.stderr


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    assert run_child(hold, str(tmp_path)) == EXIT
    Store(tmp_path).close()


def test_the_lock_is_free_after_close(tmp_path: Path) -> None:
    first = Store(tmp_path)
    with pytest.raises(IndexBusy, match="data folder"):
        Store(tmp_path)
    first.close()
    Store(tmp_path).close()


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match="can't be written"):
        Store(tmp_path / "file" / "data")


def test_a_damaged_catalogue_is_told(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(DataFolderUnusable, match="damaged"):
        Catalog.at(tmp_path / "catalog.sqlite")
    with pytest.raises(DataFolderUnusable, match="damaged"):
        Store(tmp_path)
    with pytest.raises(DataFolderUnusable, match="damaged"):  # and not «busy»: the lock was let go
        Store(tmp_path)


def test_a_catalogue_of_another_release_is_told(store: Store) -> None:
    with closing(sqlite3.connect(store.folder / "catalog.sqlite")) as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(DataFolderUnusable, match="schema 99"):
        Catalog.at(store.folder / "catalog.sqlite")


def test_nothing_indexed_is_told(store: Store) -> None:
    with pytest.raises(IndexMissing, match="renglon sync"):
        store.require_index()
    assert wrong(store) == {"catalogue": "renglon sync FOLDER"}


def test_doctor_finds_what_is_missing_left_over_or_damaged(store: Store, syncer: Syncer, corpus: Path) -> None:
    syncer.sync(corpus)
    assert wrong(store) == {}
    pk = min(store.catalog.pks())
    store.dense.change([pk], [])
    assert wrong(store)["Chroma"] == "renglon doctor --fix"
    store.rebuild()
    assert wrong(store) == {}
    store.lexical.change([], [Entry(999, np.zeros(4, np.float32), "sobra")])
    assert wrong(store) == {"tantivy": "renglon doctor --fix"}
    store.rebuild()
    row = store.catalog.passages([pk])[0]
    store.dense.change([], [Entry(pk, -row.vector, "")])
    assert "Chroma self-query" in wrong(store)
    store.rebuild()
    with closing(sqlite3.connect(store.folder / "catalog.sqlite")) as other, other:
        other.execute("UPDATE passages SET text = 'otra' WHERE pk = ?", (pk,))
    assert "spans" in wrong(store)


@pytest.mark.parametrize("kind", ["dense", "lexical"])
def test_a_damaged_projection_is_told_and_rebuilt(
    tmp_path: Path,
    corpus: Path,
    encoder,
    kind: str,  # type: ignore[no-untyped-def]
) -> None:
    with Store(tmp_path / "data") as store:
        Syncer(store, encoder, 10**6).sync(corpus)
    (folder,) = (tmp_path / "data" / kind).iterdir()
    damaged = folder / ("chroma.sqlite3" if kind == "dense" else "meta.json")
    damaged.write_bytes(b"garbage" * 1000)
    with Store(tmp_path / "data") as store:
        with pytest.raises(ProjectionDamaged, match="--fix"):
            _ = getattr(store, kind)
        assert wrong(store)
        store.rebuild()
        assert wrong(store) == {}


def test_doctor_says_how_to_start_over_when_the_catalogue_is_wrong(store: Store, syncer: Syncer, corpus: Path) -> None:
    syncer.sync([corpus])
    with closing(sqlite3.connect(store.folder / "catalog.sqlite")) as db, db:
        db.execute("UPDATE passages SET text = text || '!' WHERE pk = (SELECT min(pk) FROM passages)")
    advice = wrong(store)["spans"]
    assert advice.startswith("Delete the data folder")
    assert advice.endswith("then: renglon sync FOLDER")  # tests/test_documents.py: this command exists


def test_a_lost_projection_folder_is_found_by_doctor(tmp_path: Path, corpus: Path, encoder) -> None:  # type: ignore[no-untyped-def]
    with Store(tmp_path / "data") as store:
        Syncer(store, encoder, 10**6).sync(corpus)
    shutil.rmtree(tmp_path / "data" / "dense")
    with Store(tmp_path / "data") as store:
        assert wrong(store)["Chroma"] == "renglon doctor --fix"
        store.rebuild()
        assert wrong(store) == {}
