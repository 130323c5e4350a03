"""How the time of some work grows with its input."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

# Work that takes linear time takes twice as long on twice the input, work that takes quadratic time four times.
LINEAR = 3.5
MORE = 4  # attempts: other work on the same core can slow down the one side; it can't do so every time


def growth(work: Callable[[str], object], text: Callable[[int], str], size: int, runs: int = 3) -> float:
    """How many times longer the work takes on a text of twice the size: CPU time, the least of several runs."""
    once, twice = text(size), text(2 * size)
    work(once)  # whatever is done once is done
    short = long = math.inf
    for _ in range(MORE):
        for _ in range(runs):
            short, long = min(short, _time(work, once)), min(long, _time(work, twice))
        if long < LINEAR * short:
            break
    return long / short


def _time(work: Callable[[str], object], text: str) -> float:
    start = time.thread_time()
    work(text)
    return max(time.thread_time() - start, 1e-6)
