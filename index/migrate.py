"""Moves an index between a data folder and a database, document by document; nothing is read or embedded again.

The target answers nothing until everything is there and has been compared: its generation is set last. A run that was
interrupted goes on with the documents that are missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.follower import require_driver
from index.ingest.plan import UPLOADS
from index.records import DocumentRow, ModelKey
from index.storage import tables
from index.storage.catalog import Catalog
from index.storage.database import Connection, Database
from index.storage.lock import FolderLock
from index.storage.originals import FolderOriginals
from index.storage.sqlite import open_database
from index.store import CATALOG, Store
from index.writing import WritableStore
from rag.errors import IndexMissing, MigrationFailed

SCHEMES = ("postgresql://", "postgres://")
COLUMNS = {
    "documents": "id, root, file, sha256, encoding, size, lines, chars, indexed_at, text, reader, title, author, "
    "published, url, language, collection, blocks",
    "passages": "pk, document_id, ordinal, char_start, char_end, line_start, line_end, text, source, runs, section, "
    "context, kind",
    "sentences": "passage_pk, ordinal, char_start, char_end, line_start, line_end",
    "origins": "document_id, char_start, char_end, place, boxes",
}
KEPT = ("collections", "refused")  # what else of the meta table is the index's own, not its place's
BATCH = 100
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Migrated:
    """What was moved, and that it was compared."""

    documents: int
    moved: int
    passages: int


@dataclass(frozen=True)
class Target:
    """Where an index is moved to."""

    name: str
    database: Database
    keep_original: Callable[[Connection, DocumentRow, bytes], None]
    # Set the highest key that was given out, and have the vectors of a model searched.
    finish: Callable[[Connection, int, ModelKey], None]

    @property
    def catalog(self) -> Catalog:
        """Its catalogue."""
        return Catalog(self.database)


def migrate(source: WritableStore, to: str, progress: Progress = lambda *_: None) -> Migrated:
    """Move everything that a store holds to a folder or to the URL of a database.

    Raises MigrationFailed when the target holds another index, or when what was moved differs; IndexBusy,
    DatabaseAway, DatabaseUnusable, DataFolderUnusable.
    """
    model = source.catalog.model
    if model is None:
        raise IndexMissing("Nothing is indexed yet.", "Run: renglon sync FOLDER")
    source.require_writer()
    with source.writing, _opened(to) as target:
        mark = _mark(source.catalog, model)
        rows = source.catalog.documents()
        _require_free(target, mark)
        there = {row.id: row.sha256 for row in target.catalog.documents()}
        missing = [row for row in rows if there.get(row.id) != row.sha256]
        for start in range(0, len(missing), BATCH):
            _move(source, target, model, missing[start : start + BATCH])
            progress(len(missing[start : start + BATCH]), max(0, len(missing) - start - BATCH))
        _compare(source.catalog, target, model)
        with target.database.transaction() as db:
            target.finish(db, max(source.catalog.pks(), default=0), model)
            kept = {key: value for key in KEPT if (value := source.catalog.get(key)) is not None}
            at = {"model": str(model), "generation": str(source.catalog.generation), "migrating": "", "projected": ""}
            tables.put(db, {**kept, **at})
    if not to.startswith(SCHEMES):
        with Store(Path(to), "renglon migrate") as store:
            store.rebuild()
    return Migrated(len(rows), len(missing), source.catalog.counts()["passages"])


def _mark(catalog: Catalog, model: ModelKey) -> str:
    """Which state of which index is moved: an interrupted run can go on with the same one only."""
    return f"{catalog.generation} {model}"


def _require_free(target: Target, mark: str) -> None:
    catalog = target.catalog
    begun = catalog.get("migrating")
    if catalog.generation or (begun not in (None, "", mark)):
        what = "holds an index already" if catalog.generation else "holds a part of another index"
        raise MigrationFailed(f"{target.name} {what}.", "Move to an empty database, or to a new folder.")
    catalog.put(migrating=mark)


def _move(source: WritableStore, target: Target, model: ModelKey, rows: Sequence[DocumentRow]) -> None:
    """Move documents, in one transaction."""
    with target.database.transaction() as db:
        for row in rows:
            db.execute("DELETE FROM documents WHERE id = ?", (row.id,))
            for table, found in source.catalog.rows_of(row.id, COLUMNS):
                marks = ",".join("?" * (COLUMNS[table].count(",") + 1))
                db.executemany(f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks})", found)
            target.database.insert_vectors(db, model, source.catalog.stored_vectors([row.id], model))
            if row.root == UPLOADS:
                original = source.originals.read(row.id, row.sha256)
                if original is None:
                    raise MigrationFailed(f"The bytes of {row.file} are gone.", "Upload it again, or delete it.")
                target.keep_original(db, row, original)


def _compare(source: Catalog, target: Target, model: ModelKey) -> None:
    """Compare every document's hash and text, and every passage's span and vectors. Raises MigrationFailed."""
    rows, theirs = source.documents(), {row.id: row for row in target.catalog.documents()}
    differing = sorted({row.id for row in rows} ^ theirs.keys())
    for row in rows:
        if row != theirs.get(row.id) or _digest(source, row, model) != _digest(target.catalog, row, model):
            differing.append(row.id)
    if differing:
        raise MigrationFailed(
            f"{len(set(differing))} documents differ from what they were at the beginning.", "Run it again."
        )


def _digest(catalog: Catalog, row: DocumentRow, model: ModelKey) -> str:
    """A hash over a document's text, its passages with their spans, and their vectors."""
    digest = hashlib.sha256()
    text, _ = catalog.text(row.id) or ("", "")
    digest.update(text.encode("utf-8", "surrogatepass"))
    for start, end, own in catalog.spans(row.id):
        if text[start:end] != own:
            return ""
        digest.update(f"{start} {end}\n".encode())
    for pk, passage, sentences in catalog.stored_vectors([row.id], model):
        digest.update(f"{pk}".encode() + passage.tobytes() + np.asarray(sentences, np.float16).tobytes())
    return digest.hexdigest()


@contextmanager
def _opened(to: str) -> Iterator[Target]:
    with ExitStack() as stack:
        yield _database(to, stack) if to.startswith(SCHEMES) else _folder(Path(to), stack)


def _database(url: str, stack: ExitStack) -> Target:
    require_driver()
    from index.storage.postgres.database import PostgresDatabase

    database = PostgresDatabase(url, {"command": "renglon migrate"})
    stack.callback(database.close)
    if not database.leadership.take():
        raise database.leadership.busy()

    def finish(db: Connection, last: int, model: ModelKey) -> None:
        db.execute("UPDATE meta SET value = ? WHERE key = 'keys'", (str(last),))
        database.index_model(model)

    def keep(db: Connection, row: DocumentRow, raw: bytes) -> None:
        database.keep_original(db, row.id, row.sha256, raw)

    return Target(f"{database.name[0].upper()}{database.name[1:]}", database, keep, finish)


def _folder(folder: Path, stack: ExitStack) -> Target:
    lock = FolderLock(folder, "renglon migrate")
    stack.callback(lock.release)
    database = open_database(folder / CATALOG)
    stack.callback(database.close)
    originals = FolderOriginals(folder / UPLOADS)

    def finish(db: Connection, last: int, _: ModelKey) -> None:
        db.execute("DELETE FROM sqlite_sequence WHERE name = 'passages'")
        db.execute("INSERT INTO sqlite_sequence VALUES ('passages', ?)", (last,))

    def keep(_: Connection, row: DocumentRow, raw: bytes) -> None:
        originals.keep(row.id, row.sha256, raw)

    return Target(f"The folder {folder}", database, keep, finish)
