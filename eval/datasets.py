"""Gold questions: their format, and how they are read, checked against the articles and sampled.

One JSON object a line; lines of evidence are 1-based over the whole file, blank lines counted. `answers` and
`evidence` are each "any of": one gold answer on one gold line is enough. What the shipped files hold is said in
`gold/README.md`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from index.corpus.decoding import decode
from rag.types import Turn

# Kinds of questions without an answer; the report shows each separately. The last two come from SQuAD data.
UNANSWERABLE_KINDS = ("off_topic", "not_in_text", "false_premise", "adversarial", "removed")
GOLD = Path(__file__).parent / "gold"
SEEDS_GOLD = GOLD / "seeds.jsonl"
FOLLOWUPS_GOLD = GOLD / "followups.jsonl"
NATURAL_GOLD = GOLD / "natural.jsonl"
DIFFERING_GOLD = GOLD / "differing.jsonl"
REQUESTS_GOLD = GOLD / "requests.jsonl"
# Kinds of the questions about sources that differ: they differ; they agree, in other words perhaps; two values stand
# close together but answer different questions. Only the first may be reported as differing.
DIFFERING_KINDS = ("differ", "agree", "apart")
# A question that belongs to a split is of one of these kinds. Files without splits may name their kinds as they like.
SPLIT_KINDS = ("natural", "not_in_text", *DIFFERING_KINDS)
# `dev` may be looked at while the system is being made; `final` is kept until the end.
Split = Literal["dev", "final"]
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


class DifferingValue(GoldRecord):
    """A value on which sources differ: as it stands in the text, other wordings of it, and where it stands."""

    value: str = Field(min_length=1)
    also: tuple[str, ...] = ()
    evidence: tuple[GoldLine, ...] = Field(min_length=1)

    @property
    def forms(self) -> tuple[str, ...]:
        """All wordings of the value."""
        return (self.value, *self.also)


class Question(GoldRecord):
    """A question with its expected answers and evidence.

    `kind` groups questions in the report: fact, number, date… or one of UNANSWERABLE_KINDS.
    `paragraph` names the paragraph that a SQuAD question was asked about, whether or not the corpus has it.
    `files` are globs of the files that it is asked within; none for all.
    `differing` holds the values on which sources differ; it is empty where nothing may be reported as differing.
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
    split: Split | None = None
    files: tuple[str, ...] = ()
    differing: tuple[DifferingValue, ...] = ()

    @model_validator(mode="after")
    def _answers_match_answerable(self) -> Self:
        if self.answerable and not (self.answers and self.evidence):
            raise ValueError("an answerable question needs answers and evidence")
        if not self.answerable and (self.answers or self.evidence):
            raise ValueError("an unanswerable question has neither answers nor evidence")
        if not all(answer.strip() for answer in self.answers):
            raise ValueError("an answer is blank")
        return self

    @model_validator(mode="after")
    def _kind_fits(self) -> Self:
        if self.split and self.kind not in SPLIT_KINDS:
            raise ValueError(f"kind {self.kind!r} is unknown; questions of a split are of {', '.join(SPLIT_KINDS)}")
        if self.split and self.answerable == (self.kind in UNANSWERABLE_KINDS):
            raise ValueError(f"a question of kind {self.kind!r} {'has no' if self.answerable else 'has an'} answer")
        if self.differing and self.kind != "differ":
            raise ValueError("only a question of kind 'differ' has differing values")
        if self.kind == "differ" and len(self.differing) < 2:
            raise ValueError("a question of kind 'differ' needs two differing values or more")
        return self

    @property
    def gold_lines(self) -> frozenset[tuple[str, int]]:
        """The gold lines as (file, 1-based line) pairs."""
        return frozenset((gold.file, gold.line) for gold in self.evidence)


