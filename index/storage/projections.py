"""Where the projections of a data folder are, and how one is opened. The catalogue names the one that answers."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from index.storage.catalog import Catalog
from index.storage.protocol import KINDS, Kind, Projection
from rag.errors import ProjectionDamaged


class Projections:
    """The places of a data folder's projections. `chroma_url`: a Chroma server that holds the dense ones.

    A place is a name: of a folder below `dense` or `lexical`, or of a collection on the server.
    """

    def __init__(self, folder: Path, catalog: Catalog, chroma_url: str | None = None, writes: bool = True) -> None:
        """`writes`: whether this process may make projections that are not there yet."""
        self.folder, self.catalog = folder, catalog
        self._chroma_url, self._writes = chroma_url, writes

    def path(self, kind: Kind) -> Path:
        """Folder of the projection that answers; where there is none, a folder that does not exist."""
        return self.folder / kind / (self.catalog.get(kind) or "none")

    def is_local(self, kind: Kind) -> bool:
        """Whether its files are in the data folder."""
        return kind == "lexical" or not self._chroma_url

    def open(self, kind: Kind) -> Projection:
        """The projection that answers. Raises ProjectionDamaged."""
        place = self.catalog.get(kind)
        if place is None and self._writes:
            place = uuid.uuid4().hex[:8]
            self.catalog.put(**{kind: place})
        if place is None or not (self._writes or not self.is_local(kind) or self.path(kind).is_dir()):
            raise ProjectionDamaged(f"{self.path(kind)} is gone.", "The writer is replacing it.")
        return self.open_at(kind, place)

    def open_at(self, kind: Kind, place: str) -> Projection:
        """The projection at a place; a new and empty one where there is none. Raises ProjectionDamaged."""
        folder = self.folder / kind / place
        # Imported when needed: a probe opens one of the two, and Chroma alone takes a second to import.
        if kind == "dense":
            from index.storage.dense import DenseIndex

            return DenseIndex(folder, self._chroma_url)
        from index.storage.lexical import LexicalIndex

        return LexicalIndex(folder)

    def flaw(self, kind: Kind) -> str | None:
        """Why the files of the projection that answers must not be opened after a crash; None when they may."""
        if kind == "dense":
            from index.storage import dense

            return dense.flaw(self.path(kind))
        from index.storage import lexical

        return lexical.flaw(self.path(kind))

    def clear(self) -> None:
        """Delete the projections that don't answer any more, or that were never finished."""
        for kind in KINDS:
            folder, place = self.folder / kind, self.catalog.get(kind)
            for other in folder.iterdir() if folder.is_dir() else ():
                if other.name != place:
                    shutil.rmtree(other, ignore_errors=True)
        unfinished = self.catalog.get("building")
        if unfinished and not self.is_local("dense") and unfinished != self.catalog.get("dense"):
            self.open_at("dense", unfinished).discard()
        if unfinished:
            self.catalog.put(building="")
