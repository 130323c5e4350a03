"""An answer without a model: the best one to three sentences, in the source's own words."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evidence.rank import Evidence

# Two sentences are the same statement when they share this much of their terms (Jaccard) …
SAME_TERMS = 0.8
# … or when their vectors are this near and half as many are.
SAME_COSINE = 0.97
# A further sentence must come this near to the best one's score: a weaker one adds words, not an answer.
SCORE_GAP = 0.5

Group = list[Evidence]


def choose(evidence: Sequence[Evidence], most: int) -> list[Group]:
    """Up to `most` groups of sentences that say the same, best group first, then in order of reading.

    The first of a group is shown; the others stand behind it as further citations.
    """
    groups: list[Group] = []
    for candidate in evidence:
        if groups and candidate.score < groups[0][0].score - SCORE_GAP:
            break
        same = next((group for group in groups if same_statement(group[0], candidate)), None)
        if same is not None:
            if len(same) < most:
                same.append(candidate)
        elif len(groups) < most:
            groups.append([candidate])
    return _in_reading_order(groups)


def same_statement(a: Evidence, b: Evidence) -> bool:
    """Whether two sentences say the same in nearly the same words; never when their numbers differ."""
    union = a.terms | b.terms
    shared = len(a.terms & b.terms) / len(union) if union else 0.0
    if shared < SAME_TERMS / 2 or _numbers(a) != _numbers(b):  # the cheap question first: most pairs end there
        return False
    if shared >= SAME_TERMS:
        return True
    if a.vector is None or b.vector is None:
        return False
    return float(a.vector @ b.vector) >= SAME_COSINE


def _numbers(evidence: Evidence) -> set[str]:
    return {term for term in evidence.terms if any(char.isdigit() for char in term)}


def _in_reading_order(groups: list[Group]) -> list[Group]:
    """The best first, since it answers; then what stands in the same document, as it stands there."""
    if not groups:
        return []
    first, *rest = groups
    home = first[0].place[0]
    return [first, *sorted(rest, key=lambda g: (g[0].place[0] != home, g[0].place))]
