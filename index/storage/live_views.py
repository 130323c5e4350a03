"""What queries see: the projections that answer now. They can be exchanged while queries run.

A query registers, works on the projections of that moment, and leaves. Before a writer removes something (an old
passage, an old projection), it waits for the queries that registered before its change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from index.storage.lexical import Analysis
from index.storage.protocol import KINDS, Kind, LexicalProjection, Projection
from rag.errors import ProjectionDamaged

GRACE_S = 30.0  # a query takes milliseconds; one that hangs must not hold up the writer for ever


@dataclass(frozen=True)
class View:
    """The projections as a query sees them; None stands for one that is damaged."""

    dense: Projection | None = None
    lexical: LexicalProjection | None = None

    def replaced(self, new: Mapping[Kind, Projection]) -> View:
        """The same view with other projections for some kinds."""
        values: dict[str, Any] = {str(kind): projection for kind, projection in new.items()}
        return replace(self, **values)

    def without(self, kinds: Collection[Kind]) -> View:
        """The same view without some kinds."""
        return View(None if "dense" in kinds else self.dense, None if "lexical" in kinds else self.lexical)

    def get(self, kind: Kind) -> Projection | None:
        """A projection by its kind."""
        return self.dense if kind == "dense" else self.lexical


class Views:
    """The current view, the damaged projections, and the running queries."""

    def __init__(self, open_projection: Callable[[Kind], Projection]) -> None:
        self._open = open_projection
        self._view = View()
        self.damage: dict[Kind, ProjectionDamaged] = {}
        self.gate = threading.RLock()  # held while several things change that must be seen together
        self.analysis = Analysis()
        self._looking: set[object] = set()
        self._left = threading.Condition()

    def projection(self, kind: Kind) -> Projection:
        """The projection that answers now, opened where needed. Raises ProjectionDamaged."""
        found = self._opened(kind).get(kind)
        assert found is not None
        return found

    @property
    def lexical(self) -> LexicalProjection:
        """The lexical one, with its terms and their weights. Raises ProjectionDamaged."""
        found = self._opened("lexical").lexical
        assert found is not None
        return found

    def _opened(self, kind: Kind) -> View:
        with self.gate:
            if kind in self.damage:
                raise self.damage[kind]
            if self._view.get(kind) is None:
                try:
                    opened = self._open(kind)
                except ProjectionDamaged as damage:
                    self.damage[kind] = damage
                    raise
                self._view = self._view.replaced({kind: opened})
            return self._view

    def current(self) -> View:
        """The view of now, both projections opened unless they are damaged."""
        for kind in KINDS:
            if self._view.get(kind) is None and kind not in self.damage:
                try:
                    self._opened(kind)
                except ProjectionDamaged:
                    continue
        with self.gate:
            return self._view.without(self.damage)

    def report(self, kind: Kind, damage: ProjectionDamaged, seen: object = None) -> None:
        """Leave a damaged projection out of views. A report on one (`seen`) that was exchanged meanwhile is ignored."""
        with self.gate:
            if seen is None or seen is self._view.get(kind):
                self.damage[kind] = damage

    def exchange(self, new: Mapping[Kind, Projection]) -> list[Projection]:
        """Replace projections by sound ones; returns the old ones, which queries may still be using."""
        with self.gate:
            old = [found for kind in new if (found := self._view.get(kind)) is not None]
            self._view = self._view.replaced(new)
            for kind in new:
                self.damage.pop(kind, None)
        return old

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Register a running query for the duration of the block."""
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
        """Return once every query that is running now has ended."""
        with self._left:
            inside = set(self._looking)
            self._left.wait_for(lambda: not inside & self._looking, GRACE_S)

    def close(self) -> None:
        """Close what is open."""
        with self.gate:
            for kind in KINDS:
                if (found := self._view.get(kind)) is not None:
                    found.close()
            self._view = View()
