"""A few lines of a long text, without the table of all its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|$)")


def lines_of(text: str, first: int, last: int) -> Iterator[tuple[int, int, str]]:
    """(number, offset, text without its end) of the lines `first` to `last`, 1-based, as `SourceText` counts them."""
    for number, match in enumerate(islice(_LINE.finditer(text), first - 1, last), first):
        yield number, match.start(), match[1]
