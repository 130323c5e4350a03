"""The data folder: catalogue, its two projections, and the rule that keeps them in step.

A change goes to the catalogue first (one durable transaction), then to the projections, then `projected` is set
to the catalogue's generation. A process that died in between is found on the next opening by that number.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.catalog import Catalog
from index.lexical import LexicalIndex
from index.lock import FolderLock
from index.vectors import DenseIndex
from rag.errors import IndexMissing

BATCH = 2000
Progress = Callable[[int], None]


class Store:
    """An open data folder. Projections are opened when first needed, so that damaged ones can be rebuilt."""

    def __init__(self, folder: Path, command: str = "renglon", wait_s: float = 0) -> None:
        self.folder = folder
        self.lock = FolderLock(folder, command, wait_s)
        try:
            self.catalog = Catalog(folder / "catalog.sqlite")
        except BaseException:
            self.lock.release()
            raise
        self._dense: DenseIndex | None = None
        self._lexical: LexicalIndex | None = None

    @property
    def dense(self) -> DenseIndex:
        """The Chroma projection that answers now. Raises ProjectionDamaged."""
        if self._dense is None:
            self._dense = DenseIndex(self.folder / "dense" / self._place("dense"), "passages")
        return self._dense

    @property
    def lexical(self) -> LexicalIndex:
        """The tantivy projection that answers now. Raises ProjectionDamaged."""
        if self._lexical is None:
            self._lexical = LexicalIndex(self.folder / "lexical" / self._place("lexical"))
        return self._lexical

    def _place(self, kind: str) -> str:
        place = self.catalog.get(kind)
        if place is None:
            place = uuid.uuid4().hex[:8]
            self.catalog.put(**{kind: place})
        return place

    def require_index(self) -> None:
        """Raise IndexMissing when nothing was indexed yet."""
        if not self.catalog.generation:
            raise IndexMissing("Nothing is indexed yet.", "Run: renglon sync FOLDER")

    def project(self, removed: Sequence[int], added: Sequence[int]) -> None:
        """Bring a change of the catalogue into both projections."""
        rows = self.catalog.passages(added)
        if removed:
            self.dense.remove(removed)
        if rows:
            self.dense.add([row.pk for row in rows], np.stack([row.vector for row in rows]))
        if removed or rows:
            self.lexical.change(removed, [(row.pk, row.text) for row in rows])
        self.catalog.put(projected=str(self.catalog.generation))

    def catch_up(self) -> int:
        """Repair what a process left undone that died between catalogue and projections; returns passages changed."""
        if self.catalog.get("projected") == str(self.catalog.generation) or not self.catalog.generation:
            return 0
        wanted = self.catalog.pks()
        dense, lexical = self.dense.pks(), self.lexical.pks()
        missing = sorted((wanted - dense) | (wanted - lexical))
        extra = sorted((dense | lexical) - wanted)
        self.lexical.change(missing, [])  # what only one of the two has must not stand there twice
        for start in range(0, max(len(missing), 1), BATCH):
            self.project(extra if start == 0 else [], missing[start : start + BATCH])
        return len(missing) + len(extra)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Make both projections anew from stored vectors, in new places, and swap them in. Returns passages."""
        self.require_index()
        places = {kind: uuid.uuid4().hex[:8] for kind in ("dense", "lexical")}
        dense = DenseIndex(self.folder / "dense" / places["dense"], "passages")
        lexical = LexicalIndex(self.folder / "lexical" / places["lexical"])
        done = 0
        for pks, vectors, texts in self.catalog.batches(BATCH):
            dense.add(pks, vectors)
            lexical.change([], list(zip(pks, texts, strict=True)))
            done += len(pks)
            if progress:
                progress(len(pks))
        self.catalog.put(**places, projected=str(self.catalog.generation))
        old, self._dense, self._lexical = self._dense, dense, lexical
        if old is not None:
            old.close()
        for kind, place in places.items():
            for folder in (self.folder / kind).iterdir():
                if folder.name != place:
                    shutil.rmtree(folder, ignore_errors=True)
        return done

    def close(self) -> None:
        """Close everything and let go of the folder."""
        if self._dense is not None:
            self._dense.close()
        self._dense = self._lexical = None
        self.catalog.close()
        self.lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
