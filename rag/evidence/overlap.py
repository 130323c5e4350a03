"""How much of a question's words a text holds: a share weighted by idf, absolute across questions and languages.

The share counts words that the corpus doesn't know: an English question, whose words no Spanish passage holds, gets
near 0 everywhere and leaves the order to the vectors. Half of it is stems, half words as they stand (an exact form
is worth more); a stem that is missing gets credit for a near form (Ucrania, ucraniano; cognates across languages).
A word that the glossary knows in Spanish counts as held where one of its translations stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Protocol

from rag.glossary import in_spanish
from rag.question import language_of

# Marks a term that is a word as it stands, as against a stem.
WORD = "="
_HEAD = 4  # letters that near forms share at least
_NEAR = 0.5  # … and the share of the longer form that they have in common at least
_WORDS = re.compile(r"[^\W\d_]+")


class Lexicon(Protocol):
    """Analysis and term statistics of the corpus."""

    def terms(self, text: str) -> list[str]:
        """The terms of a text after analysis."""

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """Inverse document frequency of each distinct term."""


@dataclass(frozen=True)
class QuestionTerms:
    """The terms of a question. `instead`: for stems of an English one, those of their translations; the words that they
    are stems of are in `translated`, marked."""

    own: tuple[str, ...]
    instead: Mapping[str, frozenset[str]] = field(default_factory=dict)
    translated: frozenset[str] = frozenset()

    @classmethod
    def of(cls, question: str, lexicon: Lexicon) -> QuestionTerms:
        """Analyse a question; one in English is looked up in the glossary."""
        own = tuple(lexicon.terms(question))
        if language_of(question) != "en":
            return cls(own)
        instead: dict[str, frozenset[str]] = {}
        translated: set[str] = set()
        for word in dict.fromkeys(_WORDS.findall(question)):
            terms, spanish = lexicon.terms(word), in_spanish(word)
            if len(terms) == 2 and spanish:  # a stem and a word: no stop word
                instead[terms[0]] = frozenset(t for t in lexicon.terms(" ".join(spanish)) if not t.startswith(WORD))
                translated.add(terms[1])
        return cls(own, instead, frozenset(translated))

    @property
    def all(self) -> list[str]:
        """The question's own terms and those of the translations."""
        return [*self.own, *sorted(set().union(*self.instead.values()) - set(self.own))]

    def overlap(self, lexicon: Lexicon) -> Overlap:
        """Weighted by the statistics of a corpus: a word that it lacks as much as its commonest translation."""
        known = lexicon.idf([*self.all, WORD])  # no text has an empty word: what such a term weighs
        unknown = known[WORD]
        weights = {t: known[t] for t in self.own if t not in self.translated or known[t] < unknown}
        for stem, others in self.instead.items():
            if known[stem] >= unknown and (found := [known[other] for other in others if known[other] < unknown]):
                weights[stem] = min(found)
        return Overlap(weights, self.instead)


class Overlap:
    """A question's terms, ready to be looked for in many texts. `weights` maps each distinct term to its idf, `instead`
    stems to others that count as much."""

    def __init__(self, weights: Mapping[str, float], instead: Mapping[str, Collection[str]] | None = None) -> None:
        self._stems = {term: idf for term, idf in weights.items() if not term.startswith(WORD)}
        self._words = {term: idf for term, idf in weights.items() if term.startswith(WORD)}
        self._stems_total, self._words_total = sum(self._stems.values()), sum(self._words.values())
        self._instead = instead or {}

    def share(self, terms: Collection[str]) -> float:
        """The share of the question that a text with these terms holds, 0 to 1."""
        if not self._stems_total:
            return 0.0
        words = sum(idf for term, idf in self._words.items() if term in terms)
        missing = [
            term
            for term in self._stems
            if term not in terms and not any(other in terms for other in self._instead.get(term, ()))
        ]
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
        if not self._words_total:
            return stems / self._stems_total
        return (stems / self._stems_total + words / self._words_total) / 2


def _credit(term: str, others: Collection[str]) -> float:
    best = max((_common(term, other) / max(len(term), len(other)) for other in others), default=0.0)
    return best if best >= _NEAR else 0.0


def _common(a: str, b: str) -> int:
    """Length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
