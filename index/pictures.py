"""Pages of indexed documents as pictures, drawn from the file that was indexed and kept on the disk for a while."""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import uuid
from pathlib import Path
from typing import NamedTuple

from index.corpus.documents import looked_at
from index.corpus.isolated import Isolated
from index.ingest.plan import UPLOADS
from index.reading import ReadableStore
from index.records import DocumentRow
from rag.errors import FileRefused, UnknownDocument

FOLDER = "pages"
MOST_BYTES = 200_000_000  # of all pictures together; the ones that were not looked at longest go first
SCALES = (1.0, 1.5, 2.0, 3.0)
_LIMIT_S = 30.0
_KEPT_SHARE = 0.8  # of the limit, when room is made: it is not made for every new picture


_SCALE = struct.Struct("!d")  # what a picture's file begins with


class Picture(NamedTuple):
    """A page as PNG, and how many pixels a point of it has."""

    png: bytes
    scale: float


class PagePictures:
    """The pictures of a store's documents. Safe to call from many threads."""

    def __init__(self, store: ReadableStore, max_bytes: int, limit: int = MOST_BYTES) -> None:
        """`max_bytes`: of a document that is drawn; `limit`: of all pictures on the disk."""
        self._store, self._max_bytes, self._limit = store, max_bytes, limit
        self._folder = store.folder / FOLDER
        self._isolated = Isolated(_LIMIT_S)  # beside the one that reads: a page need not wait for a sync

    def picture(self, id_: str, page: int, scale: float) -> Picture:
        """A page, at the nearest of a few scales (1: 72 dots an inch). Raises UnknownDocument, FileRefused."""
        row = self._store.catalog.document(id_)
        wanted = min(SCALES, key=lambda known: abs(known - scale))
        path = self._folder / f"{row.sha256[:32]}-{page}-{wanted}.png"
        with contextlib.suppress(OSError):
            found = path.read_bytes()
            os.utime(path)
            return _picture(found)
        if not row.reader.startswith("pdf/"):
            raise UnknownDocument(f"{row.file} has no pages.", "Only PDFs are shown page by page; ask for its lines.")
        drawn = self._isolated.draw(self._original(row), page, wanted)
        self._keep(path, drawn)
        return _picture(drawn)

    def close(self) -> None:
        """End the process that draws."""
        self._isolated.close()

    def _original(self, row: DocumentRow) -> bytes:
        """The bytes that were indexed. Raises UnknownDocument when the file has changed or is gone."""
        if row.root == UPLOADS:
            kept = self._store.originals.read(row.id, row.sha256)
            if kept is not None and hashlib.sha256(kept).hexdigest() == row.sha256:
                return kept
            raise UnknownDocument(f"The bytes of {row.file} are not kept any more.", "Upload it again.")
        root = Path(row.root)
        shorter = row.file.split("/", 1)[1:]  # of a file that is known by its folder's name, to tell it from another
        for path in (root / row.file, *(root / rest for rest in shorter)):
            try:
                raw, _, found = looked_at(path, root, self._max_bytes)
            except (FileRefused, OSError):
                continue
            if found.sha256 == row.sha256:
                return raw
        raise UnknownDocument(f"{row.file} has changed or is gone since it was indexed.", "Run: renglon sync FOLDER")

    def _keep(self, path: Path, drawn: bytes) -> None:
        """Put a picture on the disk, whole or not at all; a full disk is no reason not to show it."""
        temporary = self._folder / f".{uuid.uuid4().hex}"
        with contextlib.suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            temporary.write_bytes(drawn)
            temporary.replace(path)
            self._make_room()

    def _make_room(self) -> None:
        files = [(entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in os.scandir(self._folder)]
        total = sum(size for _, size, _ in files)
        if total <= self._limit:
            return
        for _, size, path in sorted(files):
            if total <= _KEPT_SHARE * self._limit:
                break
            Path(path).unlink(missing_ok=True)
            total -= size


def _picture(kept: bytes) -> Picture:
    return Picture(kept[_SCALE.size :], _SCALE.unpack_from(kept)[0])
