"""Which sentences of the retrieved passages answer the question.

A sentence's score is a sum on absolute scales: how near it is to the question, its passage's score, the share of
the question's words that it holds, alone and with the one and the two sentences before it (which name what it speaks
of), and whether it has the kind of thing that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from llama_index.core.schema import NodeWithScore

from rag.evidence.answer_type import Cue
from rag.evidence.overlap import Lexicon, Overlap, QuestionTerms
from rag.evidence.scores import nearness
from rag.passages import PassageNode, Sentence, as_passage
from rag.reading.result import SentenceReading
from rag.vectors import Vectors

# Round numbers; of some 400 sets around them on a development set none is better or worse by more than 0.8 points.
PASSAGE_WEIGHT = 0.7
ALONE_WEIGHT = 0.35
WITH_PREVIOUS_WEIGHT = 0.35
WITH_TWO_BEFORE_WEIGHT = 0.3
CUE_WEIGHT = 0.15
# The reader's score from which on its place in a sentence is taken for the answer. It says "no answer" sooner than it
# errs about the place: where the right sentence was ranked first with a score of -4 to 0, the place had an F1 of .73.
LEAST_FOUND = -4.0
_TRAILING = " \t\n\r,;:"  # what a place ends with at times and no answer does
# Headings, by-lines and cut-off teasers share words with many questions and answer none.
FRAGMENT_PENALTY = 0.3
_WHOLE = re.compile(r"[.!?»”\"')\]]$")
_MIN_WORDS = 5


@dataclass(frozen=True)
class Asked:
    """A question, ready to be compared: its text, unit vector, words and what it asks for."""

    text: str
    vector: Vectors
    overlap: Overlap
    cue: Cue

    @classmethod
    def of(cls, question: str, vector: Vectors, lexicon: Lexicon) -> Asked:
        """Prepare a question against a corpus's term statistics."""
        return cls(question, vector, QuestionTerms.of(question, lexicon).overlap(lexicon), Cue(question))


@dataclass(frozen=True)
class Evidence:
    """A sentence that may answer.

    `number`: its place among the passage's sentences, from 0; `cosine` with the question; `shared`: the share of the
    question's words that it and the sentence before it hold, 0 to 1; `score`: higher is better, no unit; `reading`:
    what the reader says of it, None where it was not read.
    """

    sentence: Sentence
    number: int
    passage: PassageNode
    vector: Vectors | None
    terms: frozenset[str]
    cosine: float
    shared: float
    score: float
    reading: SentenceReading | None = None

    @property
    def answer(self) -> tuple[int, int] | None:
        """(start, end) of the answer that the reader found, in characters of the sentence; None where it found none."""
        if self.reading is None or self.reading.score < LEAST_FOUND:
            return None
        shift = self.passage.bounds(self.number)[0]
        start, end = max(self.reading.start - shift, 0), self.reading.end - shift
        words = self.sentence.text[start:end].rstrip(_TRAILING)
        return (start + len(words) - len(words.lstrip()), start + len(words)) if words.strip() else None

    @property
    def place(self) -> tuple[str, int]:
        """Document and offset: the order of reading."""
        return self.passage.metadata["document_id"], self.sentence.char_start


def collect(asked: Asked, hits: Sequence[NodeWithScore], lexicon: Lexicon) -> list[Evidence]:
    """All sentences of the hits as evidence, best first."""
    found = [evidence for hit in hits for evidence in _of_passage(asked, hit, lexicon)]
    best = max((evidence.cosine for evidence in found), default=0.0)
    scored = [replace(e, score=e.score + nearness(e.cosine, best)) for e in found]
    return sorted(scored, key=lambda e: (-e.score, e.place))


def in_order(hits: Sequence[NodeWithScore], evidence: Sequence[Evidence]) -> list[NodeWithScore]:
    """The hits in the order of their best sentences, each with that sentence's score.

    The sentences tell more than what the passages were found by: the right one is first more often.
    """
    best: dict[str, float] = {}
    for e in evidence:
        best.setdefault(e.passage.node_id, e.score)
    scored = [NodeWithScore(node=hit.node, score=best.get(hit.node.node_id, 0.0)) for hit in hits]
    return sorted(scored, key=lambda hit: -(hit.score or 0.0))


def _of_passage(asked: Asked, hit: NodeWithScore, lexicon: Lexicon) -> Iterator[Evidence]:
    passage = as_passage(hit.node)
    vectors = passage.vectors
    known = np.full(len(passage.sentences), passage.metadata.get("cosine", 0.0))
    cosines = known if vectors is None else vectors @ asked.vector
    previous = frozenset(lexicon.terms(passage.context)) if passage.context else frozenset[str]()
    before_that: frozenset[str] = frozenset()
    for i, sentence in enumerate(passage.sentences):
        terms = frozenset(lexicon.terms(sentence.text))
        in_context = asked.overlap.share(terms | previous)
        score = (
            PASSAGE_WEIGHT * (hit.score or 0.0)
            + ALONE_WEIGHT * asked.overlap.share(terms)
            + WITH_PREVIOUS_WEIGHT * in_context
            + WITH_TWO_BEFORE_WEIGHT * asked.overlap.share(terms | previous | before_that)
            + CUE_WEIGHT * asked.cue.found_in(sentence.text)
            - FRAGMENT_PENALTY * is_fragment(sentence.text)
        )
        vector = None if vectors is None else vectors[i]
        yield Evidence(sentence, i, passage, vector, terms, float(cosines[i]), in_context, score)
        previous, before_that = terms, previous


def is_fragment(text: str) -> bool:
    """Whether a text looks like a heading, a by-line or a teaser that breaks off, not like a sentence."""
    return len(text.split()) < _MIN_WORDS or not _WHOLE.search(text)
