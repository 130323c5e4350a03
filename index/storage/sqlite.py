"""One SQLite file: a connection for each living thread, durable transactions, snapshots, errors of our own."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import DataFolderUnusable

BUSY_S = 30.0  # another connection's transaction is waited for this long


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
