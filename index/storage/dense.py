"""The dense projection: passage vectors in a Chroma collection, local or on a server, keyed by the catalogue's `pk`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
import numpy as np
from chromadb.config import Settings as ChromaSettings

from index.records import PassageRow
from index.storage.library_errors import as_damage
from index.storage.protocol import Entry, Query
from rag.errors import ProjectionDamaged
from rag.printable import without_user_info

_COLLECTION = "passages"  # of a local collection, which has its folder to itself
BATCH = 5000  # Chroma 1.5 refuses more than 5,461 records at once
# Chroma writes its graph to disk after this many changes, and a kill in that moment leaves it unreadable. Below it
# the graph is replayed from SQLite on the first query after a start: 0.3 ms a passage.
SYNC_THRESHOLD = 20_000
# 50 candidates while the graph is built, not Chroma's 100, and 200 while it is searched: a rebuild takes 60 % of the
# time, and the nearest 24 are the same (docs/scaling.md).
EF_CONSTRUCTION, EF_SEARCH = 50, 200


class DenseIndex:
    """One Chroma collection. Holds vectors only: texts stay in the catalogue.

    With a `url` the collection is on that Chroma server and is named after the folder, which is not made.
    """

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self._url = url
        self.name = f"renglon-{folder.name}" if url else _COLLECTION
        with as_damage(
            f"Chroma at {without_user_info(url)} doesn't open its collection"
            if url
            else "Chroma can't open its collection"
        ):
            self._client = _client(folder, url)
            # Always None: Chroma's default function would download an English model.
            self._collection = self._client.get_or_create_collection(
                self.name, embedding_function=None, configuration=_configuration()
            )

    def change(self, removed: Sequence[int], added: Sequence[Entry]) -> None:
        """Remove passages and add others. Raises ProjectionDamaged."""
        with as_damage("Chroma can't write"):
            for start in range(0, len(removed), BATCH):
                self._collection.delete(ids=[str(pk) for pk in removed[start : start + BATCH]])
            for start in range(0, len(added), BATCH):
                some = added[start : start + BATCH]
                vectors = np.stack([entry.vector for entry in some])
                self._collection.upsert(ids=[str(entry.pk) for entry in some], embeddings=vectors)

    @contextmanager
    def adding(self) -> Iterator[Callable[[Sequence[Entry]], None]]:
        """Add many passages, batch by batch. Chroma keeps each batch at once."""
        yield lambda added: self.change([], added)

    def search(self, query: Query, limit: int) -> list[tuple[int, float]]:
        """(pk, cosine) of the nearest passages, nearest first. Raises ProjectionDamaged."""
        with as_damage("Chroma can't answer"):
            found = self._collection.query(query_embeddings=[query.vector], n_results=limit, include=["distances"])
            distances = (found["distances"] or [[]])[0]
            return [(int(id_), 1.0 - float(d)) for id_, d in zip(found["ids"][0], distances, strict=True)]

    def lost(self, sample: Sequence[PassageRow]) -> int:
        """How many passages don't find themselves by their vector. Raises ProjectionDamaged."""
        # Equal passages in different places are as near as the passage itself: the cosine is what counts.
        return sum(max((c for _, c in self.search(Query(row.vector), 3)), default=0) < 0.999 for row in sample)

    def count(self) -> int:
        """Number of passages in the collection. Raises ProjectionDamaged."""
        with as_damage("Chroma can't count"):
            return int(self._collection.count())

    def pks(self) -> set[int]:
        """The keys of all passages in the collection. Raises ProjectionDamaged."""
        found: set[int] = set()
        with as_damage("Chroma can't list its passages"):
            while page := self._collection.get(include=[], limit=BATCH, offset=len(found))["ids"]:
                found.update(int(id_) for id_ in page)
        return found

    def reload(self) -> None:
        """Nothing to do: a collection is shared through its server, which always shows the latest."""

    def discard(self) -> None:
        """Close; a collection on a server is deleted there, a local one goes with its folder."""
        if self._url:
            with suppress(Exception):  # what stays behind there costs space, no more
                self._client.delete_collection(self.name)
        self.close()

    def close(self) -> None:
        """Let go of the files, or of the connections."""
        self._client.close()
        if self._url:
            with suppress(AttributeError):  # Chroma 1.5 leaves these to the garbage collector
                for client in (self._client, self._client._admin_client):
                    client._server._session.close()


def flaw(folder: Path) -> str | None:
    """Why a local collection must not be opened after a crash; None when nothing speaks against it.

    Chroma reads its graph from files without checksums, and one damaged byte can end the process at the first search
    that comes across it: no sample would show that.
    """
    if any(folder.glob("*/index_metadata.pickle")):  # written last, when the graph is
        return "The data folder was not closed properly, and Chroma had written its graph to disk."
    return None


def _configuration() -> Any:
    return {
        "hnsw": {
            "space": "cosine", "ef_construction": EF_CONSTRUCTION, "ef_search": EF_SEARCH,
            "sync_threshold": SYNC_THRESHOLD,
        }
    }  # fmt: skip


def _client(folder: Path, url: str | None) -> Any:
    settings = ChromaSettings(anonymized_telemetry=False, allow_reset=False)
    if url is None:
        return chromadb.PersistentClient(str(folder), settings=settings)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:  # the value itself is left out: it may hold a password
        raise ProjectionDamaged("RENGLON_CHROMA_URL is no http address.", "Set it to http://HOST:PORT.")
    tls = parts.scheme == "https"
    return chromadb.HttpClient(host, port or (443 if tls else 8000), ssl=tls, settings=settings)
