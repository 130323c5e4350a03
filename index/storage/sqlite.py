"""The catalogue as one SQLite file: a connection for each living thread, transactions, snapshots, migrations."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from index.records import ModelKey
from index.storage.database import Connection, Stored, row_of_vectors
from index.storage.tables import MIGRATIONS, SCHEMA, SCHEMA_VERSION
from rag.errors import DataFolderUnusable

BUSY_S = 30.0  # another connection's transaction is waited for this long
COPY = ".schema-"  # what follows the catalogue's name in the name of the copy that is made before a migration


class _Connection:
    """A thread's connection, closed when the thread ends and its thread-local values go.

    `sqlite3.Connection` itself would wait for the garbage collector: its cache of statements refers back to it.
    """

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=BUSY_S)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA foreign_keys = ON")
        self.db.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut

    def close(self) -> None:
        """Close it, from any thread."""
        self.db.close()

    def __del__(self) -> None:
        if hasattr(self, "db"):
            self.close()


class Database:
    """Any thread may read and write; writers wait for one another, readers for nobody.

    Only the thread itself keeps its connection alive. A server starts and ends many threads, and each connection that
    outlived its thread would hold file descriptors until the process runs out of them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._lock = threading.Lock()

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection."""
        own: _Connection | None = getattr(self._local, "connection", None)
        if own is None:
            own = self._local.connection = _Connection(self.path)
            with self._lock:
                self._connections.add(own)
        return own.db

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. Raises DataFolderUnusable when SQLite can't write, on a full disk above all."""
        db = self.db
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except BaseException as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise unwritable(error) from error
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything that this thread reads inside is as it was at the beginning, whatever others write meanwhile."""
        db = self.db
        if db.in_transaction:
            yield
            return
        db.execute("BEGIN")
        try:
            db.execute("SELECT 1 FROM meta LIMIT 1").fetchone()  # the first read is what fixes the state
            yield
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")

    def reserve(self, db: Connection, count: int) -> int:
        """Reserve keys for so many passages, in a transaction; the first of them."""
        row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
        last = int(row[0]) if row else 0
        if row is None:
            db.execute("INSERT INTO sqlite_sequence VALUES ('passages', ?)", (count,))
        else:
            db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'passages'", (last + count,))
        return last + 1

    def insert_vectors(self, db: Connection, model: ModelKey, rows: Iterable[Stored]) -> None:
        """Insert or replace a model's vectors of passages, in a transaction."""
        made = [row_of_vectors(model, row) for row in rows]
        db.executemany("INSERT OR REPLACE INTO vectors VALUES (?,?,?,?)", made)

    def integrity(self) -> list[str]:
        """What SQLite finds wrong with the file; empty when it is well."""
        problems = [str(row[0]) for row in self.db.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
        broken = len(self.db.execute("PRAGMA foreign_key_check").fetchall())
        return problems + ([f"{broken} rows refer to nothing"] if broken else [])

    def vacuum(self) -> None:
        """Rewrite the file without what was deleted, and empty the log beside it."""
        try:
            self.db.execute("VACUUM")
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise unwritable(error) from error

    def copy(self, target: Path) -> None:
        """Write the whole database to another file, which is there afterwards or is as it was."""
        part = target.with_name(f"{target.name}.part")
        try:
            part.unlink(missing_ok=True)
            self.db.execute("VACUUM INTO ?", (str(part),))
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(target)
        except (sqlite3.OperationalError, OSError) as error:
            raise unwritable(error) from error

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            connections = list(self._connections)
            self._connections.clear()
        for connection in connections:
            connection.close()
        self._local = threading.local()


def unwritable(error: Exception) -> DataFolderUnusable:
    """SQLite's refusal as one of our own errors."""
    return DataFolderUnusable(f"The catalogue could not be written: {error}.", "Free disk space, then try again.")


def open_database(path: Path) -> Database:
    """The file, its tables made or brought up to this version. Raises DataFolderUnusable."""
    file = Database(path)
    try:
        version = int(file.db.execute("PRAGMA user_version").fetchone()[0])
        if version in MIGRATIONS:
            file.copy(path.with_name(f"{path.name}{COPY}{version}"))
        if version in (0, *MIGRATIONS):
            with file.transaction() as db:
                _bring_up_to_date(db)
            version = SCHEMA_VERSION
    except (sqlite3.OperationalError, DataFolderUnusable) as error:
        raise DataFolderUnusable(
            f"The catalogue {path} can't be opened: {error}.", "Check the folder's rights."
        ) from error
    except sqlite3.DatabaseError as error:
        raise DataFolderUnusable(
            f"The catalogue {path} is damaged: {error}.", "Restore it, or delete the data folder and sync."
        ) from error
    if version != SCHEMA_VERSION:
        raise DataFolderUnusable(
            f"A newer release wrote this catalogue: it has schema {version}; this release reads {SCHEMA_VERSION}.",
            "Use the newer release, put back the copy that it made (docs/install.md), or use another data folder.",
        )
    return file


def _bring_up_to_date(db: Connection) -> None:
    """Make the tables of a new catalogue, or bring those of an older one to this version, in one transaction."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])  # another process may have been faster
    steps = [SCHEMA] if version == 0 else [MIGRATIONS[step] for step in range(version, SCHEMA_VERSION)]
    for statement in ";\n".join(steps).split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
