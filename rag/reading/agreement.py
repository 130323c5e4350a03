"""Whether the evidence of an answer agrees: sentences with another value for what is asked are cited too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.evidence.rank import Evidence
from rag.evidence.select import Group
from rag.reading.differing import Candidate, Comparison, compare
from rag.types import Citation, Differing

# Sentences beyond the cited ones that are looked at for another value; further down stands something else.
MOST_OTHERS = 8
# Values that are shown beside the answer's own.
MOST_ADDED = 2


@dataclass(frozen=True)
class Agreement:
    """The sentences that were compared, and what came of it."""

    evidence: tuple[Evidence, ...] = ()
    comparison: Comparison = field(default_factory=Comparison)

    def differing(self, citations: Sequence[Citation]) -> list[Differing]:
        """The values on which the cited sentences differ; empty unless at least two of them are cited."""
        numbers = {(c.document_id, c.char_start): c.n for c in citations}
        values = []
        for group in self.comparison.differing:
            places = [self.evidence[i].place for i in group.candidates]
            if cited := sorted(numbers[place] for place in places if place in numbers):
                values.append(Differing(value=group.value, citations=cited))
        return values if len(values) > 1 else []


def agreement(question: str, groups: Sequence[Group], evidence: Sequence[Evidence]) -> tuple[list[Group], Agreement]:
    """The groups of an answer, with those added whose value differs, and the comparison of all of them."""
    cited = [e for group in groups for e in group if e.answer]
    places = {e.place for e in cited}  # evidence itself holds arrays, which are not compared with `==`
    others = [e for e in evidence if e.answer and e.place not in places][:MOST_OTHERS]
    compared = (*cited, *others)
    comparison = compare(question, [_candidate(e) for e in compared])
    shown = set(range(len(cited)))
    added = [[compared[group.candidates[0]]] for group in comparison.differing if shown.isdisjoint(group.candidates)]
    return [*groups, *added[:MOST_ADDED]], Agreement(compared, comparison)


def _candidate(evidence: Evidence) -> Candidate:
    start, end = evidence.answer or (0, 0)
    score = evidence.reading.score if evidence.reading else 0.0
    return Candidate(evidence.place[0], evidence.sentence.text, start, end, score)
