"""Passages with vectors made by hand, ranked by the real evidence score."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from llama_index.core.schema import NodeWithScore

from rag.evidence.rank import Asked, Evidence, collect
from rag.passages import PassageNode, Sentence


class Words:
    def terms(self, text: str) -> list[str]:
        words = text.lower().replace(".", "").split()
        return [*words, *("=" + word for word in words)]

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        return dict.fromkeys(terms, 1.0)


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def hit(document: str, texts: list[str], vectors: list[np.ndarray], score: float) -> NodeWithScore:
    meta = {"document_id": document, "file": document, "file_sha256": "s", "line_start": 1, "line_end": 9}
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    sentences = tuple(
        Sentence(text, start, start + len(text), n, n)
        for n, (text, start) in enumerate(zip(texts, starts, strict=False), 1)
    )
    node = PassageNode(text=" ".join(texts), extra_info=meta, start_char_idx=0)
    node.with_sentences(sentences, np.stack(vectors))
    return NodeWithScore(node=node, score=score)


QUESTION = unit(1, 0, 0)


def weigh(question: str, *hits: NodeWithScore) -> list[Evidence]:
    return collect(Asked.of(question, QUESTION, Words()), hits, Words())
