"""Documents that came over HTTP. Their bytes are kept by the store, under names made only of ids and hashes.

The order of a change in a data folder: bytes on disk, then the catalogue, then the projections; the bytes of the
version before go last. A file that no document of the catalogue names is left over from a request that was cut off.
In a database all of it is one commit.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.collections import forget, require_known
from index.corpus.documents import Fingerprint, TextLimits, document_of, printable
from index.corpus.formats import SUFFIXES, listed
from index.ingest.plan import UPLOADS
from index.ingest.sync import Syncer
from index.records import DEFAULT_COLLECTION, DocumentRow
from index.storage.disk import disk_errors
from index.writing import WritableStore
from rag.errors import DocumentOfFolder, FileRefused, FileTooLarge

LONGEST_NAME = 120
_LOOKED_AT = 1000  # characters at the end of a name; normalising takes quadratic time over combining characters
_KEPT_OUT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, bidi and zero-width, surrogates, private, unassigned
_SLASHES = "⁄∕⧸／＼∖⧵﹨"  # they only look like one
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Saved:
    """A document as it stands now, and what became of it."""

    id: str
    file: str
    sha256: str
    result: Literal["added", "changed", "unchanged"]
    note: str | None = None  # which attachments of a message were refused, and why


class Uploads:
    """The uploaded documents of a store; what returned is durable and can be cited.

    One change of a document at a time: a note does not wait until a large file beside it is embedded.
    """

    def __init__(
        self,
        store: WritableStore,
        syncer: Syncer,
        max_bytes: int,
        limits: TextLimits = TextLimits(),  # noqa: B008
    ) -> None:
        self._store, self._syncer, self._max_bytes, self._limits = store, syncer, max_bytes, limits
        self._turns = threading.Condition()
        self._busy: set[str] = set()

    def save(self, name: str, raw: bytes, collection: str = DEFAULT_COLLECTION) -> Saved:
        """Index a file under a name and replace the upload that had it.

        Raises FileRefused, FileTooLarge, UnknownCollection.
        """
        require_known(self._store.catalog, [collection])
        folder = UPLOADS if collection == DEFAULT_COLLECTION else f"{UPLOADS}/{collection}"
        return self._save(f"{folder}/{display_name(name)}", raw, collection)

    def replace(self, id_: str, raw: bytes) -> Saved:
        """Give a known upload new content. Raises UnknownDocument, DocumentOfFolder, FileRefused, FileTooLarge."""
        row = self._own(id_)
        return self._save(row.file, raw, row.collection, known=True)

    def delete(self, id_: str) -> None:
        """Delete a document: no answer cites it from now on. Raises UnknownDocument, DocumentOfFolder.

        One that came from a folder can be deleted only when the folder is gone: it would come back with the next
        sync.
        """
        with self._alone(id_), disk_errors():
            row = self._store.catalog.document(id_)
            if row.root != UPLOADS and Path(row.root).is_dir():
                raise _of_folder(row)
            self._syncer.remove(id_)
            self._store.originals.drop(id_)

    def remove_collection(self, name: str) -> int:
        """Forget a collection with its documents; files of folders stay on the disk. Returns how many documents."""
        with self._turns, disk_errors():
            return remove_collection(self._store, name, self._busy)

    def tidy(self) -> int:
        """Delete bytes that belong to no document, left by requests that were cut off. Returns files deleted."""
        with self._turns:
            return tidy(self._store, self._busy)

    @contextmanager
    def _alone(self, id_: str) -> Iterator[None]:
        """Wait until nothing else changes a document, and keep others out."""
        with self._turns:
            self._turns.wait_for(lambda: id_ not in self._busy)
            self._busy.add(id_)
        try:
            yield
        finally:
            with self._turns:
                self._busy.discard(id_)
                self._turns.notify_all()

    def _save(self, file: str, raw: bytes, collection: str, known: bool = False) -> Saved:
        if len(raw) > self._max_bytes:
            raise FileTooLarge(
                f"The file has {len(raw):,} bytes; the limit is {self._max_bytes:,}.", "Raise RENGLON_MAX_FILE_MB."
            )
        document = document_of(file, raw, self._limits)
        note = " ".join(f"{name}: {reason}" for name, reason in document.refused) or None
        with self._alone(document.id), disk_errors():
            if known:
                self._own(document.id)  # it may have been deleted meanwhile
            before = self._row(document.id)
            if before and document.fingerprint == Fingerprint(before.sha256, before.reader):
                return Saved(document.id, file, document.sha256, "unchanged", note)
            try:
                self._syncer.put(document, UPLOADS, collection, raw)
            finally:  # what stays is the version that the catalogue has, whichever that is
                row = self._row(document.id)
                self._store.originals.drop(document.id, but=row.sha256 if row else "")
        return Saved(document.id, file, document.sha256, "changed" if before else "added", note)

    def _own(self, id_: str) -> DocumentRow:
        row = self._store.catalog.document(id_)
        if row.root != UPLOADS:
            raise _of_folder(row)
        return row

    def _row(self, id_: str) -> DocumentRow | None:
        return next((row for row in self._store.catalog.documents() if row.id == id_), None)


def remove_collection(store: WritableStore, name: str, busy: Collection[str] = ()) -> int:
    """`Uploads.remove_collection` for a process that has the data folder to itself, and needs no model for it."""
    with store.writing:
        forget(store.catalog, name)
        ids = [row.id for row in store.catalog.documents() if row.collection == name]
        store.remove(ids)
    tidy(store, busy)
    return len(ids)


def tidy(store: WritableStore, busy: Collection[str] = ()) -> int:
    """`Uploads.tidy` for a process that has the data folder to itself, and needs no model for it.

    `busy`: ids of documents that are being changed; their bytes stay.
    """
    named = {(row.id, row.sha256) for row in store.catalog.documents() if row.root == UPLOADS}
    return store.originals.tidy(named, busy)


def display_name(name: str) -> str:
    """The name that an uploaded file is shown under: one line, no folders, nothing that hides or turns text.

    Never used as a path. Raises FileRefused for a name that leaves nothing, or of another kind than text.
    """
    last = printable(name[-_LOOKED_AT:]).replace("\\", "/").rsplit("/", 1)[-1]
    plain = unicodedata.normalize("NFC", last)
    kept = "".join(c for c in plain if unicodedata.category(c) not in _KEPT_OUT)
    kept = re.sub(rf'[\[\]:*?"<>|{_SLASHES}]', "_", " ".join(kept.split())).strip(". ")
    stem, dot, suffix = kept.rpartition(".")
    if not dot or f".{suffix.lower()}" not in SUFFIXES:
        raise FileRefused(f"Only {listed()} files are indexed.", "Save it in one of these formats.")
    stem = stem[: LONGEST_NAME - len(suffix) - 1].strip(". ")
    if not stem:
        raise FileRefused("The file has no name.", "Name it.")
    return f"{'_' if _RESERVED.fullmatch(stem) else ''}{stem}.{suffix}"


def _of_folder(row: DocumentRow) -> DocumentOfFolder:
    return DocumentOfFolder(
        f"{row.file} belongs to a folder that is kept indexed.",
        "Change or delete the file there (or exclude it with RENGLON_EXCLUDE), then POST /v1/index/sync.",
    )
