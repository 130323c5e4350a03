"""Who may compute with the model, and what is computed together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest

from index.model.turns import Together, Turns


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


class Doubling:
    """Doubles numbers, not negative ones; waits at `gate`, and keeps what it was given at once."""

    def __init__(self) -> None:
        self.gate, self.given = threading.Event(), list[list[int]]()

    def __call__(self, values: list[int]) -> list[int]:
        self.given.append(values)
        assert self.gate.wait(60)
        if any(value < 0 for value in values):
            raise ValueError("negative")
        return [2 * value for value in values]


def test_what_waits_is_computed_together() -> None:
    work, turns = Doubling(), Turns()
    double = Together(work, turns, most=4)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(double, 0)
        until(lambda: work.given == [[0]])
        others = [threads.submit(double, n) for n in (1, 2, -3, 4, 5, 6)]
        until(lambda: turns.waiting == 6)
        work.gate.set()
        assert first.result() == 0
        for n, other in zip((1, 2, -3, 4, 5, 6), others, strict=True):
            if n < 0:
                with pytest.raises(ValueError, match="negative"):
                    other.result()
            else:
                assert other.result() == 2 * n
    together = [len(values) for values in work.given if len(values) > 1]
    assert together == [4, 2]
    assert turns.batches == {1: 1, 4: 1, 2: 1}
    assert turns.waiting == 0
    assert double(7) == 14


def test_questions_go_before_indexing_and_in_their_order() -> None:
    turns, order = Turns(), list[str]()
    threads = []

    def index() -> None:
        with turns.indexing():
            order.append("index")

    def question(name: str) -> None:
        with turns.question("read"):
            order.append(name)

    with turns.question("read"):
        threads.append(threading.Thread(target=index))
        threads[0].start()
        for n in range(3):
            threads.append(threading.Thread(target=question, args=(f"question {n}",)))
            threads[-1].start()
            until(lambda n=n: turns.waiting == n + 1)
    for thread in threads:
        thread.join(60)
    assert order == ["question 0", "question 1", "question 2", "index"]


def test_indexing_does_not_wait_for_ever() -> None:
    turns, indexed = Turns(), threading.Event()

    def index() -> None:
        with turns.indexing():
            indexed.set()

    def ask() -> None:
        while not indexed.is_set():
            with turns.question("read"):
                time.sleep(0.01)

    threads = [threading.Thread(target=work) for work in (ask, ask, ask, index)]
    for thread in threads:
        thread.start()
    assert indexed.wait(60)
    for thread in threads:
        thread.join(60)


def test_questions_share_the_processors() -> None:
    given: list[int] = []
    turns, leave = Turns(4, given.append), threading.Event()

    def ask() -> None:
        with turns.question("read"):
            leave.wait(60)

    threads = []
    for n in range(6):
        threads.append(threading.Thread(target=ask))
        threads[-1].start()
        until(lambda n=n: len(given) + turns.waiting == n + 1)
    assert given == [4]  # it was alone
    assert turns.waiting == 5
    leave.set()
    for thread in threads:
        thread.join(60)
    assert given[:4] == [4, 1, 1, 1]
    with turns.indexing():
        assert given[-1] == 4  # all of them are free again


def test_a_processor_has_one_computation_at_most() -> None:
    turns, computing, most = Turns(2), [0], [0]
    lock = threading.Lock()

    def compute(turn: AbstractContextManager[object]) -> None:
        with turn:
            with lock:
                computing[0] += 1
                most[0] = max(most[0], computing[0])
            time.sleep(0.002)
            with lock:
                computing[0] -= 1

    def ask() -> None:
        for _ in range(20):
            compute(turns.question("read"))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [2]
