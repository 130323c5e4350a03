"""Connections to PostgreSQL: a pool to read with, bounded waits, one state for the length of a query, errors of ours.

What a thread reads goes through a connection that it borrows for one statement, or, within `snapshot`, for as long as
it must see one state. Only the leader's own connection writes (`election.py`): when the server lets go of that
connection, it lets go of the lock that makes it the writer in the same moment, so no process writes by mistake.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.types.string import StrDumperUnknown, TextBinaryLoader, TextLoader
from psycopg_pool import ConnectionPool, PoolTimeout

from index.storage.database import Connection
from index.storage.postgres.address import conninfo, shown
from rag.errors import DatabaseAway, DatabaseUnusable, DataFolderUnusable

MOST_CONNECTIONS = 10  # four threads answer; routes that read and the followers of jobs take the rest
BORROWED_S = 3.0  # a connection of the pool is waited for this long
AWAY_S = 0.5
REPLY_S = 15.0  # a statement that takes longer is given up: the network may swallow replies
STATEMENT_MS = 10_000
# 200 candidates, as for Chroma; more are looked at where many of the nearest rows were deleted a moment ago.
CONFIGURE = (
    f"SET statement_timeout = {STATEMENT_MS}", "SET idle_in_transaction_session_timeout = 60000",
    "SET client_encoding = 'UTF8'", "SET hnsw.ef_search = 200", "SET hnsw.iterative_scan = 'strict_order'",
)  # fmt: skip
_ESCAPE = "\U0010fffe"  # stands for no character; PostgreSQL's text holds everything but NUL


class _Text(StrDumperUnknown):
    """A text as it is stored: NUL, which a file may hold here and there, is written as two other characters."""

    def dump(self, obj: str) -> Any:
        if "\0" in obj or _ESCAPE in obj:
            obj = obj.replace(_ESCAPE, f"{_ESCAPE}1").replace("\0", f"{_ESCAPE}0")
        return super().dump(obj)


class _Loaded(TextLoader):
    """A text as it was before it was stored."""

    def load(self, data: Any) -> Any:
        return _unescaped(super().load(data))


class _LoadedBinary(TextBinaryLoader):
    """The same, from the form in which rows are asked for."""

    def load(self, data: Any) -> Any:
        return _unescaped(super().load(data))


def _unescaped(text: Any) -> Any:
    if _ESCAPE in text:
        text = text.replace(f"{_ESCAPE}0", "\0").replace(f"{_ESCAPE}1", _ESCAPE)
    return text


class Bounded(psycopg.Connection[Any]):
    """A connection that doesn't wait for ever, even when the network keeps the replies."""

    reply_s = REPLY_S

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.reply_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if timeout is None and self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.pgconn.finish()  # a reply may still come, and would be taken for another statement's
            raise


class Found:
    """The rows that a statement found, all of them fetched."""

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows, self.rowcount = iter(rows), rowcount

    def fetchone(self) -> Any:
        """The next row; None when there is none."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


class Session:
    """Runs statements with `?` for parameters, as the catalogue writes them, on one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def execute(self, query: str, values: Any = (), /) -> Found:
        """Run a statement. Raises DatabaseAway, DatabaseUnusable."""
        with translated():
            cursor = self.connection.execute(_translated_query(query), values, binary=True)
            return Found(cursor.fetchall() if cursor.description else [], cursor.rowcount)

    def select(self, query: sql.Composed, values: Any) -> list[Any]:
        """What a statement finds that was put together with the driver's own placeholders."""
        with translated():
            return self.connection.execute(query, values, binary=True).fetchall()

    def executemany(self, query: str, rows: Iterable[Any], /) -> None:
        """Run a statement for each row of values."""
        with translated(), self.connection.cursor() as cursor:
            cursor.executemany(_translated_query(query), list(rows))


