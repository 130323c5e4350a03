"""Gold questions: their format, and how they are read, checked against the articles and sampled.

One JSON object a line; lines of evidence are 1-based over the whole file, blank lines counted. `answers` and
`evidence` are each "any of": one gold answer on one gold line is enough.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from index.corpus.documents import decode
from rag.types import Turn

# Kinds of questions without an answer; the report shows each separately. The last two come from SQuAD data.
UNANSWERABLE_KINDS = ("off_topic", "not_in_text", "false_premise", "adversarial", "removed")
GOLD = Path(__file__).parent / "gold"
SEEDS_GOLD = GOLD / "seeds.jsonl"
FOLLOWUPS_GOLD = GOLD / "followups.jsonl"
_LINE_END = re.compile(r"\r\n|\n|\r")
T = TypeVar("T")


class GoldError(ValueError):
    """A file of questions can't be used; the message names the file and the line."""


class GoldRecord(BaseModel):
    """Base of what is read from gold files: immutable, no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class GoldLine(GoldRecord):
    """A line of an article that answers the question; `line` is 1-based."""

    file: str = Field(min_length=1)
    line: int = Field(ge=1)


class Question(GoldRecord):
    """A question with its expected answers and evidence.

    `kind` groups questions in the report: fact, number, date… or one of UNANSWERABLE_KINDS.
    `paragraph` names the paragraph that a SQuAD question was asked about, whether or not the corpus has it.
    """

    id: str = Field(min_length=1)
    question: str = Field(min_length=1)
    language: str = "es"
    answerable: bool
    kind: str = ""
    answers: tuple[str, ...] = ()
    evidence: tuple[GoldLine, ...] = ()
    history: tuple[Turn, ...] = ()
    paragraph: str = ""

    @model_validator(mode="after")
    def _answers_match_answerable(self) -> Self:
        if self.answerable and not (self.answers and self.evidence):
            raise ValueError("an answerable question needs answers and evidence")
        if not self.answerable and (self.answers or self.evidence):
            raise ValueError("an unanswerable question has neither answers nor evidence")
        if not all(answer.strip() for answer in self.answers):
            raise ValueError("an answer is blank")
        return self

    @property
    def gold_lines(self) -> frozenset[tuple[str, int]]:
        """The gold lines as (file, 1-based line) pairs."""
        return frozenset((gold.file, gold.line) for gold in self.evidence)


def load_gold(path: Path) -> list[Question]:
    """Questions of a JSON lines file, in its order; blank lines are skipped.

    Raises GoldError, which names the file and the line, for a record that isn't valid or an id seen before.
    """
    questions: list[Question] = []
    first_seen: dict[str, int] = {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path}: can't be read as UTF-8: {error}") from error
    for number, line in enumerate(_LINE_END.split(text), 1):
        if not line.strip():
            continue
        try:
            question = Question.model_validate_json(line)
        except ValidationError as error:
            raise GoldError(f"{path}:{number}: {_in_words(error)}") from error
        if question.id in first_seen:
            raise GoldError(f"{path}:{number}: id {question.id!r} stands on line {first_seen[question.id]} too")
        first_seen[question.id] = number
        questions.append(question)
    if not questions:
        raise GoldError(f"{path}: holds no question")
    return questions


def load_all(paths: Iterable[Path]) -> list[Question]:
    """Questions of several gold files. Raises GoldError, also when two files share an id."""
    questions: dict[str, Question] = {}
    for path in paths:
        for question in load_gold(path):
            if question.id in questions:
                raise GoldError(f"{path}: id {question.id!r} stands in an earlier file too")
            questions[question.id] = question
    return list(questions.values())


def _in_words(error: ValidationError) -> str:
    """A pydantic error as one line: field, what is wrong."""
    parts = []
    for item in error.errors(include_url=False, include_context=False):
        where = ".".join(str(step) for step in item["loc"])
        parts.append(f"{where}: {item['msg']}" if where else item["msg"])
    return "; ".join(parts)


def file_lines(path: Path) -> list[str]:
    """Lines of an article without their ends; CRLF, LF and CR each end one.

    Splits on its own and not through the index's line table, so that the gold set checks that table.
    Raises OSError, and rag.errors.FileRefused for a file that isn't text.
    """
    return _LINE_END.split(decode(path.read_bytes())[0])


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def validate_gold(questions: Iterable[Question], corpus: Path) -> list[str]:
    """Check gold against the articles; returns one sentence per problem, none when all is well.

    Every answer must stand on one of its gold lines and every gold line must hold one of the answers
    (case-insensitively, runs of white space as one), else no citation of it could count as a hit.
    """
    lines_of = lru_cache(maxsize=None)(file_lines)
    problems: list[str] = []
    for question in questions:
        held: list[str] = []
        for gold in question.evidence:
            where = f"{question.id}: {gold.file}:{gold.line}"
            try:
                lines = lines_of(corpus / gold.file)
            except OSError:
                problems.append(f"{where}: no such file in {corpus}")
                continue
            if gold.line > len(lines):
                problems.append(f"{where}: the file ends at line {len(lines)}")
                continue
            line = _plain(lines[gold.line - 1])
            held.append(line)
            if not any(_plain(answer) in line for answer in question.answers):
                problems.append(f"{where}: the line holds none of the answers")
        for answer in question.answers:
            if not any(_plain(answer) in line for line in held):
                problems.append(f"{question.id}: answer {answer!r} stands on none of its gold lines")
    return problems


def check_gold(questions: Iterable[Question], corpus: Path, source: str = "gold") -> None:
    """Raise GoldError with all problems that `validate_gold` finds."""
    if problems := validate_gold(questions, corpus):
        raise GoldError(f"{source}: {len(problems)} problems\n" + "\n".join(problems))


def sample(items: Sequence[T], n: int | None, seed: int) -> list[T]:
    """`n` items drawn without replacement, in their old order; all of them when n is None or too large.

    Raises ValueError when n is negative.
    """
    if n is None or n >= len(items):
        return list(items)
    return [items[i] for i in sorted(random.Random(seed).sample(range(len(items)), n))]
