"""The model computes one thing at a time, questions before indexing.

Two computations beside each other take as long as one after the other, and longer where each has threads for every
core. What waits for the same thing meanwhile is computed together.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
R = TypeVar("R")
Kind = Literal["encode", "read", "index"]
PATIENCE_S = 1.0  # indexing lets questions go first for so long, then takes one turn: it must not stand still for ever


class Turns:
    """Whose turn it is; questions in the order in which they came."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._busy = False
        self.seconds: dict[Kind, float] = {"encode": 0.0, "read": 0.0, "index": 0.0}  # that the model computed
        self.batches: Counter[int] = Counter()  # of questions that were encoded together, by their number

    @property
    def waiting(self) -> int:
        """How many questions wait for the model."""
        return len(self._queue)

    @contextmanager
    def question(self, kind: Kind, done: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        """For a question: wait for the turn and hold it. Yields False, without it, once `done` is true."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                self._changed.wait_for(lambda: done() or (not self._busy and self._queue[0] is ticket))
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()  # it may have stood in front
            mine = not done()
            self._busy = self._busy or mine
        if mine:
            with self._held(kind):
                yield True
        else:
            yield False

    @contextmanager
    def indexing(self) -> Iterator[None]:
        """For a batch of the index: wait until no question wants the turn, and hold it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy and not self._queue, PATIENCE_S)
            self._changed.wait_for(lambda: not self._busy)
            self._busy = True
        with self._held("index"):
            yield

    @contextmanager
    def _held(self, kind: Kind) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            with self._changed:
                self.seconds[kind] += time.perf_counter() - began
                self._busy = False
                self._changed.notify_all()


class _Item(Generic[T, R]):
    """What one thread wants computed, and what came of it."""

    def __init__(self, value: T) -> None:
        self.value = value
        self.result: R | None = None
        self.error: BaseException | None = None
        self.done = False


class Together(Generic[T, R]):
    """Computes what several threads want at the same time in one go. Nobody waits for others to come."""

    def __init__(self, work: Callable[[list[T]], list[R]], turns: Turns, most: int) -> None:
        """`work` computes a result for each of at most so many values, in their order."""
        self._work, self._turns, self._most = work, turns, most
        self._lock = threading.Lock()
        self._waiting: list[_Item[T, R]] = []

    def __call__(self, value: T) -> R:
        """The result for one value; raises what computing it raised."""
        item: _Item[T, R] = _Item(value)
        with self._lock:
            self._waiting.append(item)
        while not item.done:
            with self._turns.question("encode", lambda: item.done) as mine:
                if mine:
                    self._compute()
        if item.error is not None:
            raise item.error
        return item.result  # type: ignore[return-value]

    def _compute(self) -> None:
        with self._lock:
            items, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        self._turns.batches[len(items)] += 1
        try:
            for item, result in zip(items, self._work([item.value for item in items]), strict=True):
                item.result = result
        except BaseException as error:  # a panic of a library written in Rust, too: all of them are waiting
            for item in items:
                self._alone(item, error if len(items) == 1 else None)
        finally:
            for item in items:
                item.done = True

    def _alone(self, item: _Item[T, R], error: BaseException | None) -> None:
        """Compute one value of those that failed together, so that one bad value fails no other."""
        try:
            if error is not None:
                raise error
            (item.result,) = self._work([item.value])
        except BaseException as failure:
            item.error = failure