class _Borrowing:
    """Runs each statement on a connection of its own, borrowed for it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def execute(self, query: str, values: Any = (), /) -> Any:
        return self._pool.retried(lambda session: session.execute(query, values))

    def executemany(self, query: str, rows: Iterable[Any], /) -> None:
        self._pool.retried(lambda session: session.executemany(query, rows))


class Pool:
    """The connections of one process to one database."""

    def __init__(self, url: str, most: int = MOST_CONNECTIONS) -> None:
        """Raises DatabaseUnusable for a URL that can't be read; nothing is connected yet."""
        self.name = shown(url)
        self.conninfo = conninfo(url)
        self._pool: ConnectionPool[Bounded] = ConnectionPool(
            self.conninfo, connection_class=Bounded, kwargs={"autocommit": True}, min_size=1, max_size=most,
            timeout=BORROWED_S, configure=configure, open=False, name="renglon", reconnect_timeout=10,
        )  # fmt: skip
        self._local = threading.local()
        self._lock = threading.Lock()
        self._opened = False
        self._away_until = 0.0

    def _open(self) -> None:
        with self._lock:
            if not self._opened:
                self.connect().close()  # says what is wrong, where the pool would only wait
                self._pool.open()
                self._opened = True

    def connect(self) -> Bounded:
        """A connection of its own, outside the pool. Raises DatabaseAway, DatabaseUnusable."""
        with translated(self.name):
            connection = Bounded.connect(self.conninfo, autocommit=True)
            configure(connection)
            return connection

    @contextmanager
    def borrowed(self) -> Iterator[Session]:
        """A connection of the pool. Raises DatabaseAway."""
        if time.monotonic() < self._away_until:
            raise away(self.name)
        self._open()
        try:
            connection = self._pool.getconn()
        except PoolTimeout as error:
            self._away_until = time.monotonic() + AWAY_S  # who comes next need not wait as long to hear the same
            raise away(self.name) from error
        try:
            yield Session(connection)
        finally:
            self._pool.putconn(connection)

    def retried(self, work: Callable[[Session], Any]) -> Any:
        """Work on a borrowed connection; on the thread's own where it has one. Connections that died are passed over.

        Work is done again only when the connection was lost, and must therefore not matter if it is done twice.
        """
        own: Session | None = getattr(self._local, "session", None)
        if own is not None:
            return work(own)
        for left in range(MOST_CONNECTIONS, -1, -1):
            with self.borrowed() as session:
                try:
                    with translated(self.name):
                        return work(session)
                except DatabaseAway:
                    if not left or not session.connection.closed:
                        raise
        raise AssertionError

    @contextmanager
    def own(self, session: Session) -> Iterator[Session]:
        """Within the block this thread's statements run on one connection."""
        before = self.session
        self._local.session = session
        try:
            yield session
        finally:
            self._local.session = before

    @property
    def session(self) -> Session | None:
        """The connection on which this thread's statements run; None when each borrows one."""
        return getattr(self._local, "session", None)

    @property
    def db(self) -> Connection:
        """What this thread reads with."""
        return self.session or _Borrowing(self)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything that this thread reads inside is as it was at the beginning."""
        if self.session is not None:
            yield
            return
        for left in range(MOST_CONNECTIONS, -1, -1):
            with self.borrowed() as session:
                try:
                    session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                except DatabaseAway:
                    if not left or not session.connection.closed:
                        raise
                    continue
                with self.own(session):
                    try:
                        yield
                    finally:
                        if not session.connection.closed:
                            session.connection.rollback()
                return

    def close(self) -> None:
        """Close every connection."""
        if self._opened:
            self._pool.close(timeout=2)


def configure(connection: psycopg.Connection[Any]) -> None:
    """What each connection is set to."""
    connection.adapters.register_dumper(str, _Text)
    connection.adapters.register_loader("text", _Loaded)
    connection.adapters.register_loader("text", _LoadedBinary)
    connection.execute("; ".join(CONFIGURE))


_LOST = (
    psycopg.OperationalError, psycopg.InterfaceError, errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
)  # fmt: skip


@contextmanager
def translated(name: str = "the database") -> Iterator[None]:
    """Raise errors of ours for what PostgreSQL and its driver say. None of ours repeats the URL."""
    try:
        yield
    except errors.InvalidPassword as error:
        raise DatabaseUnusable(
            "The database refuses the password.", "Correct RENGLON_DATABASE_URL or PGPASSFILE."
        ) from error
    except (errors.InvalidAuthorizationSpecification, errors.InvalidCatalogName) as error:
        raise DatabaseUnusable(
            f"The database refuses the connection: {_said(error)}.", "Correct RENGLON_DATABASE_URL."
        ) from error
    except (errors.DiskFull, errors.OutOfMemory) as error:
        raise DataFolderUnusable("The database's disk is full.", "Free space there; it goes on answering.") from error
    except errors.InsufficientPrivilege as error:
        raise DatabaseUnusable(f"The database does not allow it: {_said(error)}.", "Grant it to the user.") from error
    except errors.QueryCanceled as error:
        raise DatabaseAway("The database took too long.", "Ask again.") from error
    except _LOST as error:
        refused = _refusal(error)
        if refused:
            raise refused from None
        raise away(name) from error


def away(name: str) -> DatabaseAway:
    """The error for a database that does not answer."""
    text = f"{name[0].upper()}{name[1:]} does not answer."
    return DatabaseAway(text, "Start it, or correct RENGLON_DATABASE_URL; then it goes on by itself.")


def _refusal(error: Exception) -> DatabaseUnusable | None:
    """A refusal that waiting does not change. Before a connection is there, libpq says it in words only."""
    words = str(error)
    if "password authentication failed" in words or "no password supplied" in words:
        return DatabaseUnusable("The database refuses the password.", "Correct RENGLON_DATABASE_URL or PGPASSFILE.")
    for sign in ("role ", "database "):
        if sign in words and "does not exist" in words:
            what = "user" if sign == "role " else "database"
            return DatabaseUnusable(f"The server has no such {what}.", "Correct RENGLON_DATABASE_URL, or create it.")
    if "pg_hba.conf" in words:
        return DatabaseUnusable("The server lets nobody in from here.", "See pg_hba.conf there; it may want TLS.")
    return None


def _said(error: psycopg.Error) -> str:
    return str(error.diag.message_primary or type(error).__name__).rstrip(".")


def _translated_query(query: str) -> Any:
    return query.replace("%", "%%").replace("?", "%s")
