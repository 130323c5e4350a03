"""Threads for what answers compute: a bounded number of them, and a bounded queue in front of them.

Who comes when too many wait is refused at once, and so is who has waited too long: an answer that comes late helps
nobody, and costs those behind it. Who has left is not computed for.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from math import ceil
from typing import Any, ParamSpec, TypeVar

from rag.errors import Abandoned, Overloaded

P = ParamSpec("P")
T = TypeVar("T")
# Enough for the model to find several questions waiting: encoded together, four take hardly longer each than 16.
# Who has begun is not refused any more, and waits for the model behind all others that have.
THREADS = 4
MOST_WAITING = 64
LONGEST_WAIT_S = 3.0
_RECENT = 0.2  # the latest answer's part in what an answer is taken to cost
_gone: ContextVar[threading.Event | None] = ContextVar("renglon_gone", default=None)


class Pool:
    """Runs the work of questions in the order in which they came. Safe to share between threads and event loops."""

    def __init__(
        self, most_waiting: int = MOST_WAITING, longest_wait_s: float = LONGEST_WAIT_S, threads: int = THREADS
    ) -> None:
        self._count, self._most, self._longest_s = threads, most_waiting, longest_wait_s
        self._threads = ThreadPoolExecutor(threads, "renglon-answer")
        self._lock = threading.Lock()
        self.waiting = self.running = self.refused = 0
        self._cost_s = 0.0  # what one answer costs the machine, lately

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of some work on a new question. Raises Overloaded when it would have to wait for too long."""
        self._admit()
        gone = threading.Event()
        future = self._submit(gone, work, args, kwargs)
        wrapped = asyncio.wrap_future(future)
        try:
            await asyncio.wait({wrapped}, timeout=self._patience())
            if future.cancel():  # it is waiting still
                raise self._refusal()
            return await wrapped
        except asyncio.CancelledError:
            gone.set()
            future.cancel()
            wrapped.cancel()  # what the work ends with, Abandoned mostly, is nobody's any more
            raise

    async def go_on(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of further work on a question that was admitted already, or that may wait for ever."""
        with self._lock:
            self.waiting += 1
        return await asyncio.wrap_future(self._submit(threading.Event(), work, args, kwargs))

    def _patience(self) -> float:
        """Seconds after which a question that still waits would be answered too late, computing included."""
        return max(self._longest_s / 2, self._longest_s - self._count * self._cost_s)

    def _admit(self) -> None:
        with self._lock:
            inside = self.waiting + self.running
            # Those that compute beside each other share the processors. On a machine that needs two seconds for an
            # answer, four at once would take eight: then even a free thread is no reason to let one more in.
            late = inside * self._cost_s > self._longest_s
            if not inside or not (late or inside >= self._count + self._most):
                self.waiting += 1
                return
        raise self._refusal()

    def _refusal(self) -> Overloaded:
        with self._lock:
            self.refused += 1
            seconds = max(1, ceil((self.waiting + self.running) * self._cost_s))
        return Overloaded(
            "More questions are waiting than can be answered soon.", f"Ask again in {seconds} s.", seconds
        )

    def _submit(
        self, gone: threading.Event, work: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Future[T]:
        context = copy_context()
        context.run(_gone.set, gone)
        future = self._threads.submit(context.run, self._timed, work, args, kwargs)
        future.add_done_callback(self._left)
        return future

    def _timed(self, work: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        with self._lock:
            self.waiting -= 1
            self.running += 1
            beside = self.running
        began = time.perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            cost = (time.perf_counter() - began) / beside
            with self._lock:
                self.running -= 1
                self._cost_s += (cost - self._cost_s) * (_RECENT if self._cost_s else 1)

    def _left(self, future: Future[Any]) -> None:
        if future.cancelled():  # before it began
            with self._lock:
                self.waiting -= 1


def require_client() -> None:
    """Raise Abandoned when the client whose question is worked on here has left."""
    gone = _gone.get()
    if gone is not None and gone.is_set():
        raise Abandoned("The client left.")
