"""What queries see: the projections that answer now, exchanged under running queries without any of them noticing.

A query enters, works on what it found at that moment, and leaves. A writer that takes something away (an old
passage, an old projection) first waits for the queries that entered before its change to leave.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from index.storage.dense import DenseIndex
from index.storage.lexical import Analysis, LexicalIndex
from rag.errors import ProjectionDamaged

GRACE_S = 30.0  # a query takes milliseconds; one that hangs must not hold up the writer for ever
KINDS = ("dense", "lexical")


@dataclass(frozen=True)
class View:
    """The projections as a query sees them; None stands for one that is damaged."""

    dense: DenseIndex | None = None
    lexical: LexicalIndex | None = None


class Views:
    """The current view, what is damaged, and who is looking."""

    def __init__(self, open_dense: Callable[[], DenseIndex], open_lexical: Callable[[], LexicalIndex]) -> None:
        self._openers = {"dense": open_dense, "lexical": open_lexical}
        self._view = View()
        self.damage: dict[str, ProjectionDamaged] = {}
        self.gate = threading.RLock()  # held while several things change that must be seen together
        self.analysis = Analysis()
        self._looking: set[object] = set()
        self._left = threading.Condition()

    @property
    def dense(self) -> DenseIndex:
        """Raises ProjectionDamaged."""
        found = self._opened("dense").dense
        assert found is not None
        return found

    @property
    def lexical(self) -> LexicalIndex:
        """Raises ProjectionDamaged."""
        found = self._opened("lexical").lexical
        assert found is not None
        return found

    def _opened(self, kind: str) -> View:
        with self.gate:
            if kind in self.damage:
                raise self.damage[kind]
            if getattr(self._view, kind) is None:
                try:
                    opened = self._openers[kind]()
                except ProjectionDamaged as damage:
                    self.damage[kind] = damage
                    raise
                self._view = View(**{**vars(self._view), kind: opened})
            return self._view

    def current(self) -> View:
        """The view of now, both projections opened unless they are damaged."""
        for kind in KINDS:
            if getattr(self._view, kind) is None and kind not in self.damage:
                try:
                    self._opened(kind)
                except ProjectionDamaged:
                    continue
        with self.gate:
            sound = {kind: found for kind, found in vars(self._view).items() if kind not in self.damage}
            return View(**sound)

    def report(self, kind: str, damage: ProjectionDamaged, seen: object = None) -> None:
        """From now on a projection is left out of views. A report on one (`seen`) that was exchanged is ignored."""
        with self.gate:
            if seen is None or seen is getattr(self._view, kind):
                self.damage[kind] = damage

    def exchange(self, **new: DenseIndex | LexicalIndex) -> list[DenseIndex | LexicalIndex]:
        """Put sound projections in the place of others; returns those, which queries may still be using."""
        with self.gate:
            old = [found for kind in new if (found := getattr(self._view, kind)) is not None]
            self._view = View(**{**vars(self._view), **new})
            for kind in new:
                self.damage.pop(kind, None)
        return old

    @contextmanager
    def looking(self) -> Iterator[None]:
        """A query's stay."""
        ticket = object()
        with self._left:
            self._looking.add(ticket)
        try:
            yield
        finally:
            with self._left:
                self._looking.discard(ticket)
                self._left.notify_all()

    def wait(self) -> None:
        """Return once every query that is in now has left."""
        with self._left:
            inside = set(self._looking)
            self._left.wait_for(lambda: not inside & self._looking, GRACE_S)

    def close(self) -> None:
        """Close what is open."""
        with self.gate:
            if self._view.dense is not None:
                self._view.dense.close()
            self._view = View()
