"""Whether what a model wrote is supported by the sentences it cites: numbers, dates, names, negation and meaning.

Exact where it can be (a figure, a date or a name that no quote has), measured for the rest. It does not read: a
detail added without a name or a number is mostly not noticed (eval/LOG.md has the figures).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np

from rag.evidence.rank import Evidence
from rag.question import language_of
from rag.support import negation
from rag.support.names import Names
from rag.support.numbers import facts
from rag.support.spelling import folded
from rag.support.swapped_names import exchanged
from rag.vectors import Vectors

# Least cosine of a sentence with what it cites, by whether both are in one language. Chosen so that nine good
# sentences in ten pass (renglon eval --support, part `choose`).
SAME_LANGUAGE = 0.9
OTHER_LANGUAGE = 0.845
_REASONS = {
    "es": {
        "none": "no cita ninguna fuente",
        "missing": "«{}» no está en la cita",
        "added": "la cita no lo niega, la frase sí («{}»)",
        "dropped": "la cita lo niega («{}»), la frase no",
        "far": "la cita dice otra cosa",
        "roles": "en la cita, «{}» y «{}» están al revés",
    },
    "en": {
        "none": "it cites no source",
        "missing": "“{}” is not in the quote",
        "added": "the quote doesn't deny it, the sentence does (“{}”)",
        "dropped": "the quote denies it (“{}”), the sentence doesn't",
        "far": "the quote says something else",
        "roles": "in the quote, “{}” and “{}” are the other way round",
    },
}
_WORD = re.compile(r"\w+")


class PassageEncoder(Protocol):
    """What turns sentences into vectors."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of texts, shape (len(texts), dimension)."""


@dataclass(frozen=True)
class Verdict:
    """Whether a sentence is supported by what it cites, and if not, why, in the reader's language."""

    supported: bool
    reason: str | None = None


@dataclass(frozen=True)
class Objection:
    """What speaks against a sentence: `none`, `missing`, `added`, `dropped`, `far`, `roles`; the words meant."""

    kind: str
    shown: str = ""
    other: str = ""

    def said(self, language: str) -> str:
        """In short plain words of a language: es, else English."""
        return _REASONS["es" if language == "es" else "en"][self.kind].format(self.shown, self.other)


class SupportCheck:
    """Compares written sentences with the sentences that they cite. Holds no state between calls."""

    def __init__(self, encoder: PassageEncoder) -> None:
        self._encoder = encoder

    def check(self, sentences: Sequence[tuple[str, Sequence[Evidence]]], language: str) -> list[Verdict]:
        """A verdict for each (sentence without its markers, what it cites), in order; reasons in `language`."""
        cited = [(text, [evidence.sentence.text for evidence in evidences]) for text, evidences in sentences]
        objections = [
            objection(text, quotes, [before for evidence in evidences for before in _before(evidence)])
            for (text, quotes), (_, evidences) in zip(cited, sentences, strict=True)
        ]
        unsure = [i for i, (text, quotes) in enumerate(cited) if not objections[i] and not verbatim(text, quotes)]
        for i, found in zip(unsure, self._in_sense([cited[i] for i in unsure]), strict=True):
            objections[i] = found
        return [Verdict(o is None, o.said(language) if o else None) for o in objections]

    def _in_sense(self, cited: Sequence[tuple[str, Sequence[str]]]) -> list[Objection | None]:
        """What speaks against the meaning of each text: far from its quotes, or two of its names exchanged."""
        forms = [exchanged(text, quotes[0]) if len(quotes) == 1 else [] for text, quotes in cited]
        changed = [(form.text, cited[i][1]) for i, of in enumerate(forms) for form in of]
        cosines = self.cosines([*cited, *changed])
        others = iter(cosines[len(cited) :])
        found: list[Objection | None] = []
        for (text, quotes), cosine, of in zip(cited, cosines, forms, strict=False):
            nearer = [form for form, other in zip(of, islice(others, len(of)), strict=True) if other > cosine]
            if cosine < least_cosine(text, quotes):
                found.append(Objection("far"))
            else:
                found.append(Objection("roles", nearer[0].first, nearer[0].second) if nearer else None)
        return found

    def cosines(self, cited: Sequence[tuple[str, Sequence[str]]]) -> list[float]:
        """How near each text is to its quotes (to one of them, or to all together), -1 to 1; one encoding for all."""
        texts = list(dict.fromkeys(piece for text, quotes in cited for piece in (text, *quotes)))
        if not texts:
            return []
        # A model's reply can hold half a surrogate pair, which no tokenizer takes.
        readable = [text.encode("utf-8", "replace").decode() for text in texts]
        vectors = dict(zip(texts, self._encoder.encode_passages(readable), strict=True))
        return [_nearest(vectors[text], np.stack([vectors[quote] for quote in quotes])) for text, quotes in cited]


def objection(text: str, quotes: Sequence[str], before: Sequence[str] = ()) -> Objection | None:
    """What speaks against a text apart from its meaning; None when nothing does, or when it is a quote itself.

    A name may also stand in `before`, the sentences before the quotes, which say who "he" is; a number may not.
    """
    if not quotes:
        return Objection("none")
    if verbatim(text, quotes):
        return None
    asked, _ = facts(text)
    held = set().union(*(facts(quote)[1] for quote in quotes))
    if missing := next((fact.shown for fact in asked if fact.key not in held), None):
        return Objection("missing", missing)
    names = [Names(quote) for quote in (*quotes, *before)]
    if missing := next(Names(text).missing(names), None):
        return Objection("missing", missing)
    if found := negation.added(text, quotes):
        return Objection("added", found)
    if found := negation.dropped(text, quotes):
        return Objection("dropped", found)
    return None


def verbatim(text: str, quotes: Sequence[str]) -> bool:
    """Whether a text is one of the quotes, marks and case aside."""
    return _words(text) in [_words(quote) for quote in quotes]


def least_cosine(text: str, quotes: Sequence[str]) -> float:
    """The cosine from which a text is taken to say what its quotes say."""
    return SAME_LANGUAGE if language_of(text) in {language_of(quote) for quote in quotes} else OTHER_LANGUAGE


def _before(evidence: Evidence) -> list[str]:
    """What stands before a sentence in its passage."""
    return [s.text for s in evidence.passage.sentences if s.char_start < evidence.sentence.char_start]


def _nearest(vector: Vectors, quotes: Vectors) -> float:
    together = quotes.sum(axis=0)
    together /= max(float(np.linalg.norm(together)), 1e-9)
    return float(max((quotes @ vector).max(), together @ vector))


def _words(text: str) -> list[str]:
    return _WORD.findall(folded(text))
