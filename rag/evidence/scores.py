"""Dense and lexical scores become one, on an absolute scale.

Scaling each side to 0–1 per query lets a lexical side that doesn't know the question's language outvote the
vectors; here neither depends on what else was found, but for the best cosine at hand.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# E5's cosines lie in a narrow band: 0.15 below the best is about where a text of another subject stands.
COSINE_BAND = 0.15
# The passage's own vector is one of four parts, its best sentence's three: what answers is a sentence.
SENTENCE_SHARE = 0.75
# 0.6 to 1 measured alike on a development set; the least of them is kindest to other languages.
LEXICAL_WEIGHT = 0.6


def nearness(cosine: float, best: float) -> float:
    """A cosine on the scale of the scores: 1 for the best one at hand, 0 at COSINE_BAND below it."""
    return 1.0 - (best - cosine) / COSINE_BAND


def passage_cosine(
    question: npt.NDArray[np.float32], own: npt.NDArray[np.float32], sentences: npt.NDArray[np.float32]
) -> float:
    """How near a passage is: its own cosine and its best sentence's, 1 : 3. Shapes (d,), (d,), (sentences, d)."""
    if not len(sentences):  # a running head: it can be found and never answers
        return float(own @ question)
    return float((1 - SENTENCE_SHARE) * (own @ question) + SENTENCE_SHARE * (sentences @ question).max())


def passage_score(cosine: float, best: float, shared: float) -> float:
    """The fused score of a passage: nearness + LEXICAL_WEIGHT · share of words; at most 1 + LEXICAL_WEIGHT."""
    return nearness(cosine, best) + LEXICAL_WEIGHT * shared
