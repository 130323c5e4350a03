"""Dense and lexical scores become one, on an absolute scale.

Scaling each side to 0–1 per query lets a lexical side that doesn't know the question's language outvote the
vectors. Here the lexical score is a share of the most that the question could have scored, so that an English
question, whose words no Spanish passage holds, gives near 0 everywhere and leaves the order to the vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

K1 = 1.2  # BM25's, as in the lexical index
# E5's cosines lie in a narrow band: 0.15 below the best is about where a passage of another subject stands.
COSINE_BAND = 0.15
# 2 to 3 measured alike; below 2 names and numbers lose, above 3 English questions do.
LEXICAL_WEIGHT = 2.5


def lexical_ceiling(terms: Sequence[str], idf: Mapping[str, float]) -> float:
    """The most that BM25 can give to a question: Σ idf · (k1 + 1) over its distinct terms, unknown ones included."""
    return sum(idf[term] for term in dict.fromkeys(terms)) * (K1 + 1)


def fuse(cosine: float, best_cosine: float, lexical: float) -> float:
    """One score for a passage; 1 for the nearest vector without a shared word, at most 1 + LEXICAL_WEIGHT.

    `lexical` is BM25 divided by `lexical_ceiling`, 0 to 1.
    """
    return 1.0 - (best_cosine - cosine) / COSINE_BAND + LEXICAL_WEIGHT * lexical