class Request(GoldRecord):
    """What isn't a question, or isn't one about a fact: small talk, and requests for a summary.

    `status` is the one that the answer must have. A summary's `scope` is all articles, one that is named by its file
    (`name`) or by what it is about (`topic`), or the last one; only `documents` may be cited in it.
    """

    id: str = Field(min_length=1)
    request: str = Field(min_length=1)
    language: Literal["es", "en"]
    kind: Literal["small_talk", "summary"]
    split: Split
    status: Literal["none_asked", "answered"]
    scope: Literal["all", "name", "topic", "last"] | None = None
    documents: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fields_fit_kind(self) -> Self:
        if self.kind == "small_talk" and (self.status != "none_asked" or self.scope or self.documents):
            raise ValueError("small talk expects status none_asked and has neither scope nor documents")
        if self.kind == "summary" and not (self.status == "answered" and self.scope and self.documents):
            raise ValueError("a summary expects status answered and needs a scope and documents")
        return self


Item = TypeVar("Item", Question, Request)


def load_gold(path: Path) -> list[Question]:
    """Questions of a JSON lines file, in its order; blank lines are skipped.

    Raises GoldError, which names the file and the line, for a record that isn't valid or an id seen before.
    """
    return _load(path, Question)


def load_requests(path: Path) -> list[Request]:
    """Small talk and requests for summaries, read as `load_gold` reads questions."""
    return _load(path, Request)


def _load(path: Path, form: type[Item]) -> list[Item]:
    items: list[Item] = []
    first_seen: dict[str, int] = {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path}: can't be read as UTF-8: {error}") from error
    for number, line in enumerate(_LINE_END.split(text), 1):
        if not line.strip():
            continue
        try:
            item = form.model_validate_json(line)
        except ValidationError as error:
            raise GoldError(f"{path}:{number}: {_in_words(error)}") from error
        if item.id in first_seen:
            raise GoldError(f"{path}:{number}: id {item.id!r} stands on line {first_seen[item.id]} too")
        first_seen[item.id] = number
        items.append(item)
    if not items:
        raise GoldError(f"{path}: holds no question")
    return items


def of_split(items: Iterable[Item], split: Split) -> list[Item]:
    """The items of one split, in their order. Items without a split belong to none."""
    return [item for item in items if item.split == split]


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
    (case-insensitively, runs of white space as one), else no citation of it could count as a hit. The same holds for
    each of the values on which sources differ, and its lines must be gold lines of the question.
    """
    lines_of = lru_cache(maxsize=None)(file_lines)
    problems: list[str] = []
    for question in questions:
        problems += _misplaced(question.id, question.answers, question.evidence, corpus, lines_of)
        for value in question.differing:
            name = f"{question.id}: value {value.value!r}"
            problems += _misplaced(name, value.forms, value.evidence, corpus, lines_of)
            problems += [
                f"{name}: {gold.file}:{gold.line} is no gold line of the question"
                for gold in value.evidence
                if gold not in question.evidence
            ]
    return problems


def _misplaced(
    name: str,
    answers: Sequence[str],
    evidence: Sequence[GoldLine],
    corpus: Path,
    lines_of: Callable[[Path], list[str]],
) -> list[str]:
    """Lines that don't exist or hold none of the answers, and answers that stand on none of the lines."""
    problems: list[str] = []
    held: list[str] = []
    for gold in evidence:
        where = f"{name}: {gold.file}:{gold.line}"
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
        if not any(_plain(answer) in line for answer in answers):
            problems.append(f"{where}: the line holds none of the answers")
    for answer in answers:
        if not any(_plain(answer) in line for line in held):
            problems.append(f"{name}: answer {answer!r} stands on none of its gold lines")
    return problems


def validate_requests(requests: Iterable[Request], corpus: Path) -> list[str]:
    """One sentence for each document that a request names and the corpus doesn't have."""
    return [
        f"{request.id}: {name}: no such file in {corpus}"
        for request in requests
        for name in request.documents
        if not (corpus / name).is_file()
    ]


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
