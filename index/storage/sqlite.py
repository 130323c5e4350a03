"""One SQLite file: a connection for each thread, durable transactions, snapshots, and its errors in our words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import DataFolderUnusable

BUSY_S = 30.0  # another connection's transaction is waited for this long


class Database:
    """Any thread may read and write; writers wait for one another, readers for nobody."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection."""
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=BUSY_S)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
            self._local.db = db
            self._connections.append(db)
        return db

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
        """What this thread reads inside is the state at the beginning, whatever others write meanwhile."""
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

    def vacuum(self) -> None:
        """Write the file anew, without what was deleted, and empty the log beside it."""
        try:
            self.db.execute("VACUUM")
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise unwritable(error) from error

    def close(self) -> None:
        """Close every thread's connection."""
        for db in self._connections:
            db.close()
        self._connections.clear()
        self._local = threading.local()


def unwritable(error: Exception) -> DataFolderUnusable:
    """SQLite's refusal in our words."""
    return DataFolderUnusable(f"The catalogue could not be written: {error}.", "Free disk space, then try again.")
