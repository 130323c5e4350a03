"""Asks many questions, a few at a time, and gives the rows in the order of the questions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from api.batch.questions import Question
from rag.errors import InvalidQuestion
from rag.types import Answer

PARALLEL = 4  # the model takes what waits in one batch
_LEFT_OUT = {"id", "question", "passages", "timings_ms"}


@dataclass(frozen=True)
class Row:
    """What became of a question."""

    question: Question
    answer: Answer | None = None
    error: str | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The row as JSON."""
        asked: dict[str, Any] = {"number": self.question.number, "question": self.question.text}
        if self.question.id is not None:
            asked["id"] = self.question.id
        if self.answer is None:
            return {**asked, "error": self.error}
        return asked | self.answer.model_dump(mode="json", exclude=_LEFT_OUT)


def rows_of(questions: Iterable[Question], ask: Callable[[str], Answer], parallel: int = PARALLEL) -> Iterator[Row]:
    """A row for each question. What is wrong with one question is said in its row; every other error is raised."""
    waiting = deque[Future[Row]]()
    pool = ThreadPoolExecutor(parallel)
    try:
        for question in questions:
            waiting.append(pool.submit(_row, question, ask))
            if len(waiting) >= 2 * parallel:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _row(question: Question, ask: Callable[[str], Answer]) -> Row:
    if question.text is None:
        return Row(question, error=question.broken)
    try:
        return Row(question, ask(question.text))
    except InvalidQuestion as error:
        return Row(question, error=str(error))
