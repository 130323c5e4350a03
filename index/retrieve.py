"""Dense and lexical search, fused: a LlamaIndex `BaseRetriever` that returns passages with their sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle

from index.encoder import Encoder, Vectors
from index.schema import PassageRow
from index.store import Store
from rag.fuse import fuse, lexical_ceiling
from rag.nodes import PassageNode, Sentence

# Each side's candidates. The passage that answers is within the first 50 of one side in all but 0.3 % of cases.
DEPTH = 50


class HybridRetriever(BaseRetriever):
    """Chroma and tantivy over one catalogue. Uses the bundle's embedding when it has one."""

    def __init__(self, store: Store, encoder: Encoder, limit: int = 8, **kwargs: Any) -> None:
        self._store, self._encoder, self._limit = store, encoder, limit
        super().__init__(**kwargs)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        given = query_bundle.embedding
        vector = self._encoder.encode_query(query_bundle.query_str) if given is None else np.asarray(given, np.float32)
        ranked = self.rank(query_bundle.query_str, vector)[: self._limit]
        scores = {pk: (score, cosine, lexical) for pk, score, cosine, lexical in ranked}
        rows = self._store.catalog.passages([pk for pk, *_ in ranked])
        return [_node(row, *scores[row.pk]) for row in rows]

    def rank(self, question: str, vector: Vectors) -> list[tuple[int, float, float, float]]:
        """(pk, fused score, cosine, lexical share) of all candidates, best first."""
        lexicon = self._store.lexical
        terms = lexicon.terms(question)
        ceiling = lexical_ceiling(terms, lexicon.idf(terms)) or 1.0
        cosines = dict(self._store.dense.search(vector, DEPTH))
        lexical = {pk: score / ceiling for pk, score in lexicon.search(terms, DEPTH)}
        unknown = [pk for pk in lexical if pk not in cosines]
        cosines |= {pk: float(v @ vector) for pk, v in self._store.catalog.vectors_of(unknown).items()}
        best = max(cosines.values(), default=0.0)
        ranked = [
            (pk, fuse(cosine, best, lexical.get(pk, 0.0)), cosine, lexical.get(pk, 0.0))
            for pk, cosine in cosines.items()
        ]
        return sorted(ranked, key=lambda row: (-row[1], row[0]))


def _node(row: PassageRow, score: float, cosine: float, lexical: float) -> NodeWithScore:
    metadata = {
        "document_id": row.document_id, "file": row.file, "file_sha256": row.sha256, "line_start": row.line_start,
        "line_end": row.line_end, "cosine": cosine, "lexical": lexical,
    }  # fmt: skip
    node = PassageNode(
        id_=f"{row.document_id}.{row.ordinal}", text=row.text, extra_info=metadata, start_char_idx=row.char_start,
        end_char_idx=row.char_end, excluded_embed_metadata_keys=list(metadata),
        excluded_llm_metadata_keys=list(metadata),
    )  # fmt: skip
    start = row.char_start
    sentences = tuple(Sentence(row.text[a - start : b - start], a, b, la, lb) for a, b, la, lb in row.sentences)
    return NodeWithScore(node=node.with_sentences(sentences, row.sentence_vectors), score=score)
