"""The text as it reads: the canonical text without its notation, and the way back from one to the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from index.corpus.reader import Edit
from rag.runs import Run


class Readable:
    """A canonical text with the edits that make it readable. Edits are in order and don't overlap."""

    def __init__(self, text: str, edits: Sequence[Edit]) -> None:
        self._text, self._edits = text, edits
        self._starts = [edit.start for edit in edits]

    def piece(self, start: int, end: int) -> tuple[str, tuple[Run, ...]]:
        """What [start, end) reads as, and where each run of it comes from, counted from `start`.

        Without an edit in the stretch there are no runs: both texts are the same.
        """
        parts: list[str] = []
        runs: list[Run] = []
        at, length = start, 0
        edited = False

        def add(shown: str, source: int, size: int) -> None:
            nonlocal length
            if shown:
                parts.append(shown)
                runs.append(Run(length, len(shown), source - start, size))
                length += len(shown)

        for number in range(max(0, bisect_right(self._starts, start) - 1), len(self._edits)):
            edit = self._edits[number]
            if edit.start >= end:
                break
            if edit.end <= at:
                continue
            edited = True
            first, last = max(edit.start, at), min(edit.end, end)
            add(self._text[at:first], at, first - at)
            add(edit.shown if edit.start >= start else "", first, last - first)
            at = last
        if not edited:
            return self._text[start:end], ()
        add(self._text[at:end], at, end - at)
        return "".join(parts), tuple(runs)

    def grown(self, start: int, end: int, low: int, high: int) -> tuple[int, int]:
        """A stretch with the marks that stand right around it, within [low, high)."""
        i = bisect_right(self._starts, start) - 1
        while i >= 0 and self._edits[i].end == start and self._edits[i].start >= low and not self._edits[i].shown:
            start = self._edits[i].start
            i -= 1
        i = bisect_right(self._starts, end - 1)
        last = end
        while i < len(self._edits) and self._edits[i].start == last and self._edits[i].end <= high:
            if self._edits[i].shown:
                break
            last = self._edits[i].end
            i += 1
        # Marks before a further word open what follows.
        return start, last if last == high or self._text[last].isspace() else end
