"""A catalogue of an earlier release is brought up to date when it is opened; nothing in it is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.storage.catalog import Catalog
from index.store import Store
from tests.support.paths import MAX_BYTES

# What a catalogue of version 1 lacked.
LATER = {
    "documents": ("reader", "title", "author", "published", "url", "language"),
    "passages": ("source", "runs", "section", "context", "kind"),
}


def made_old(path: Path) -> None:
    """Turn a catalogue into one of version 1."""
    with closing(sqlite3.connect(path)) as db:
        for table, columns in LATER.items():
            for column in columns:
                db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.execute("DROP TABLE origins")
        db.execute("PRAGMA user_version = 1")
        db.commit()


def test_only_what_has_a_reader_of_its_own_now_is_read_again(tmp_path: Path, encoder: Encoder) -> None:
    folder, data = tmp_path / "articles", tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_text("El faro alumbra.\n")
    (folder / "b.md").write_text("# Faro\n\nEl *faro* alumbra.\n")
    with Store(data) as store:
        Syncer(store, encoder, MAX_BYTES).sync(folder)
    made_old(data / "catalog.sqlite")
    with Store(data) as store:
        before = {row.file: row.indexed_at for row in store.catalog.documents()}
        assert list(before) == ["a.txt", "b.md"]
        report = Syncer(store, encoder, MAX_BYTES).sync(folder)
        assert (report.added, report.changed, report.unchanged) == ([], ["b.md"], 1)
        (row,) = store.catalog.passages_of([store.catalog.documents()[1].id], 10)
        assert (row.text, row.source, row.section) == ("El faro alumbra.", "El *faro* alumbra.", "Faro")
        assert Syncer(store, encoder, MAX_BYTES).sync(folder).unchanged == 2


def test_two_processes_may_open_an_old_catalogue_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog.at(path).close()
    made_old(path)
    for _ in range(2):
        with closing(Catalog.at(path)) as catalog:
            assert catalog.documents() == []
