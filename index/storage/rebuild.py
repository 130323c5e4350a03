"""Projections made anew beside the ones that answer, from the vectors and texts of the catalogue."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from index.records import ModelKey
from index.storage.catalog import Catalog
from index.storage.dense import DenseIndex
from index.storage.disk import require_space, size_of
from index.storage.lexical import LexicalIndex
from index.storage.live_views import KINDS
from rag.errors import NotReady

if TYPE_CHECKING:
    from index.store import Store

BATCH = 2000
Progress = Callable[[int], None]


@dataclass
class Built:
    """New projections by kind, the places where they are, the passages in them, and whose vectors they hold."""

    model: ModelKey | None
    places: dict[str, str] = field(default_factory=dict)
    parts: dict[str, DenseIndex | LexicalIndex] = field(default_factory=dict)
    pks: set[int] = field(default_factory=set)

    def align(self, catalog: Catalog) -> None:
        """Take in what changed while they were being made."""
        wanted = catalog.pks()
        missing, extra = sorted(wanted - self.pks), sorted(self.pks - wanted)
        rows = catalog.vectors_and_texts(missing, self.model)
        for part in self.parts.values():
            if isinstance(part, LexicalIndex):
                part.change(extra, [(pk, text) for pk, _, text in rows])
            else:
                part.remove(extra)
                if rows:
                    part.add([pk for pk, _, _ in rows], np.stack([vector for _, vector, _ in rows]))
        self.pks = wanted

    @contextmanager
    def or_discarded(self) -> Iterator[None]:
        """Let go of them when what follows fails."""
        try:
            yield
        except BaseException:
            for part in self.parts.values():
                if isinstance(part, DenseIndex):
                    part.discard()
            raise


def build(
    store: Store,
    kinds: Sequence[str],
    model: ModelKey | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Built:
    """Make projections in new places, reading the catalogue batch by batch; changes meanwhile are for `align`.

    Raises DataFolderUnusable, ProjectionDamaged; NotReady when told to stop.
    """
    require_space(store.folder, sum(size_of(store.folder / kind) for kind in kinds))
    clear(store)
    built = Built(model, {kind: uuid.uuid4().hex[:8] for kind in kinds})
    store.catalog.put(building=built.places.get("dense", ""))
    with built.or_discarded():
        dense = lexical = None
        if "dense" in kinds:
            dense = built.parts["dense"] = store.dense_at(built.places["dense"])
        if "lexical" in kinds:
            lexical = built.parts["lexical"] = LexicalIndex(store.folder / "lexical" / built.places["lexical"])

        def feed() -> Iterator[tuple[int, str]]:
            for pks, vectors, texts in store.catalog.batches(BATCH, model):
                if stop is not None and stop.is_set():
                    raise NotReady("The rebuild was stopped.", "It begins anew at the next start.")
                if dense is not None:
                    dense.add(pks, vectors)
                built.pks.update(pks)
                if progress:
                    progress(len(pks))
                yield from zip(pks, texts, strict=True)

        if lexical is not None:
            lexical.change([], feed())  # one commit, and its thread works beside Chroma's
        else:
            for _ in feed():
                pass
    return built


def clear(store: Store) -> None:
    """Remove the projections that don't answer any more, or that were never finished."""
    for kind in KINDS:
        folder, place = store.folder / kind, store.catalog.get(kind)
        for other in folder.iterdir() if folder.is_dir() else ():
            if other.name != place:
                shutil.rmtree(other, ignore_errors=True)
    unfinished = store.catalog.get("building")
    if unfinished and store.chroma_url and unfinished != store.catalog.get("dense"):
        store.dense_at(unfinished).discard()
    if unfinished:
        store.catalog.put(building="")
