"""Builds the canonical text of a format that is not plain text: one line a block, with the origin of each stretch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from index.corpus.outline import Outline
from index.corpus.reader import Block, Form, Kind, Origin, Reading
from rag.metadata import Metadata

# White space becomes one space; what nobody sees (soft hyphens, zero-width and control characters) is left out.
_CUTS = re.compile("\\s+|[\u00ad\u200b\ufeff\x00-\x08\x0e-\x1b]+")
_UNSEEN = re.compile("[\u00ad\u200b\ufeff\x00-\x08\x0e-\x1f]")
_WORDS = re.compile(r"\S+(?:\s\S+)*")  # words with one sign of white space between each two
_SPACE = re.compile(r"\s")
_CUTS_IN_CODE = re.compile("[\x00-\x08\x0b-\x1f]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A text as it stands at one place of the original; without a place, a sign that joins two others."""

    text: str
    place: dict[str, Any] | None = None


@dataclass(slots=True)
class Raw:
    """A block as the original has it. `level`: of a heading, 1 is the outermost.

    `group` is the list or table that it belongs to; `row`: it is a row of a table, `head`: the one with the names of
    the columns.
    """

    kind: Kind = "text"
    level: int = 0
    group: int | None = None
    row: bool = False
    head: bool = False
    pieces: list[Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All its text, white space as it stands."""
        return "".join(piece.text for piece in self.pieces)


class Canonical:
    """Takes blocks one after the other; white space becomes single spaces, except in code."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = self._begun = 0
        self._blocks: list[Block] = []
        self._origins: list[Origin] = []
        self._outline = Outline()
        self._leads: dict[int, tuple[int, int] | None] = {}
        self._last: tuple[int, int] | None = None  # the paragraph before, which may introduce a list

    def add(self, raws: Iterable[Raw]) -> None:
        """Append blocks; blank ones are left out."""
        for raw in raws:
            self._add(raw)

    def reading(self, metadata: Metadata, encoding: str = "utf-8") -> Reading:
        """Everything that was added."""
        return Reading("".join(self._parts), encoding, metadata, tuple(self._blocks), (), tuple(self._origins))

    def _add(self, raw: Raw) -> None:
        start = self._length
        self._append(raw)
        if self._length == start:
            return
        span = start, self._length
        text = "".join(self._parts[self._begun :])
        self._write("\n")
        if raw.kind == "heading":
            self._blocks.append(Block(*span, "heading", self._outline.section, level=raw.level))
            self._outline.enter(raw.level, text)
            self._last = None
        else:
            lead = self._lead(raw, span)
            kind: Kind = "heading" if raw.head else raw.kind
            self._blocks.append(Block(*span, kind, self._outline.section, lead, _form(raw)))
            self._last = span if raw.group is None else self._last

    def _lead(self, raw: Raw, span: tuple[int, int]) -> tuple[int, int] | None:
        if raw.head and raw.group is not None:
            self._leads[raw.group] = span
            return None
        if raw.group is None:
            return self._last if raw.kind == "code" else None
        return self._leads.setdefault(raw.group, self._last)

    def _append(self, raw: Raw) -> None:
        """Write a block's pieces without the white space at its ends."""
        self._begun = len(self._parts)
        blank = True  # whether white space would stand at the beginning, or behind other white space
        pending: Piece | None = None
        for piece in raw.pieces:
            for text, offset, space in _words(piece.text, keep=raw.kind == "code"):
                place = piece.place and {**piece.place, "offset": piece.place.get("offset", 0) + offset}
                if space:
                    if not blank:
                        pending = Piece(" ", place)
                    blank = True
                    continue
                if pending is not None:
                    self._place(pending.text, pending.place)
                    pending = None
                self._place(text, place)
                blank = False

    def _place(self, text: str, place: dict[str, Any] | None) -> None:
        start = self._length
        self._write(text)
        if place is None:
            return
        last = self._origins[-1] if self._origins else None
        if last is not None and last.end == start and _follows(last, place):
            self._origins[-1] = Origin(last.start, self._length, last.place)
        else:
            self._origins.append(Origin(start, self._length, place))

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def _form(raw: Raw) -> Form:
    if raw.row:
        return "head" if raw.head else "row"
    return "item" if raw.group is not None and raw.kind == "text" else ""


def _words(text: str, keep: bool) -> Iterable[tuple[str, int, bool]]:
    """(text, its offset, whether it is white space) of the parts of a text; signs that nobody sees are left out."""
    at = 0
    if not keep and not _UNSEEN.search(text):
        for words in _WORDS.finditer(text):
            if words.start() > at:
                yield " ", at, True
            yield _SPACE.sub(" ", words[0]), words.start(), False
            at = words.end()
        if at < len(text):
            yield " ", at, True
        return
    for cut in (_CUTS_IN_CODE if keep else _CUTS).finditer(text):
        if cut.start() > at:
            yield text[at : cut.start()], at, False
        if not keep and cut[0].isspace():
            yield " ", cut.start(), True
        at = cut.end()
    if at < len(text):
        yield text[at:], at, False


def _follows(last: Origin, place: dict[str, Any]) -> bool:
    """Whether a place goes on where an origin ends."""
    here = {key: value for key, value in place.items() if key != "offset"}
    before = {key: value for key, value in last.place.items() if key != "offset"}
    return here == before and place["offset"] == last.place["offset"] + last.end - last.start
