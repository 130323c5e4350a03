"""Invented texts and what people ask about them: `gold/invented_*.jsonl`, written for this project.

Two short Spanish texts tell of one subject; they agree on most of it and differ on a fact or two. People ask about it
in Spanish and in English, and about half of what they ask stands in neither text, though a passage comes close. In the
news these are questions as a reader types them (the age of somebody who is named, the price of a thing that is
mentioned); in the entries of an encyclopaedia, questions that are meant to mislead.

One subject a line: {subject, articles: [[paragraph, …], [paragraph, …]], questions: [{q, lang, answers: [[article,
paragraph, text], …]}]}; the answers are all places that give one, none if no sentence does. The reader is trained on
these texts (`eval.reader`), except for every fourth subject, which is kept for figures and for the calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from eval.datasets import GOLD, GoldError, GoldLine, GoldRecord, Question

NEWS = GOLD / "invented_news.jsonl"
ENTRIES = GOLD / "invented_entries.jsonl"
HELD_EVERY = 4  # one in so many subjects is never trained on


class InventedQuestion(GoldRecord):
    """A question, its language, and its answers: article and paragraph (0-based), and the words that stand there."""

    q: str = Field(min_length=1)
    lang: str
    answers: tuple[tuple[int, int, str], ...]
    why: str = ""  # why nothing answers it


class Subject(GoldRecord):
    """A subject, by a short name of its own; its articles as paragraphs; and the questions about it."""

    subject: str = Field(min_length=1)
    articles: tuple[tuple[str, ...], ...]
    questions: tuple[InventedQuestion, ...]


def load_subjects(path: Path) -> list[Subject]:
    """The subjects of a file, in its order. Raises GoldError for one that is broken or misplaces an answer."""
    subjects = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            subject = Subject.model_validate_json(line)
        except ValidationError as error:
            raise GoldError(f"{path}:{number}: {error}") from error
        for question in subject.questions:
            for article, paragraph, text in question.answers:
                if text not in subject.articles[article][paragraph]:
                    raise GoldError(f"{path}:{number}: {text!r} doesn't stand in paragraph {paragraph} of {article}")
        subjects.append(subject)
    return subjects


def split(subjects: Sequence[Subject]) -> tuple[list[Subject], list[Subject]]:
    """What the reader may be trained on, and what is kept for figures."""
    held = list(subjects[HELD_EVERY - 1 :: HELD_EVERY])
    return [subject for subject in subjects if subject not in held], held


def build(folder: Path, subjects: Sequence[Subject]) -> list[Question]:
    """Write the articles of all subjects into `folder`, a paragraph a line; the questions about the held ones.

    A question is asked within the articles on its subject ("how old is the mayor" has no sense elsewhere);
    `paragraph` names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for subject in subjects:
        for name, paragraphs in zip(_names(subject), subject.articles, strict=True):
            (folder / name).write_text("\n".join(paragraphs) + "\n", encoding="utf-8")
    return [_question(subject, number) for subject in split(subjects)[1] for number in range(len(subject.questions))]


def _names(subject: Subject) -> list[str]:
    return [f"{subject.subject}-{number}.txt" for number in range(1, len(subject.articles) + 1)]


def _question(subject: Subject, number: int) -> Question:
    asked, names = subject.questions[number], _names(subject)
    places = dict.fromkeys((article, paragraph) for article, paragraph, _ in asked.answers)
    return Question(
        id=f"{subject.subject}-{number}",
        question=asked.q,
        language=asked.lang,
        answerable=bool(asked.answers),
        kind="natural" if asked.answers else "not_in_text",
        answers=tuple(dict.fromkeys(text for _, _, text in asked.answers)),
        evidence=tuple(GoldLine(file=names[article], line=paragraph + 1) for article, paragraph in places),
        paragraph=subject.subject,
        files=tuple(names),
    )
