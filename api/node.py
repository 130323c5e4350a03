"""A service as one node of several over a database: who writes, what is new there, and whether it answers at all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from rag.errors import DatabaseAway, RenglonError

if TYPE_CHECKING:
    from index.database_store import DatabaseStore

LOOK_S = 1.0  # between two looks when nothing is heard
log = logging.getLogger("renglon")


class Node:
    """Looks after a node, in a thread of its own."""

    def __init__(self, store: DatabaseStore, begun: Callable[[], None], news: Callable[[], None]) -> None:
        """`begun` is called when this node becomes the one that writes; `news` when something may have changed."""
        self._store, self._begun, self._news = store, begun, news
        self.away: DatabaseAway | None = None
        self._leads = False

    def run(self, stop: threading.Event) -> None:
        """Look after it until `stop` is set."""
        while not stop.is_set():
            try:
                self._look()
                self._news()
                self._store.hear(LOOK_S)
            except DatabaseAway as error:
                if self.away is None:
                    log.warning("%s", error)
                self.away = error
                stop.wait(LOOK_S)
            except RenglonError as error:
                log.warning("%s", error)
                stop.wait(LOOK_S)

    def _look(self) -> None:
        leads = self._store.lead()
        _ = self._store.catalog.generation  # what queries read with must work, too
        if self.away is not None:
            log.info("the database answers again")
            self.away = None
        if leads and not self._leads:
            log.info("this node writes from now on")
            self._begun()
        elif self._leads and not leads:
            log.info("another node writes from now on")
        self._leads = leads
        self._store.look()
