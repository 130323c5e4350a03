"""What the service counts of itself. Numbers and fixed names only: no question, no text, no file.

Counting is done with plain numbers; `api/exposition.py` writes them in Prometheus' format.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing

from rag.events import Event, Finished
from rag.types import Answer

# Seconds: from an encoding to the longest written answer.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
OTHER = "other"  # the route of a path that is none, so that no client can make up labels


class Histogram:
    """How many values lie below each of BOUNDS, and their sum."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(BOUNDS, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """(bound, number of values up to it), the last one for all."""
        total, found = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self._counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class Metrics:
    """Counts of requests and answers since the start. Used from the event loop alone."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.answers: Counter[tuple[str, str, str]] = Counter()
        self.seconds: defaultdict[str, Histogram] = defaultdict(Histogram)
        self.stages: defaultdict[str, Histogram] = defaultdict(Histogram)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self.requests[route, method, str(status)] += 1
        self.seconds[route].add(seconds)

    def answer(self, answer: Answer) -> Answer:
        """Count an answer; returns it."""
        self.answers[answer.status, answer.mode, answer.language] += 1
        for stage, milliseconds in answer.timings_ms.items():
            self.stages[stage].add(milliseconds / 1000)
        return answer

    async def counted(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        """The same events; the answer at their end is counted."""
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Finished):
                    self.answer(event.answer)
                yield event
