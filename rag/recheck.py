"""An old citation against the text as it is indexed now: does it stand, did it move, is it gone."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from rag.types import CitationState

_LINE_END = re.compile(r"\r\n|\n|\r")


class Claim(Protocol):
    """A citation: where an answer said that its quote stands."""

    document_id: str
    file_sha256: str
    char_start: int
    char_end: int
    quote: str
    line_start: int | None


@dataclass(frozen=True)
class Place:
    """Where the quote stands now: code points, end exclusive; lines 1-based, inclusive. None: nowhere."""

    state: CitationState
    char_start: int | None = None
    char_end: int | None = None
    line_start: int | None = None
    line_end: int | None = None


def check(claim: Claim, stored: tuple[str, str] | None) -> Place:
    """What a citation is worth, given (text, SHA-256) of its document as it is indexed; None: it is not.

    `valid`: the quote stands at its characters and its line, in the cited version of the file or another one.
    `moved`: it stands elsewhere in the document; of several places the nearest one. Line ends may have changed their
    kind. `stale`: it is nowhere in the document, or the document is gone, or an unchanged document never held it.
    """
    if stored is None or not claim.quote.strip():
        return Place("stale")
    text, sha256 = stored
    if text[claim.char_start : claim.char_end] == claim.quote:
        same = claim.line_start in (None, _line(text, claim.char_start))
        return _place("valid" if same else "moved", text, claim.char_start, claim.char_end)
    if sha256 == claim.file_sha256:
        return Place("stale")
    span = min(_spans(text, claim.quote), key=lambda span: abs(span[0] - claim.char_start), default=None)
    return Place("stale") if span is None else _place("moved", text, *span)


def _spans(text: str, quote: str) -> Iterator[tuple[int, int]]:
    """Where a quote stands in a text, whichever kind its line ends are of.

    Both are compared with plain line feeds by `str.find`, which takes linear time; a pattern of line ends would take
    exponential time on a hostile quote.
    """
    double = [found.start() - n for n, found in enumerate(re.finditer("\r\n", text))]  # in the text with line feeds
    flat, wanted = _flat(text), _flat(quote)
    at = flat.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        yield at + bisect_left(double, at), end + bisect_left(double, end)
        at = flat.find(wanted, end)


def _flat(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _place(state: CitationState, text: str, start: int, end: int) -> Place:
    return Place(state, start, end, _line(text, start), _line(text, end - 1))


def _line(text: str, offset: int) -> int:
    """1-based line of a code point; a line end belongs to the line that it ends."""
    return 1 + sum(end.end() <= offset for end in _LINE_END.finditer(text, 0, offset + 2))
