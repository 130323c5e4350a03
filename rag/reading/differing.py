"""Whether the sentences that answer a question give different values, and how many documents give the same one.

Sources are said to differ only where it is sure: the values have one form and one unit and exclude one another, and
the sentences speak of the same thing. What is not comparable is left out rather than reported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.reading.answer_form import Fit, fit
from rag.reading.asked_form import AskedForm, Form, asked_form
from rag.reading.values import Amount, Relation, Value, relation, value_of
from rag.reading.vocabulary import FUNCTION_WORDS
from rag.support.names import Names
from rag.support.spelling import folded, sound

# Sentences that are compared, the best by the reader's score; an answer cites at most a handful.
MAX_CANDIDATES = 12
# Characters of a sentence, around its span, and of a question that are compared.
MAX_SENTENCE = 1500
MAX_QUESTION = 500
# Logits that a candidate may be behind the best one: further down the reader found something else.
SCORE_GAP = 8.0
# Least share of the question's content words and names that a sentence has. An English question on Spanish text
# shares little more than its names and cognates.
LEAST_ASKED = 0.3
# Least share of the question's words found in either sentence that both have: a sentence without the verb or the
# name that the other one has speaks of another event.
SAME_ASKED = 0.7
# Least share of the shorter sentence's content words that the other has as well. Of the answers only what the question
# asks about counts: a reader takes "contenedores" into one answer and not into the other.
LEAST_SHARED = 0.2
_STEM = 4  # letters, of a word's sound, by which forms of one word are recognised: envió, enviado
_WORD = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?<!\d)(?:1\d{3}|20\d\d)(?!\d)")


@dataclass(frozen=True)
class Candidate:
    """A sentence with an answer span [start, end), and the reader's score of it (logits against "no answer")."""

    document_id: str
    sentence: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class ValueGroup:
    """A value as its best source writes it, and the candidates that give it, by their place in the input."""

    value: str
    candidates: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """The values on which the candidates differ, best first (empty when they don't), and how many distinct
    documents give the best value; None where no candidate has a value."""

    differing: tuple[ValueGroup, ...] = ()
    agreeing: int | None = None


@dataclass(frozen=True)
class _Stated:
    """A candidate with what it says and what it speaks of."""

    place: int
    candidate: Candidate
    value: Value
    asked: frozenset[str]
    subject: frozenset[str]
    years: frozenset[str]


def compare(question: str, candidates: Sequence[Candidate]) -> Comparison:
    """Compare what candidates say in answer to a question."""
    asked = asked_form(question)
    terms = _terms(question[:MAX_QUESTION])
    best = sorted(range(len(candidates)), key=lambda i: -candidates[i].score)[:MAX_CANDIDATES]
    stated = [
        made
        for i in best
        if candidates[i].score >= candidates[best[0]].score - SCORE_GAP
        and (made := _stated(asked, terms, i, candidates[i])) is not None
    ]
    if not stated:
        return Comparison()
    groups = _groups(_comparable_ones(asked, terms, stated))
    winner = next(group for group in groups if stated[0] in group)
    agreeing = len({one.candidate.document_id for one in winner})
    differing = [winner]
    for group in groups:
        if group is not winner and all(_exclude(group, other) for other in differing):
            differing.append(group)
    if len(differing) == 1:
        return Comparison(agreeing=agreeing)
    return Comparison(tuple(_shown(group) for group in differing), agreeing)


def _stated(asked: AskedForm, terms: frozenset[str], place: int, candidate: Candidate) -> _Stated | None:
    if fit(asked, candidate.sentence, candidate.start, candidate.end) is Fit.NO:
        return None
    value = value_of(asked, candidate.sentence, candidate.start, candidate.end)
    if value is None:
        return None
    start, end = max(candidate.start, 0), min(candidate.end, len(candidate.sentence))
    around = max((MAX_SENTENCE - (end - start)) // 2, 0)
    rest = f"{candidate.sentence[max(start - around, 0) : start]} {candidate.sentence[end : end + around]}"
    subject = _terms(rest)
    held = terms & (subject | _terms(candidate.sentence[start:end]))
    return _Stated(place, candidate, value, held, subject | held, frozenset(_YEAR.findall(rest)))


def _terms(text: str) -> frozenset[str]:
    """What a text speaks of: its names and content words, so that forms of one word are one."""
    names = Names(text)
    labels = {f"={name.label}" for name in names.all if name.label}
    plain = list(folded(text))
    for name in names.all:
        if name.label:
            plain[name.start : name.end] = " " * (name.end - name.start)
    found = {word for word in _WORD.findall("".join(plain)) if len(word) > 2 and not word.isdecimal()}
    return frozenset(labels | {sound(word[:40])[:_STEM] for word in found - FUNCTION_WORDS})


def _comparable_ones(asked: AskedForm, terms: frozenset[str], stated: Sequence[_Stated]) -> list[_Stated]:
    """The best one, and those that speak of the same thing as it, or as another sentence that gives its value."""
    best = stated[0]
    near = [one for one in stated if one is best or _comparable(asked, terms, best, one)]
    same = [one for one in near if one is best or relation(best.value, one.value) is Relation.SAME]
    return [one for one in stated if one in near or any(_comparable(asked, terms, known, one) for known in same)]


def _comparable(asked: AskedForm, terms: frozenset[str], a: _Stated, b: _Stated) -> bool:
    """Whether two sentences speak of the same thing, as far as words show it."""
    if a.candidate.document_id == b.candidate.document_id and a.candidate.sentence == b.candidate.sentence:
        return False
    either, both = a.asked | b.asked, a.asked & b.asked
    if not both or len(both) < SAME_ASKED * len(either) or len(either) < LEAST_ASKED * len(terms):
        return False
    shared = a.subject & b.subject
    if len(shared) < 2 or len(shared) < LEAST_SHARED * min(len(a.subject), len(b.subject)):
        return False
    # Amounts of different years may differ: a population in 2010 and in 2020.
    dated = asked.form not in (Form.DATE, Form.YEAR) and isinstance(a.value, Amount) and a.years and b.years
    return not (dated and a.years.isdisjoint(b.years))


def _groups(stated: Sequence[_Stated]) -> list[list[_Stated]]:
    """Candidates by value, the most precise first to open a group; one that may belong to two groups joins none,
    unless it is the best one."""
    groups: list[list[_Stated]] = []
    for one in sorted(stated, key=lambda each: (-each.value.precision, each.place)):
        fitting = [
            group for group in groups if all(relation(one.value, other.value) is Relation.SAME for other in group)
        ]
        if len(fitting) == 1:
            fitting[0].append(one)
        elif not fitting or one is stated[0]:
            groups.append([one])
    return sorted(groups, key=lambda group: -max(one.candidate.score for one in group))


def _exclude(group: Sequence[_Stated], other: Sequence[_Stated]) -> bool:
    """Whether all of two groups exclude one another; a sentence never excludes itself, as it stands in a copy."""
    return all(
        relation(a.value, b.value) is Relation.EXCLUDES and a.candidate.sentence != b.candidate.sentence
        for a in group
        for b in other
    )


def _shown(group: Sequence[_Stated]) -> ValueGroup:
    best = max(group, key=lambda one: one.candidate.score)
    return ValueGroup(best.value.shown, tuple(sorted(one.place for one in group)))
