"""Waits for notifications that something was committed, on a connection of its own (LISTEN)."""

from __future__ import annotations

import threading

from psycopg import sql

from index.storage.postgres.connection import Bounded, Pool, translated


class Notifications:
    """The notifications of a channel. One that is sent while nobody listens is lost, so callers look now and then."""

    def __init__(self, pool: Pool, channel: str) -> None:
        self._pool, self._channel = pool, channel
        self._connection: Bounded | None = None
        self._closed = threading.Event()

    def wait(self, seconds: float) -> None:
        """Return when one came, or after so many seconds. Raises DatabaseAway."""
        if self._closed.is_set():
            return
        if self._connection is None or self._connection.closed:
            connection = self._pool.connect()
            with translated(self._pool.name):
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
            self._connection = connection
        with translated(self._pool.name):
            connection = self._connection
            for _ in connection.notifies(timeout=seconds, stop_after=1):
                pass
            connection.execute("SELECT 1")  # a network that keeps replies looks like silence

    def close(self) -> None:
        """Close the connection, from any thread."""
        self._closed.set()
        if self._connection is not None:
            self._connection.close()
