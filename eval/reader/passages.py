"""The invented texts (`eval.invented`) as passages to train on, and what is asked about each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.invented import Subject
from eval.reader.data import Paragraph, Question

# Paragraphs are joined to passages of about this many characters, as the index joins lines.
LONGEST = 800


@dataclass(frozen=True)
class Asked:
    """A question about a subject, the numbers of the subject's passages, and where each of those answers it."""

    question: Question
    passages: range
    spans: dict[int, tuple[tuple[int, int], ...]]


def passages_of(subjects: Sequence[Subject]) -> tuple[list[Paragraph], list[Asked]]:
    """The passages of all subjects, and the questions about them."""
    passages: list[Paragraph] = []
    asked: list[Asked] = []
    for subject in subjects:
        first = len(passages)
        places: dict[tuple[int, int], tuple[int, int]] = {}  # (article, paragraph) → (passage, where it begins)
        for number, article in enumerate(subject.articles):
            for together in _joined(article):
                text = ""
                for i in together:
                    places[number, i] = len(passages), len(text)
                    text += article[i] + "\n"
                passages.append(Paragraph(f"invented {subject.subject}", "es", text.rstrip("\n")))
        for one in subject.questions:
            spans: dict[int, tuple[tuple[int, int], ...]] = {}
            for article_, paragraph, answer in one.answers:
                passage, begins = places[article_, paragraph]
                at = begins + subject.articles[article_][paragraph].index(answer)
                spans[passage] = (*spans.get(passage, ()), (at, at + len(answer)))
            asked.append(Asked(Question(one.q, one.lang), range(first, len(passages)), spans))
    return passages, asked


def _joined(article: Sequence[str]) -> Iterator[list[int]]:
    """The numbers of the paragraphs that make each passage."""
    together: list[int] = []
    for i, paragraph in enumerate(article):
        if together and sum(len(article[k]) for k in together) + len(paragraph) > LONGEST:
            yield together
            together = []
        together.append(i)
    yield together
