"""How the time of some work grows with its input."""

from __future__ import annotations

import time
from collections.abc import Callable

# Work that takes linear time takes twice as long on twice the input, work that takes quadratic time four times.
LINEAR = 3.5


def growth(work: Callable[[str], object], text: Callable[[int], str], size: int, runs: int = 3) -> float:
    """How many times longer the work takes on a text of twice the size: CPU time, the least of several runs."""
    work(text(size))  # whatever is done once is done
    return _least(work, text(2 * size), runs) / _least(work, text(size), runs)


def _least(work: Callable[[str], object], text: str, runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.thread_time()
        work(text)
        times.append(time.thread_time() - start)
    return max(min(times), 1e-6)
