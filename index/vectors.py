"""The dense projection: passage vectors in a local Chroma collection, keyed by the catalogue's `pk`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chromadb
from chromadb.config import Settings as ChromaSettings

from index.encoder import Vectors
from rag.errors import ProjectionDamaged

BATCH = 5000  # Chroma 1.5 refuses more than 5,461 records at once
# Chroma writes its graph to disk after this many changes, and a kill in that moment leaves it unreadable. Below it
# the graph is replayed from SQLite on the first query after a start: 0.3 ms a passage.
SYNC_THRESHOLD = 20_000
_CONFIGURATION: Any = {"hnsw": {"space": "cosine", "ef_search": 200, "sync_threshold": SYNC_THRESHOLD}}
_MEND = "Run: renglon sync --rebuild"


class DenseIndex:
    """One Chroma collection. Holds vectors only: texts stay in the catalogue."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        try:
            self._client = chromadb.PersistentClient(
                str(folder), settings=ChromaSettings(anonymized_telemetry=False, allow_reset=False)
            )
            # Always None: Chroma's default function would download an English model.
            self._collection = self._client.get_or_create_collection(
                name, embedding_function=None, configuration=_CONFIGURATION
            )
        except Exception as error:  # Chroma raises its own, SQLite's and Rust's exceptions
            raise ProjectionDamaged(f"Chroma can't open its collection: {error}.", _MEND) from error

    def add(self, pks: Sequence[int], vectors: Vectors) -> None:
        """Add passages; a key that is there already is replaced."""
        for start in range(0, len(pks), BATCH):
            ids = [str(pk) for pk in pks[start : start + BATCH]]
            self._collection.upsert(ids=ids, embeddings=vectors[start : start + BATCH])

    def remove(self, pks: Sequence[int]) -> None:
        """Remove passages; unknown keys are ignored."""
        for start in range(0, len(pks), BATCH):
            self._collection.delete(ids=[str(pk) for pk in pks[start : start + BATCH]])

    def search(self, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        """(pk, cosine) of the nearest passages, nearest first."""
        try:
            found = self._collection.query(query_embeddings=[vector], n_results=limit, include=["distances"])
        except Exception as error:
            raise ProjectionDamaged(f"Chroma can't answer: {error}.", _MEND) from error
        distances = (found["distances"] or [[]])[0]
        return [(int(id_), 1.0 - float(d)) for id_, d in zip(found["ids"][0], distances, strict=True)]

    def pks(self) -> set[int]:
        """The keys of all passages in the collection."""
        found: set[int] = set()
        while page := self._collection.get(include=[], limit=BATCH, offset=len(found))["ids"]:
            found.update(int(id_) for id_ in page)
        return found

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()
