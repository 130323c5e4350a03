"""An evaluation run: asks the questions, judges the answers and returns the result. `eval.cli` calls it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from eval.datasets import Question
from eval.judge import Outcome, Record, judge
from eval.summary import METRICS, curves, groups, summarise
from index.corpus.documents import document_of
from rag.errors import RenglonError

Progress = Callable[[int], None]
# The metrics that apply to a ranking without answers.
_RANKING_KEYS = (
    *("recall_at_1", "recall_at_3", "recall_at_5", "recall_at_10", "mrr_at_10", "ndcg_at_10"),
    *("recall_at_1_lines", "recall_at_5_lines"),
)


class System(Protocol):
    """A system to be measured, such as `eval.bench.Bench`."""

    def answer(self, question: Question) -> Outcome:
        """The outcome of a question."""

    def baselines(self, question: Question) -> dict[str, Outcome]:
        """Outcomes of simpler systems for the question that was answered last."""


def evaluate(
    system: System,
    questions: Sequence[Question],
    corpus: Path,
    *,
    totals: Mapping[str, int] | None = None,
    baselines: bool = False,
    meta: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Ask all questions and return the result that `eval.report` describes.

    `corpus`: the folder whose files the quotes are compared with; they are read from there, not from the index.
    `totals`: how many relevant passages each question has in the corpus (for nDCG). `progress` is called
    with 1 for each question.
    """
    start = time.perf_counter()
    text_of = reader(corpus)
    records: list[Record] = []
    beside: dict[str, list[Record]] = {}
    for question in questions:
        total = (totals or {}).get(question.id)
        outcome = system.answer(question)
        records.append(judge(question, outcome, text_of, total))
        if baselines and not outcome.error:
            for name, other in system.baselines(question).items():
                beside.setdefault(name, []).append(judge(question, other, text_of, total))
        if progress:
            progress(1)
    return {
        "meta": {
            "title": "evaluation",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "questions": len(records),
            "answerable": sum(q.answerable for q in questions),
            "unanswerable": sum(not q.answerable for q in questions),
            "seconds": round(time.perf_counter() - start, 1),
            **(meta or {}),
        },
        **summarise(records),
        "groups": groups(records),
        "curves": curves(records),
        "baselines": {name: _baseline(theirs) for name, theirs in beside.items()},
        "questions": records,
    }


def _baseline(records: Sequence[Record]) -> dict[str, Any]:
    """Figures of a baseline. A baseline that only ranks gets only the metrics of rankings."""
    figures = summarise(records)
    cites = any(r["citations"] for r in records)
    keys = [k for k in METRICS if k in _RANKING_KEYS or "roc_auc" in k or (cites and not k.startswith("latency"))]
    return {
        "metrics": {key: figures["metrics"].get(key) for key in keys},
        "ci95": {key: figures["ci95"].get(key) for key in keys},
        "recall": [] if cites else curves(records)["recall"],  # a baseline that cites has the same ranking as Renglón
    }


def reader(corpus: Path) -> Callable[[str], str | None]:
    """A function from a file's path within the corpus to its decoded text; None for one that can't be read."""

    @cache
    def text_of(file: str) -> str | None:
        try:
            return document_of(file, (corpus / file).read_bytes()).source.text
        except (OSError, RenglonError):
            return None

    return text_of
