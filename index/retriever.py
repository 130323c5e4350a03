"""Dense and lexical search, fused: a LlamaIndex `BaseRetriever` that returns passages with their sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from heapq import nlargest
from typing import Any

import numpy as np
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle

from index.ingest.sync import model_key
from index.model.encoder import Encoder
from index.reading import ReadableStore
from index.records import PassageRow
from index.scope import in_scope, require_scope
from index.storage.live_views import View
from index.storage.protocol import KINDS, Query
from index.storage.rebuild import BATCH
from rag.errors import ModelChanged, ProjectionDamaged
from rag.evidence.overlap import Overlap, QuestionTerms
from rag.evidence.scores import passage_cosine, passage_score
from rag.passages import PassageNode, Sentence
from rag.runs import Run, to_readable
from rag.scope import Scope
from rag.vectors import Vectors

# Each side's candidates, which are then scored exactly. 20 and more measured alike.
DEPTH = 24


class HybridRetriever(BaseRetriever):
    """Both projections over one catalogue. Uses the bundle's embedding when it has one."""

    def __init__(self, store: ReadableStore, encoder: Encoder, limit: int = 10, **kwargs: Any) -> None:
        self._store, self._encoder, self._limit = store, encoder, limit
        self._model = model_key(encoder)
        self._scope = Scope()
        super().__init__(**kwargs)

    def within(self, scope: Scope) -> HybridRetriever:
        """The same retriever, which finds passages of the documents in a scope only.

        Raises UnknownCollection or UnknownDocument when the scope names one that there isn't.
        """
        require_scope(self._store.catalog, scope)
        found = copy(self)
        found._scope = scope
        return found

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        given = query_bundle.embedding
        vector = self._encoder.encode_query(query_bundle.query_str) if given is None else np.asarray(given, np.float32)
        return [_hit(*ranked) for ranked in self.rank(query_bundle.query_str, vector)[: self._limit]]

    def rank(self, question: str, vector: Vectors) -> list[tuple[PassageRow, float, float, float]]:
        """(passage, fused score, cosine, share of words) of all candidates, best first; one of those with one text."""
        with self._store.reading() as view:
            if self._store.catalog.model not in (None, self._model):
                raise ModelChanged("The model was changed while this question was answered.", "Ask again.")
            terms = QuestionTerms.of(question, self._store.views.analysis)
            view, overlap = self._overlap(view, terms)
            candidates = list(dict.fromkeys(self._candidates(view, vector, terms.all, self._within())))
            rows = self._store.catalog.passages(candidates)
        cosines = [passage_cosine(vector, row.vector, row.sentence_vectors) for row in rows]
        lexicon = view.lexical or self._store.views.analysis
        shared = [overlap.share(set(lexicon.terms(f"{row.context}\n{row.text}"))) for row in rows]
        best = max(cosines, default=0.0)
        ranked = [
            (row, passage_score(cosine, best, share), cosine, share)
            for row, cosine, share in zip(rows, cosines, shared, strict=True)
        ]
        # The same text in two files is one piece of evidence: counted twice it would seem to confirm itself.
        distinct: dict[str, tuple[PassageRow, float, float, float]] = {}
        for found in sorted(ranked, key=lambda found: (-found[1], found[0].pk)):
            distinct.setdefault(found[0].text, found)
        return list(distinct.values())

    def _overlap(self, view: View, terms: QuestionTerms) -> tuple[View, Overlap]:
        if view.lexical is not None:
            try:
                return view, terms.overlap(view.lexical)
            except ProjectionDamaged as damage:
                self._store.report("lexical", damage, view.lexical)
        return View(dense=view.dense), terms.overlap(self._store.views.analysis)

    def _within(self) -> list[int] | None:
        """The keys of the passages that may be found; None for all. Decided before the search, not after it."""
        return in_scope(self._store.catalog, self._scope) if self._scope else None

    def _candidates(self, view: View, vector: Vectors, terms: list[str], within: list[int] | None) -> list[int]:
        """Keys of what either side finds. A damaged side is left out, and reported; without both, all are compared.

        Within a scope all of its vectors are compared: an approximate search could miss the few that it holds.
        """
        if within is not None and not within:
            return []
        found = [] if within is None else self._nearest(vector, within)
        answered = len(found)
        query = Query(vector, terms, within)
        for kind in KINDS if within is None else KINDS[1:]:
            if (projection := view.get(kind)) is not None:
                try:
                    found += [pk for pk, _ in projection.search(query, DEPTH)]
                    answered += 1
                except ProjectionDamaged as damage:
                    self._store.report(kind, damage, projection)
        return found if answered else self._scan(vector)

    def _nearest(self, vector: Vectors, pks: list[int]) -> list[int]:
        parts = (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))
        rows = (row for part in parts for row in self._store.catalog.vectors_of(part))
        return _best((float(own @ vector), pk) for pk, own in rows)

    def _scan(self, vector: Vectors) -> list[int]:
        batches = self._store.catalog.batches(BATCH)
        return _best(pair for pks, vectors, _ in batches for pair in zip((vectors @ vector).tolist(), pks, strict=True))


def _best(scored: Iterable[tuple[float, int]]) -> list[int]:
    """The keys with the highest scores, best first."""
    return [pk for _, pk in nlargest(DEPTH, scored)]


def _hit(row: PassageRow, score: float, cosine: float, shared: float) -> NodeWithScore:
    return NodeWithScore(node=passage_node(row, cosine, shared), score=score)


def passage_node(row: PassageRow, cosine: float = 0.0, shared: float = 0.0) -> PassageNode:
    """A passage of the catalogue as a node, with what is known of its likeness to a question."""
    metadata = {
        "document_id": row.document_id, "file": row.file, "file_sha256": row.sha256, "line_start": row.line_start,
        "line_end": row.line_end, "cosine": cosine, "shared": shared, "section": row.section, "context": row.context,
        "kind": row.kind,
    }  # fmt: skip
    node = PassageNode(
        id_=f"{row.document_id}.{row.ordinal}", text=row.text, extra_info=metadata, start_char_idx=row.char_start,
        end_char_idx=row.char_end, excluded_embed_metadata_keys=list(metadata),
        excluded_llm_metadata_keys=list(metadata),
    )  # fmt: skip
    return node.with_sentences(tuple(sentences_of(row)), row.sentence_vectors)


def sentences_of(row: PassageRow) -> Iterator[Sentence]:
    """The sentences of a passage of the catalogue, as they read and with the file's own characters."""
    base = row.char_start
    for start, end, first, last in row.sentences:
        a, b = to_readable(row.runs, start - base, end - base)
        if row.source is None:
            yield Sentence(row.text[a:b], start, end, first, last)
            continue
        quote = row.source[start - base : end - base]
        yield Sentence(row.text[a:b], start, end, first, last, quote, _within(row.runs, a, b, start - base), at=a)


def _within(runs: Sequence[Run], a: int, b: int, source: int) -> tuple[Run, ...]:
    """The runs of [a, b) of a passage's text, counted from there and from the sentence's own characters."""
    found = []
    for run in runs:
        first, last = max(run.start, a), min(run.start + run.length, b)
        if first < last:
            same = run.length == run.source_length
            begins = run.source + (first - run.start if same else 0)
            found.append(Run(first - a, last - first, begins - source, last - first if same else run.source_length))
    return tuple(found)
