"""Dense and lexical scores become one, on an absolute scale.

Scaling each side to 0–1 per query lets a lexical side that doesn't know the question's language outvote the
vectors. Here the lexical score is the share of the question's words that a text holds, weighted by idf, words that
the corpus doesn't know included: an English question, whose words no Spanish passage holds, gives near 0 everywhere
and leaves the order to the vectors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

# E5's cosines lie in a narrow band: 0.15 below the best is about where a text of another subject stands.
COSINE_BAND = 0.15
# The passage's own vector is one of four parts, its best sentence's three: what answers is a sentence.
SENTENCE_SHARE = 0.75
# Chosen on one half of a development set, the same on the other; 0.6 to 1 measured alike.
LEXICAL_WEIGHT = 0.8


def coverage(weights: Mapping[str, float], terms: Collection[str]) -> float:
    """The share of a question's terms that a text holds: Σ idf of those in `terms` ÷ Σ idf of all; 0 to 1.

    `weights` maps each distinct term of the question to its idf.
    """
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / total if total else 0.0


def nearness(cosine: float, best: float) -> float:
    """A cosine on the scale of the scores: 1 for the best one at hand, 0 at COSINE_BAND below it."""
    return 1.0 - (best - cosine) / COSINE_BAND


def passage_cosine(
    question: npt.NDArray[np.float32], own: npt.NDArray[np.float32], sentences: npt.NDArray[np.float32]
) -> float:
    """How near a passage is: its own cosine and its best sentence's, 1 : 3. Shapes (d,), (d,), (sentences, d)."""
    return float((1 - SENTENCE_SHARE) * (own @ question) + SENTENCE_SHARE * (sentences @ question).max())


def passage_score(cosine: float, best: float, covered: float) -> float:
    """The fused score of a passage: nearness + LEXICAL_WEIGHT · coverage; at most 1 + LEXICAL_WEIGHT."""
    return nearness(cosine, best) + LEXICAL_WEIGHT * covered
