"""What is read for a question: the likely sentences with their neighbours, within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rag.evidence.rank import Evidence
from rag.passages import PassageNode
from rag.reading.result import LEAST_SCORE, SentenceReading

# Characters that are read for a question: about 600 tokens, five or six stretches of three sentences.
MOST_CHARS = 2400
# Characters of one stretch: beyond them attention costs more than it finds.
LONGEST = 800
# Sentences that are considered; the answer stands among them in nearly all cases where it was retrieved at all.
MOST_SENTENCES = 24
AROUND = 1  # neighbours on each side of a likely sentence
# The reader's part in a sentence's score.
READER_WEIGHT = 0.04


@dataclass(frozen=True)
class Stretch:
    """Sentences of a passage in a row: the passage's text, and the sentences' (start, end) in it."""

    text: str
    sentences: tuple[tuple[int, int], ...]


class StretchReader(Protocol):
    """What reads stretches for a question."""

    def read(self, question: str, stretches: Sequence[Stretch]) -> list[list[SentenceReading | None]]:
        """A reading of every sentence of every stretch, None for one beyond what can be read."""


def read_evidence(reader: StretchReader, question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence with what the reader says of it, ranked by both, best first.

    A sentence that was not read (too far down the ranking) counts as one without an answer.
    """
    chosen = likely(evidence)
    readings = reader.read(question, [stretch for _, _, stretch in chosen])
    found = {
        (passage.node_id, number): reading
        for (passage, numbers, _), row in zip(chosen, readings, strict=True)
        for number, reading in zip(numbers, row, strict=True)
        if reading
    }
    read = [_with(e, found.get((e.passage.node_id, e.number))) for e in evidence]
    return sorted(read, key=lambda e: (-e.score, e.place))


def _with(evidence: Evidence, reading: SentenceReading | None) -> Evidence:
    says = LEAST_SCORE if reading is None else reading.clipped
    return replace(evidence, reading=reading, score=evidence.score + READER_WEIGHT * says)


def likely(evidence: Sequence[Evidence]) -> list[tuple[PassageNode, list[int], Stretch]]:
    """Passage, numbers of sentences in it and their stretch: the best sentences first, each with its neighbours."""
    wanted: dict[str, tuple[PassageNode, set[int]]] = {}
    spent = 0
    for e in evidence[:MOST_SENTENCES]:
        passage, numbers = wanted.get(e.passage.node_id, (e.passage, set()))
        around = range(max(0, e.number - AROUND), min(len(passage.sentences), e.number + AROUND + 1))
        new = [n for n in around if n not in numbers]
        spent += sum(len(passage.sentences[n].text) for n in new)
        if wanted and spent > MOST_CHARS:
            break
        wanted[passage.node_id] = (passage, numbers | set(new))
    return [
        (passage, run, _stretch(passage, run))
        for passage, numbers in wanted.values()
        for run in _runs(passage, numbers)
    ]


def _runs(passage: PassageNode, numbers: set[int]) -> list[list[int]]:
    """Sentences in a row, cut where a stretch would become too long."""
    runs: list[list[int]] = []
    for n in sorted(numbers):
        if runs and n == runs[-1][-1] + 1:
            first = passage.sentences[runs[-1][0]]
            if passage.sentences[n].char_end - first.char_start <= LONGEST:
                runs[-1].append(n)
                continue
        runs.append([n])
    return runs


def _stretch(passage: PassageNode, run: Sequence[int]) -> Stretch:
    return Stretch(passage.text, tuple(passage.bounds(n) for n in run))
