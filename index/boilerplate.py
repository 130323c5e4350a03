"""Which sentences of the indexed documents are boilerplate: computed when first asked for, kept until they change."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np

from index.reading import ReadableStore
from index.retriever import sentences_of
from rag.errors import UnknownDocument
from rag.evidence.boilerplate import boilerplate

REMEMBERED = 2048  # documents whose scores are kept, about 10 kB each
MOST_PASSAGES = 400  # of a document that are looked at; boilerplate stands at its ends
# Lines that many documents share are looked for in a sample: what a site puts on every page shows in a few hundred.
SAMPLE = 400
SAMPLE_CHARS = 8_000  # at either end of a document
SHARED_BY = 3  # documents; two may well report the same sentence
LONGEST_LINE = 400  # characters; longer lines that several documents share are quotes
_CHANGED = 50  # the sample is read again when one in so many of its documents may have changed


class BoilerplateScores:
    """The scores of a store's documents. Safe to call from many threads."""

    def __init__(self, store: ReadableStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._repeated: frozenset[bytes] = frozenset()
        self._sampled: dict[tuple[str, str], frozenset[bytes]] = {}
        self._due = 0  # the generation from which the sample is read again
        self._scored = lru_cache(REMEMBERED)(self._score)

    def __call__(self, document_id: str, sha256: str) -> Mapping[int, float]:
        """Each sentence's score by the place where it starts; empty for a version that is no longer indexed."""
        self._refresh()
        try:
            return self._scored(document_id, sha256)
        except UnknownDocument:
            return {}

    def _score(self, document_id: str, sha256: str) -> Mapping[int, float]:
        rows = [row for row in self._store.catalog.passages_of([document_id], MOST_PASSAGES) if row.sha256 == sha256]
        sentences = [sentence for row in rows for sentence in sentences_of(row)]
        if not sentences:
            raise UnknownDocument(f"There is no document {document_id!r}.", "GET /v1/documents lists them.")
        vectors = np.concatenate([row.sentence_vectors for row in rows])
        scores = boilerplate(sentences, vectors, lambda line: _key(line) in self._repeated)
        return {s.char_start: float(score) for s, score in zip(sentences, scores, strict=True)}

    def _refresh(self) -> None:
        """Read the sample again when enough documents have changed since the last time."""
        generation = self._store.catalog.generation
        if generation < self._due:
            return
        with self._lock:
            if generation < self._due:
                return
            versions = self._store.catalog.sample(SAMPLE)
            known = {key: self._sampled[key] for key in versions if key in self._sampled}
            for id_, sha256 in versions:
                if (id_, sha256) not in known:
                    known[id_, sha256] = frozenset(_keys(self._store.catalog.ends(id_, SAMPLE_CHARS)))
            counts = Counter(key for keys in known.values() for key in keys)
            repeated = frozenset(key for key, count in counts.items() if count >= SHARED_BY)
            self._sampled = known
            if repeated != self._repeated:
                self._repeated = repeated
                self._scored.cache_clear()
            self._due = generation + 1 + len(versions) // _CHANGED


def _keys(text: str) -> Iterable[bytes]:
    return (_key(line) for line in text.split("\n") if line.strip() and len(line) <= LONGEST_LINE)


def _key(line: str) -> bytes:
    """A line made comparable: white space and case don't count."""
    plain = " ".join(line.lower().split())
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).digest()
