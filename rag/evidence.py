"""Which sentences of the retrieved passages answer the question.

A sentence's score is a sum of four parts on absolute scales: its own cosine with the question, the words that it
shares with the question, its passage's fused score, and whether it looks like a whole sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from llama_index.core.schema import NodeWithScore

from rag.fuse import COSINE_BAND, K1, lexical_ceiling
from rag.nodes import PassageNode, Sentence, Vectors, as_passage

B = 0.75  # BM25's, as in the lexical index
COSINE_WEIGHT = 2.0
LEXICAL_WEIGHT = 2.0
PASSAGE_WEIGHT = 0.8
# Headings, by-lines and cut-off teasers share words with many questions and answer none.
FRAGMENT_PENALTY = 0.5
_WHOLE = re.compile(r"[.!?»”\"')\]]$")
_MIN_WORDS = 5


class Lexicon(Protocol):
    """Analysis and term statistics of the corpus."""

    def terms(self, text: str) -> list[str]:
        """The terms of a text after analysis, in order."""

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """Inverse document frequency of each term."""


@dataclass(frozen=True)
class Evidence:
    """A sentence that may answer. `cosine` with the question; `lexical` 0–1; `score` higher is better."""

    sentence: Sentence
    passage: PassageNode
    vector: Vectors | None
    terms: frozenset[str]
    cosine: float
    lexical: float
    score: float

    @property
    def place(self) -> tuple[str, int]:
        """Document and offset: the order of reading."""
        return self.passage.metadata["document_id"], self.sentence.char_start


def collect(
    question_vector: Vectors,
    question_terms: Sequence[str],
    idf: Mapping[str, float],
    hits: Sequence[NodeWithScore],
    lexicon: Lexicon,
) -> list[Evidence]:
    """All sentences of the hits as evidence, best first. `idf` covers the question's terms."""  # fmt: skip
    rows: list[tuple[Sentence, PassageNode, Vectors | None, list[str], float, float]] = []
    for hit in hits:
        passage = as_passage(hit.node)
        vectors = passage.vectors
        cosines = (
            np.full(len(passage.sentences), passage.metadata.get("cosine", 0.0))
            if vectors is None
            else vectors @ question_vector
        )
        for i, sentence in enumerate(passage.sentences):
            vector = None if vectors is None else vectors[i]
            rows.append((sentence, passage, vector, lexicon.terms(sentence.text), float(cosines[i]), hit.score or 0.0))
    if not rows:
        return []
    shares = _lexical_shares([row[3] for row in rows], question_terms, idf)
    best_cosine = max(row[4] for row in rows)
    best_passage = max(row[5] for row in rows)
    found = []
    for (sentence, passage, vector, terms, cosine, passage_score), share in zip(rows, shares, strict=True):
        score = (
            COSINE_WEIGHT * (1 - (best_cosine - cosine) / COSINE_BAND)
            + LEXICAL_WEIGHT * share
            + PASSAGE_WEIGHT * (passage_score - best_passage)
            - FRAGMENT_PENALTY * is_fragment(sentence.text)
        )
        found.append(Evidence(sentence, passage, vector, frozenset(terms), cosine, share, score))
    return sorted(found, key=lambda e: (-e.score, e.place))


def is_fragment(text: str) -> bool:
    """Whether a text looks like a heading, a by-line or a teaser that breaks off, not like a sentence."""
    return len(text.split()) < _MIN_WORDS or not _WHOLE.search(text)


def _lexical_shares(
    sentences: Sequence[Sequence[str]], question_terms: Sequence[str], idf: Mapping[str, float]
) -> list[float]:
    """BM25 of each sentence as a share of the most that the question could score; lengths are normalised by the
    mean of the sentences at hand."""
    ceiling = lexical_ceiling(question_terms, idf) or 1.0
    mean = sum(map(len, sentences)) / len(sentences) or 1.0
    shares = []
    for terms in sentences:
        counts = Counter(terms)
        norm = K1 * (1 - B + B * len(terms) / mean)
        score = sum(
            idf[term] * counts[term] * (K1 + 1) / (counts[term] + norm) for term in dict.fromkeys(question_terms)
        )
        shares.append(score / ceiling)
    return shares
