"""A catalogue of the first released schema, brought up to date; and one that a later release wrote."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.purge import purge
from index.storage.catalog import Catalog
from index.storage.tables import SCHEMA, SCHEMA_VERSION
from index.store import Store
from rag.errors import DataFolderUnusable
from rag.recheck import check
from tests.support.answers import citation_of
from tests.support.models import Tiny
from tests.support.paths import MAX_BYTES

FIRST = Path(__file__).with_name("schema-1.sql")  # written by release 0.1.0
# What a catalogue of version 1 lacked.
LATER = {
    "documents": ("reader", "title", "author", "published", "url", "language", "collection", "blocks"),
    "passages": ("source", "runs", "section", "context", "kind"),
}
UNO = "El puente de Triana se abrió en 1852.\nLo diseñó Gustave Steinacher.\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder in which only the catalogue is left; the documents came from `tmp_path/corpus`."""
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as db:
        db.executescript(FIRST.read_text().replace("'/corpus'", f"'{(tmp_path / 'corpus').resolve()}'"))
    return folder


def described(path: Path) -> tuple[int, list[tuple[str, str]], list[tuple[str, str]]]:
    """Version, tables with their columns, and the documents' texts."""
    with closing(sqlite3.connect(path)) as db:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = sorted((table, row[1]) for table in tables for row in db.execute(f"PRAGMA table_info({table})"))
        return version, columns, db.execute("SELECT file, text FROM documents ORDER BY file").fetchall()


def test_the_first_released_schema_is_brought_up_to_date(data: Path, tmp_path: Path) -> None:
    before = described(data / "catalog.sqlite")
    with Store(data) as store:
        store.catch_up()
        assert store.catalog.counts() == {"documents": 2, "passages": 2, "sentences": 4}
        assert store.catalog.generation == 2
        assert {(row.file, row.collection) for row in store.catalog.documents()} == {
            ("dos.md", "default"), ("uno.txt", "default"),
        }  # fmt: skip
        was = tmp_path / "was"
        was.mkdir()
        (was / "uno.txt").write_text(UNO)
        claim = citation_of(was / "uno.txt", was, "Lo diseñó Gustave Steinacher.")
        assert check(claim, store.catalog.text(claim.document_id)).state == "valid"
        assert [len(sentences) for _, sentences in store.catalog.texts_of([1, 2]).values()] == [2, 2]
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        (corpus / "uno.txt").write_text(UNO)
        (corpus / "tres.txt").write_text("El faro mide 69 metros.\n")
        report = Syncer(store, Tiny(8), MAX_BYTES).sync(corpus)
        assert (report.unchanged, report.added, report.removed) == (1, ["tres.txt"], ["dos.md"])
    after, fresh = described(data / "catalog.sqlite"), tmp_path / "fresh.sqlite"
    with closing(sqlite3.connect(fresh)) as db:
        db.executescript(SCHEMA)
    assert (before[0], after[0]) == (1, SCHEMA_VERSION)
    assert [one for one in after[1] if one[0] != "sqlite_sequence"] == [
        one for one in described(fresh)[1] if one[0] != "sqlite_sequence"
    ]
    assert described(data / "catalog.sqlite.schema-1") == before


def test_a_purge_removes_the_copy(data: Path) -> None:
    with Store(data) as store:
        store.catch_up()
        assert purge(store) > 0
    assert not list(data.glob("catalog.sqlite.schema-*"))


def test_without_a_copy_nothing_is_migrated(data: Path) -> None:
    (data / "catalog.sqlite.schema-1").mkdir()  # the copy can't be put there
    before = described(data / "catalog.sqlite")
    with pytest.raises(DataFolderUnusable):
        Store(data)
    assert described(data / "catalog.sqlite") == before
    (data / "catalog.sqlite.schema-1").rmdir()
    Store(data).close()
    assert described(data / "catalog.sqlite")[0] == SCHEMA_VERSION


def test_the_copy_can_be_put_back(data: Path) -> None:
    Store(data).close()
    (data / "catalog.sqlite.schema-1").replace(data / "catalog.sqlite")
    for rest in ("-wal", "-shm"):
        (data / f"catalog.sqlite{rest}").unlink(missing_ok=True)
    assert described(data / "catalog.sqlite")[0] == 1


def test_a_catalogue_of_a_later_release_is_refused(data: Path) -> None:
    Store(data).close()
    with closing(sqlite3.connect(data / "catalog.sqlite")) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = (data / "catalog.sqlite").read_bytes()
    with pytest.raises(DataFolderUnusable, match="A newer release wrote this catalogue") as refused:
        Store(data)
    assert f"this release reads {SCHEMA_VERSION}" in refused.value.detail
    assert (data / "catalog.sqlite").read_bytes() == before


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
