"""How much of a question's words a text holds: a share weighted by idf, absolute across questions and languages.

The share counts words that the corpus doesn't know: an English question, whose words no Spanish passage holds, gets
near 0 everywhere and leaves the order to the vectors. Half of it is stems, half words as they stand (an exact form
is worth more); a stem that is missing gets credit for a near form (Ucrania, ucraniano; cognates across languages).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import takewhile

# Marks a term that is a word as it stands, as against a stem.
WORD = "="
_HEAD = 4  # letters that near forms share at least
_NEAR = 0.5  # … and the share of the longer form that they have in common at least


class Overlap:
    """A question's terms, ready to be looked for in many texts. `weights` maps each distinct term to its idf."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._stems = {term: idf for term, idf in weights.items() if not term.startswith(WORD)}
        self._words = {term: idf for term, idf in weights.items() if term.startswith(WORD)}
        self._stems_total, self._words_total = sum(self._stems.values()), sum(self._words.values())

    def share(self, terms: Collection[str]) -> float:
        """The share of the question that a text with these terms holds, 0 to 1."""
        if not self._words_total:
            return 0.0
        words = sum(idf for term, idf in self._words.items() if term in terms)
        missing = [term for term in self._stems if term not in terms]
        stems = self._stems_total - sum(self._stems[term] for term in missing)
        near = {term[:_HEAD] for term in missing if len(term) >= _HEAD and not term[0].isdigit()}
        if near:
            forms: dict[str, list[str]] = {}
            for other in terms:
                if other[:_HEAD] in near:
                    forms.setdefault(other[:_HEAD], []).append(other)
            stems += sum(
                self._stems[term] * _credit(term, forms[term[:_HEAD]]) for term in missing if term[:_HEAD] in forms
            )
        return (stems / self._stems_total + words / self._words_total) / 2


def _credit(term: str, others: Collection[str]) -> float:
    best = max((_common(term, other) / max(len(term), len(other)) for other in others), default=0.0)
    return best if best >= _NEAR else 0.0


def _common(a: str, b: str) -> int:
    """Length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
