"""A text as it reads and the file's own characters that it stands for: the way from one to the other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """A run of a text as it reads, and the run of the file's own characters that it stands for.

    Both are the same where they are of one length; a sign that stands for another one is replaced as a whole.
    """

    start: int
    length: int
    source: int
    source_length: int


def to_source(runs: Sequence[Run], start: int, end: int) -> tuple[int, int]:
    """The stretch of the file's own characters that [start, end) of the readable text stands for."""
    if not runs:
        return start, end
    first = runs[max(0, bisect_right(runs, start, key=lambda run: run.start) - 1)]
    last = runs[max(0, bisect_left(runs, end, key=lambda run: run.start) - 1)]
    same = first.length == first.source_length
    begins = first.source + (start - first.start if same else 0)
    same = last.length == last.source_length
    return begins, last.source + (end - last.start if same else last.source_length)


def to_readable(runs: Sequence[Run], start: int, end: int) -> tuple[int, int]:
    """The stretch of the readable text that [start, end) of the file's own characters reads as."""
    if not runs:
        return start, end
    low = bisect_right(runs, start, key=lambda run: run.source + run.source_length)
    high = bisect_left(runs, end, key=lambda run: run.source) - 1
    if low > high:
        return 0, 0
    first, last = runs[low], runs[high]
    skipped = max(0, start - first.source) if first.length == first.source_length else 0
    kept = min(end - last.source, last.length) if last.length == last.source_length else last.length
    return first.start + skipped, last.start + kept
