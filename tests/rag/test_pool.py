"""Threads for questions: who has to wait, who is refused, and who is not computed for."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from rag.errors import Abandoned, Overloaded
from rag.pool import Pool, require_client
from tests.support.loops import run


class Gate:
    """Work that waits until it is let go."""

    def __init__(self) -> None:
        self.open, self.begun = threading.Event(), threading.Semaphore(0)
        self.done: list[int] = []

    def work(self, n: int) -> int:
        self.begun.release()
        assert self.open.wait(60)
        self.done.append(n)
        return n


async def settled(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        await asyncio.sleep(0.005)


def test_beyond_its_length_the_queue_refuses_at_once() -> None:
    async def scene() -> None:
        gate, pool = Gate(), Pool(most_waiting=2, longest_wait_s=60, threads=1)
        tasks = [asyncio.create_task(pool.run(gate.work, n)) for n in range(3)]
        await settled(lambda: (pool.running, pool.waiting) == (1, 2))
        with pytest.raises(Overloaded, match="Ask again in 1 s") as refused:
            await pool.run(gate.work, 3)
        assert refused.value.seconds == 1
        patient = asyncio.create_task(pool.go_on(gate.work, 4))  # was admitted before: never refused
        await asyncio.sleep(0)
        gate.open.set()
        assert await asyncio.gather(*tasks, patient) == [0, 1, 2, 4]
        assert gate.done == [0, 1, 2, 4]  # in the order in which they came
        assert (pool.running, pool.waiting, pool.refused) == (0, 0, 1)

    run(scene())


def test_who_has_waited_too_long_is_refused() -> None:
    async def scene() -> None:
        gate, pool = Gate(), Pool(longest_wait_s=0.2, threads=1)
        first = asyncio.create_task(pool.run(gate.work, 1))
        await settled(lambda: pool.running == 1)
        with pytest.raises(Overloaded):
            await pool.run(gate.work, 2)
        gate.open.set()
        assert await first == 1  # what has begun is finished
        assert await pool.run(gate.work, 3) == 3
        assert gate.done == [1, 3]

    run(scene())


def test_who_would_wait_too_long_is_refused_at_once() -> None:
    async def scene() -> None:
        pool, gate = Pool(longest_wait_s=0.3, threads=1), Gate()
        await pool.run(time.sleep, 0.2)  # now it knows what one costs
        tasks = [asyncio.create_task(pool.run(gate.work, n)) for n in range(2)]
        await settled(lambda: pool.running + pool.waiting == 2)
        refused_before = pool.refused
        with pytest.raises(Overloaded):
            await pool.run(gate.work, 9)
        assert pool.refused > refused_before
        gate.open.set()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(scene())


def test_a_free_thread_does_not_help_where_answers_take_too_long() -> None:
    """All that compute share the processors: the fourth of four would end after four times as long."""

    async def scene() -> None:
        pool, gate = Pool(longest_wait_s=0.3, threads=4), Gate()
        await pool.run(time.sleep, 0.2)  # now it knows what one costs
        tasks = [asyncio.create_task(pool.run(gate.work, n)) for n in range(4)]
        await settled(lambda: (pool.running, pool.refused) == (2, 2))
        gate.open.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in done] == [int, int, Overloaded, Overloaded]
        assert await pool.run(gate.work, 5) == 5  # alone it is always let in, however long it takes

    run(scene())


def test_who_has_left_is_not_computed_for() -> None:
    complaints: list[dict[str, Any]] = []

    async def scene() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
        gate, pool = Gate(), Pool(longest_wait_s=60, threads=1)
        said: list[str] = []

        def half(n: int) -> None:
            gate.work(n)
            try:
                require_client()
            except Abandoned:
                said.append("left")
                raise

        running, waiting = (asyncio.create_task(pool.run(work, n)) for n, work in enumerate((half, gate.work)))
        await settled(lambda: (pool.running, pool.waiting) == (1, 1))
        for task in (running, waiting):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
        await settled(lambda: pool.waiting == 0)
        gate.open.set()
        await settled(lambda: pool.running == 0)
        assert said == ["left"]
        assert gate.done == [0]  # the one that waited never began
        require_client()  # here nobody left
        gc.collect()  # what nobody asked for is complained of when it goes
        await asyncio.sleep(0)

    run(scene())
    assert complaints == []
