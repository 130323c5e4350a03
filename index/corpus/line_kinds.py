"""What each line of a document is (heading, item of a list, row of a table, code), as the catalogue keeps it."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from index.corpus.reader import Block

LineKind = Literal["text", "heading", "item", "row", "head", "code", "aside"]


def stored(blocks: Sequence[Block]) -> str:
    """Blocks as the catalogue keeps them; empty for a format without any."""
    rows = [[block.start, block.end, block.form or block.kind, block.level] for block in blocks]
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def kinds(kept: str, lines: Iterable[tuple[int, int]]) -> Iterator[tuple[LineKind | None, int | None]]:
    """(kind, level of a heading) of lines, given the first and the last offset of each.

    A line that is in no block (a blank one, a fence around code) has no kind, and so has every line of a document that
    was indexed before its blocks were kept.
    """
    rows = sorted(json.loads(kept)) if kept else []
    starts = [row[0] for row in rows]
    for first, last in lines:
        at = bisect_left(starts, max(last, first + 1)) - 1
        if at >= 0 and rows[at][1] > first:
            _, _, kind, level = rows[at]
            yield kind, level or None
        else:
            yield None, None
