"""Who may compute with the model now: questions before indexing, and never more threads than there are processors.

A question that is alone has all of them. Where several wait, each computes with its share: two that compute with a
thread each are done sooner than one after the other with two, since threads wait for each other all the time. What
waits to be encoded meanwhile is encoded together.
"""

from __future__ import annotations

import os
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


def turns_on(processors: int) -> Turns:
    """The turns of a model that PyTorch computes on so many processors; 0: on all that there are."""
    return Turns(processors or os.cpu_count() or 1, _use)


def _use(threads: int) -> None:
    import torch

    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)  # of the calling thread


class Turns:
    """Whose turn it is; questions in the order in which they came."""

    def __init__(self, processors: int = 1, use: Callable[[int], None] = lambda threads: None) -> None:
        """`use` is called by whoever has the turn, with the number of threads that it may compute with."""
        self._processors, self._use = processors, use
        self._free = processors
        self._computing = 0
        self._overdue = 0  # batches of the index that go before questions
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
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
                self._changed.wait_for(lambda: done() or (self._open and self._queue[0] is ticket))
                mine = not done()
                threads = self._take(len(self._queue)) if mine else 0
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()  # it may have stood in front
        if mine:
            with self._held(kind, threads):
                yield True
        else:
            yield False

    @contextmanager
    def indexing(self) -> Iterator[None]:
        """For a batch of the index: wait until no question wants the turn, and hold it with all processors."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._computing and not self._queue, PATIENCE_S):
                self._overdue += 1
                self._changed.wait_for(lambda: not self._computing)
                self._overdue -= 1
            threads = self._take(1)
        with self._held("index", threads):
            yield

    @property
    def _open(self) -> bool:
        """Whether a question may begin to compute."""
        return self._free > 0 and not self._overdue

    def _take(self, wanting: int) -> int:
        """The share of one that wants to compute, of so many that wait: at least one of the free threads."""
        share = self._processors // (self._computing + wanting)
        threads = max(1, min(self._free, share))
        self._free -= threads
        self._computing += 1
        return threads

    @contextmanager
    def _held(self, kind: Kind, threads: int) -> Iterator[None]:
        began = time.perf_counter()
        try:
            self._use(threads)
            yield
        finally:
            with self._changed:
                self.seconds[kind] += time.perf_counter() - began
                self._free += threads
                self._computing -= 1
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
