"""Measures the check of written sentences (`rag/support/`) on good and bad statements about the articles.

The check's word lists and thresholds were chosen on the statements of part `choose`. Those of part `report` were
written afterwards and judged once, and nothing was changed because of them. Quote the figures of part `report`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator
from rich.table import Table

from eval.datasets import GOLD, GoldError, GoldRecord
from eval.stats import bootstrap_ratio, ratio
from index.corpus.decoding import decode
from index.corpus.documents import SourceText
from index.corpus.passages import split
from rag.evidence.rank import Evidence
from rag.passages import PassageNode, Sentence
from rag.support.check import SupportCheck, Verdict

SUPPORT_GOLD = GOLD / "support.jsonl"
SUPPORTED_KINDS = ("verbatim", "paraphrase", "translation", "merge", "summary")
UNSUPPORTED_KINDS = ("number", "date", "name", "wrong_line", "negation", "invented", "beyond", "roles")


class Cite(GoldRecord):
    """A sentence that a statement cites: file, 1-based line, 1-based sentence in that line."""

    file: str = Field(min_length=1)
    line: int = Field(ge=1)
    sentence: int = Field(1, ge=1)


class Statement(GoldRecord):
    """A sentence such as a model would write, what it cites, and whether that supports it.

    `kind`: how it was made, one of SUPPORTED_KINDS or UNSUPPORTED_KINDS.
    """

    id: str = Field(min_length=1)
    part: Literal["choose", "report"]
    text: str = Field(min_length=1)
    language: Literal["es", "en"]
    cites: tuple[Cite, ...] = Field(min_length=1)
    supported: bool
    kind: str

    @model_validator(mode="after")
    def _kind_matches(self) -> Self:
        if self.kind not in (SUPPORTED_KINDS if self.supported else UNSUPPORTED_KINDS):
            raise ValueError(f"a statement with supported {self.supported} is not of kind {self.kind!r}")
        return self


@dataclass(frozen=True)
class Share:
    """How many of so many, with the ends of the 95 % interval of their ratio."""

    part: int
    whole: int
    low: float
    high: float

    @classmethod
    def of(cls, hits: Iterable[bool]) -> Share:
        """The counts of good or of bad statements alone."""
        values = np.array(list(hits), float)
        return cls(int(values.sum()), len(values), *bootstrap_ratio(values))

    def __str__(self) -> str:
        if not self.whole:
            return "none"
        return f"{self.part} of {self.whole} · {ratio([self.part], [self.whole]):.3f} ({self.low:.2f}–{self.high:.2f})"


def load_statements(path: Path = SUPPORT_GOLD) -> list[Statement]:
    """Statements of a JSON lines file, in its order. Raises GoldError, which names the file and the line."""
    statements: dict[str, Statement] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            statement = Statement.model_validate_json(line)
        except ValidationError as error:
            raise GoldError(f"{path}:{number}: {error.errors()[0]['msg']}") from error
        if statement.id in statements:
            raise GoldError(f"{path}:{number}: id {statement.id!r} stands on an earlier line too")
        statements[statement.id] = statement
    return list(statements.values())


class Articles:
    """Sentences of the articles in a folder, as an answer would cite them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sentences = lru_cache(maxsize=None)(self._read)

    def evidence(self, cite: Cite) -> Evidence:
        """The cited sentence. Raises GoldError when there is no sentence at that place."""
        try:
            found = [evidence for evidence in self._sentences(cite.file) if evidence.sentence.line_start == cite.line]
        except OSError as error:
            raise GoldError(f"{cite.file}: no such file in {self._folder}") from error
        if cite.sentence > len(found):
            raise GoldError(f"{cite.file}:{cite.line}: the line has {len(found)} sentences, not {cite.sentence}")
        return found[cite.sentence - 1]

    def _read(self, file: str) -> list[Evidence]:
        source = SourceText(decode((self._folder / file).read_bytes())[0])
        return list(_evidence(source, file))


def _evidence(source: SourceText, file: str) -> Iterator[Evidence]:
    for passage in split(source):
        span = passage.span
        data = {"document_id": file, "file": file, "line_start": span.line_start, "line_end": span.line_end}
        node = PassageNode(text=source.text[span.char_start : span.char_end], extra_info=data)
        sentences = tuple(
            Sentence(source.text[s.char_start : s.char_end], s.char_start, s.char_end, s.line_start, s.line_end)
            for s in passage.sentences
        )
        node.with_sentences(sentences, np.zeros((len(sentences), 1), np.float32))  # the check makes its own vectors
        yield from (Evidence(sentence, 0, node, None, frozenset(), 0.0, 0.0, 0.0) for sentence in sentences)


def judge(check: SupportCheck, statements: Sequence[Statement], corpus: Path) -> list[Verdict]:
    """The check's verdicts on the statements, in order, reasons in English. Raises GoldError for a wrong place."""
    articles = Articles(corpus)
    return check.check([(s.text, [articles.evidence(cite) for cite in s.cites]) for s in statements], "en")


def figures(statements: Sequence[Statement], verdicts: Sequence[Verdict]) -> dict[str, Share]:
    """How many good statements pass and how many bad ones are caught, of each kind and language; precision (of what
    is marked, how much is bad) and recall (of what is bad, how much is marked)."""
    pairs = list(zip(statements, verdicts, strict=True))
    rows = {
        "good that pass": Share.of(v.supported for s, v in pairs if s.supported),
        "precision of marking": Share.of(not s.supported for s, v in pairs if not v.supported),
        "recall of marking": Share.of(not v.supported for s, v in pairs if not s.supported),
    }
    for language in ("es", "en"):
        for supported, name in ((True, "good that pass"), (False, "bad caught")):
            of = [v.supported == supported for s, v in pairs if s.language == language and s.supported == supported]
            rows[f"{name}, {language}"] = Share.of(of)
    for kind in (*SUPPORTED_KINDS, *UNSUPPORTED_KINDS):
        rows[kind] = Share.of(v.supported == s.supported for s, v in pairs if s.kind == kind)
    return rows


def table(statements: Sequence[Statement], verdicts: Sequence[Verdict]) -> Table:
    """The figures of both parts side by side."""
    made = Table("", "reported on", "chosen on", title="Written sentences: is what they cite enough?")
    parts = []
    for part in ("report", "choose"):
        chosen = [(s, v) for s, v in zip(statements, verdicts, strict=True) if s.part == part]
        parts.append(figures([s for s, _ in chosen], [v for _, v in chosen]))
    for name in parts[0]:
        made.add_row(name, *(str(part[name]) for part in parts))
    return made


def mistakes(statements: Sequence[Statement], verdicts: Sequence[Verdict]) -> list[str]:
    """One line for each statement that was judged wrongly."""
    return [
        f"{s.id} {s.kind}: {s.text} [{v.reason or 'passed'}]"
        for s, v in zip(statements, verdicts, strict=True)
        if v.supported != s.supported
    ]


def counts(statements: Iterable[Statement]) -> Counter[str]:
    """How many statements there are of each kind."""
    return Counter(statement.kind for statement in statements)
