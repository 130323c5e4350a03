"""Which node writes: the one whose connection holds the lock of the database. It writes on that connection alone.

The server is the judge. It lets go of the lock when the process dies, and when it has heard nothing for `LEASE_S`:
then it ends the connection, so that a process that was cut off or suspended finds that it can't write any more.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from index.storage.postgres.connection import Bounded, Pool, Session, translated
from rag.errors import IndexBusy

LEASE_S = 7  # another node takes over that long after a cut, and a second after a death
BEAT_S = 1.5
RESIGN_S = 2  # a write that goes on for longer is cut off, and its lock comes back with its connection
_KEY = 1382377319  # the first half of the lock's number, "Reng"; the second is the schema's
log = logging.getLogger("renglon")


class Leadership:
    """The right to write to a database. `who`: what other nodes are told about this one."""

    def __init__(self, pool: Pool, place: int, who: dict[str, Any]) -> None:
        self._pool, self._place, self.who = pool, place, who
        self._connection: Bounded | None = None
        self._using = threading.RLock()
        self._stop = threading.Event()

    @property
    def held(self) -> bool:
        """Whether this process is the one that writes, as far as it knows."""
        connection = self._connection
        return connection is not None and not connection.closed

    def take(self) -> bool:
        """Become the one that writes, if nobody is; whether this process is it. Raises DatabaseAway."""
        with self._using:
            if self.held:
                return True
            connection = self._pool.connect()
            try:
                with translated(self._pool.name):
                    for setting in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
                        connection.execute(f"SET {setting} = '{LEASE_S}s'")
                    connection.execute("SET statement_timeout = 0")
                    row = connection.execute(
                        "SELECT pg_try_advisory_lock(%s, %s)", (_KEY, _signed(self._place))
                    ).fetchone()
                    if not (row and row[0]):
                        connection.close()
                        return False
                    # What the writer before was at waits again. Nobody else can take it up before this is said.
                    connection.execute("UPDATE jobs SET state = 'queued' WHERE state = 'running'")
                    self._connection = connection
                    self.announce()
            except BaseException:
                self._connection = None
                connection.close()
                raise
            threading.Thread(target=self._beat, args=(connection,), name="renglon-lease", daemon=True).start()
            return True

    def announce(self) -> None:
        """Note in the database who writes."""
        with self.session() as session:
            session.execute(
                "INSERT INTO meta VALUES ('writer', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (json.dumps(self.who),),
            )

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The connection to write on, for this thread alone. Raises IndexBusy, DatabaseAway."""
        with self._using:
            connection = self._connection
            if connection is None:
                raise self.busy()
            if connection.closed:  # the lease ran out, perhaps for a moment: who is first writes now
                if not self.take() or self._connection is None:
                    raise self.busy()
                connection = self._connection
            yield Session(connection)

    def busy(self) -> IndexBusy:
        """The error for whoever wants to write here; it names the node that can."""
        row = self._pool.db.execute("SELECT value FROM meta WHERE key = 'writer'").fetchone()
        writer = json.loads(row[0]) if row else {}
        return IndexBusy(
            f"Another node writes {self._pool.name}: `{writer.get('command', '?')}` (process {writer.get('pid', '?')}"
            f" on {writer.get('host', '?')}).",
            f"Ask that one{': ' + writer['url'] if writer.get('url') else ''}, or stop it.",
        )

    def _beat(self, connection: Bounded) -> None:
        """Let the server hear of this node while it holds the lock. A transaction is heard of anyway."""
        while not self._stop.wait(BEAT_S) and not connection.closed:
            if not self._using.acquire(timeout=0.1):
                continue
            try:
                connection.execute("SELECT 1")
            except psycopg.Error as error:
                log.warning("this node does not write any more: %s", type(error).__name__)
                connection.close()
            finally:
                self._using.release()

    def resign(self) -> None:
        """Let another node write, from the moment in which this returns."""
        self._stop.set()
        connection = self._connection
        if connection is None:
            return
        if self._using.acquire(timeout=RESIGN_S):
            try:
                # Without this, the lock is held until the server notices that the connection was closed.
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", (_KEY, _signed(self._place)))
            except psycopg.Error as error:
                log.info("the server gives back this node's lock by itself: %s", type(error).__name__)
            finally:
                self._using.release()
        connection.close()


def _signed(number: int) -> int:
    """An object's number, which has no sign, as PostgreSQL's integer, which has one."""
    return number - (1 << 32) if number >= 1 << 31 else number
