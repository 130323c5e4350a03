"""Builds projections from the catalogue's vectors and texts, beside the ones that answer."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from index.records import ModelKey
from index.storage.catalog import Catalog
from index.storage.disk import require_space, size_of
from index.storage.projections import Projections
from index.storage.protocol import Entry, Kind, Projection
from rag.errors import NotReady

BATCH = 2000
Progress = Callable[[int], None]


@dataclass
class Built:
    """New projections by kind, the places where they are, the passages in them, and whose vectors they hold."""

    model: ModelKey | None
    places: dict[Kind, str] = field(default_factory=dict)
    parts: dict[Kind, Projection] = field(default_factory=dict)
    pks: set[int] = field(default_factory=set)

    def align(self, catalog: Catalog) -> None:
        """Apply the changes that were made while the projections were being built."""
        wanted = catalog.pks()
        missing, extra = sorted(wanted - self.pks), sorted(self.pks - wanted)
        added = [Entry(*row) for row in catalog.vectors_and_texts(missing, self.model)]
        for part in self.parts.values():
            part.change(extra, added)
        self.pks = wanted

    @contextmanager
    def or_discarded(self) -> Iterator[None]:
        """Discard the projections if the block fails."""
        try:
            yield
        except BaseException:
            for part in self.parts.values():
                part.discard()
            raise


def build(
    projections: Projections,
    kinds: Sequence[Kind],
    model: ModelKey | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Built:
    """Build projections in new places, reading the catalogue batch by batch; changes meanwhile are for `align`.

    Raises DataFolderUnusable, ProjectionDamaged; NotReady when `stop` is set.
    """
    catalog = projections.catalog
    require_space(projections.folder, sum(size_of(projections.folder / kind) for kind in kinds))
    projections.clear()
    built = Built(model, {kind: uuid.uuid4().hex[:8] for kind in kinds})
    catalog.put(building=built.places.get("dense", ""))
    with built.or_discarded():
        for kind, place in built.places.items():
            built.parts[kind] = projections.open_at(kind, place)
        with ExitStack() as stack:
            adders = [stack.enter_context(part.adding()) for part in built.parts.values()]
            for pks, vectors, texts in catalog.batches(BATCH, model):
                if stop is not None and stop.is_set():
                    raise NotReady("The rebuild was stopped.", "It starts over at the next start.")
                entries = [Entry(*row) for row in zip(pks, vectors, texts, strict=True)]
                for add in adders:
                    add(entries)
                built.pks.update(pks)
                if progress:
                    progress(len(pks))
    return built
