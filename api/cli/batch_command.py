"""`renglon ask --from`: the questions of a file, answered into another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from api.batch.questions import Question, questions_in
from api.batch.run import rows_of
from api.batch.tables import Table
from api.cli.console import Console
from api.cli.sync_command import progress
from rag.errors import RenglonError
from rag.types import Answer

_LISTED = 20  # rows named on the terminal; the file has them all


class Answering(Protocol):
    """What answers questions: an engine, or a server."""

    def answer(self, question: str) -> Answer:
        """The answer to a question. Raises RenglonError."""


Opens = Callable[[], AbstractContextManager[Answering]]


def run(source: Path, target: Path, opens: Opens, err: Console) -> dict[str, Any]:
    """Answer what has no row yet; what became of the rows of this run. Raises RenglonError, and can then go on."""
    questions = questions_in(source)
    states, broken = Counter[str](), list[tuple[int, str]]()
    with Table(target) as table:
        done = table.resume(questions)
        left = questions[done:]
        try:
            if left:
                _answer(left, table, opens, err, states, broken)
        except RenglonError as error:
            finished = done + sum(states.values())
            raise RenglonError(
                error.detail, f"{error.hint} {finished:,} of {len(questions):,} are done; the same command goes on."
            ) from error
    return {"questions": len(questions), "done_before": done, "states": dict(states), "broken": broken}


def _answer(
    left: list[Question], table: Table, opens: Opens, err: Console, states: Counter[str],
    broken: list[tuple[int, str]],
) -> None:  # fmt: skip
    with opens() as answering, progress(err, "answering") as advance:
        for done, row in enumerate(rows_of(left, answering.answer), 1):
            table.add(row)
            states[row.answer.status if row.answer else "broken"] += 1
            if row.error:
                broken.append((row.question.number, row.error))
            advance(1, len(left) - done)


def show(report: dict[str, Any], target: Path, out: Console, err: Console) -> None:
    """Say what was done, and which rows could not be asked."""
    said = [f"{n} {state}" for state, n in sorted(report["states"].items())]
    if report["done_before"]:
        said.append(f"{report['done_before']} done before")
    out.print(f"{target}: {', '.join(said)}", markup=False)
    for number, why in report["broken"][:_LISTED]:
        err.print(f"row {number}: {why}", markup=False, style="yellow")
    if len(report["broken"]) > _LISTED:
        err.print(f"… and {len(report['broken']) - _LISTED} more; the file has them.", markup=False, style="yellow")
