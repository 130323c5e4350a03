"""A page of a PDF as lines of characters with their boxes, in the order of reading."""

from __future__ import annotations

import ctypes
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from index.corpus.columns import Box, reading_order

_GAP = 1.3  # of the height: a wider gap in a line separates columns or cells
_HYPHENS = ("\ufffe", "\x02")  # what the library gives for a hyphen at the end of a line, which it takes for a break
_SOFT = "\u00ad"
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
# Bullets of the fonts Symbol and Wingdings, as word processors write them: signs without a meaning of their own.
_BULLETS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0a8": "▪", "\uf0d8": "‣", "\uf0fc": "•", "\uf06f": "◦", "\uf076": "•"}
_BOLD = ("bold", "black", "heavy", "semibold")
Glyph = tuple[str, float, float, float, float]  # a character; left, top, right, bottom


@dataclass(slots=True)
class Fragment:
    """Characters that stand beside one another. `hyphen`: the one at the end, behind which a word may go on."""

    glyphs: list[Glyph] = field(default_factory=list)
    hyphen: Glyph | None = None
    bold: bool = False

    def box(self) -> Box:
        """Around all of it, with its number of words."""
        inked = [glyph for glyph in self.glyphs if glyph[0] != " "]
        return Box(
            min(g[1] for g in inked), min(g[2] for g in inked), max(g[3] for g in inked), max(g[4] for g in inked),
            1 + sum(glyph[0] == " " for glyph in self.glyphs),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Characters and, for each, the four sides of its box: a book has millions, and a tuple for each takes too much."""

    text: str
    boxes: array[float]

    @classmethod
    def of(cls, glyphs: Sequence[Glyph]) -> Glyphs:
        """The same, packed."""
        sides = array("f", [side for glyph in glyphs for side in glyph[1:]])
        return cls("".join(glyph[0] for glyph in glyphs), sides)

    def __len__(self) -> int:
        return len(self.text)

    def part(self, start: int, end: int) -> Glyphs:
        """The characters from `start` to `end`."""
        return Glyphs(self.text[start:end], self.boxes[4 * start : 4 * end])


@dataclass(slots=True)
class Line:
    """A line of a page: `number` counts the page's lines in the order of reading, from 1; `column` its columns.

    `height` is that of most of its characters, in points; a superscript makes the box higher. `rtl`: it is read from
    right to left.
    """

    page: int
    number: int
    column: int
    glyphs: Glyphs
    box: Box
    hyphen: Glyph | None
    bold: bool
    height: float
    rtl: bool = False

    @property
    def text(self) -> str:
        """Its characters."""
        return self.glyphs.text


@dataclass(frozen=True)
class Page:
    """A page's size in points as it is shown, and its lines."""

    width: float
    height: float
    lines: list[Line]


def page_of(page: Any, number: int) -> Page:
    """The lines of a page of an open document; `number` from 1."""
    width, height = page.get_size()
    text_page = page.get_textpage()
    try:
        fragments = list(_fragments(text_page, _Turn(page, width, height)))
    finally:
        text_page.close()
    boxes = [fragment.box() for fragment in fragments]
    lines: list[Line] = []
    for column, members in enumerate(reading_order(boxes)):
        for row in _rows(boxes, members):
            found = _line([fragments[n] for n in row], [boxes[n] for n in row], number, len(lines) + 1, column)
            lines.append(found)
    return Page(width, height, lines)


class _Turn:
    """Turns the library's coordinates (origin at the lower left, before rotation) into those of the page as shown."""

    def __init__(self, page: Any, width: float, height: float) -> None:
        left, bottom, right, top = page.get_cropbox(fallback_ok=True)
        media = page.get_mediabox(fallback_ok=True)
        self._left, self._bottom = max(left, media[0]), max(bottom, media[1])
        self._right, self._top = min(right, media[2]), min(top, media[3])
        self._rotation = page.get_rotation() % 360

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """Left, top, right, bottom from the upper left corner."""
        if self._rotation == 90:
            return bottom - self._bottom, left - self._left, top - self._bottom, right - self._left
        if self._rotation == 180:
            return self._right - right, bottom - self._bottom, self._right - left, top - self._bottom
        if self._rotation == 270:
            return self._top - top, self._right - right, self._top - bottom, self._right - left
        return left - self._left, self._top - top, right - self._left, self._top - bottom


def _fragments(text_page: Any, turn: _Turn) -> Iterator[Fragment]:
    """The characters of a page, cut where a line ends, a column begins, or a gap is wide."""
    now, space = Fragment(), False
    for char, box, index in _characters(text_page, turn):
        ends = char in _HYPHENS or char in ("\r", "\n")
        if ends or (box is not None and now.glyphs and char != _SOFT and not _beside(now.glyphs[-1], box)):
            if now.glyphs:
                if char in _HYPHENS and box is not None:
                    now.hyphen = ("-", *box)
                yield now
            now, space = Fragment(), False
        if ends or box is None:
            space = space or char.isspace()
            continue
        now.hyphen = None
        if char == _SOFT:  # seen only at the end of a line
            now.hyphen = ("-", *box) if now.glyphs else None
            continue
        if not now.glyphs:
            now.bold = _is_bold(text_page, index)
        elif space:
            now.glyphs.append((" ", 0.0, 0.0, 0.0, 0.0))
        space = False
        now.glyphs += [(letter, *box) for letter in _folded(char)]
    if now.glyphs:
        yield now


def _folded(char: str) -> str:
    """A character as its letters: ligatures taken apart, the forms that Arabic letters have in words as the letters."""
    if char in _LIGATURES:
        return _LIGATURES[char]
    if "\ufb50" <= char <= "\ufdff" or "\ufe70" <= char <= "\ufefc":
        return unicodedata.normalize("NFKC", char).strip() or char
    return _BULLETS.get(char, char)


def _characters(text_page: Any, turn: _Turn) -> Iterator[tuple[str, tuple[float, float, float, float] | None, int]]:
    """(character, box, index) of a page; white space and what can't be seen has no box."""
    import pypdfium2.raw as pdfium

    rect = pdfium.FS_RECTF()
    pointer = ctypes.byref(rect)
    for index in range(text_page.count_chars()):
        char = _char(pdfium.FPDFText_GetUnicode(text_page, index))
        if not char:
            continue
        if char.isspace():
            yield char, None, index
            continue
        pdfium.FPDFText_GetLooseCharBox(text_page, index, pointer)
        box = turn.box(rect.left, rect.bottom, rect.right, rect.top)
        seen = box[2] > box[0] and box[3] > box[1]
        if seen or char in _HYPHENS:
            yield char, box, index


def _char(code: int) -> str:
    """A character; a space for odd spaces, nothing for what nobody sees."""
    if code in (0, 0x200B, 0xFEFF) or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        return ""
    if code < 0x20 and code not in (2, 9, 10, 13):
        return ""
    return chr(code)


def _beside(last: Glyph, box: tuple[float, float, float, float]) -> bool:
    """Whether a character goes on in the line of the one before."""
    _, left, top, right, bottom = last
    height = min(bottom - top, box[3] - box[1])
    if min(bottom, box[3]) - max(top, box[1]) < 0.5 * height:
        return False
    size = max(bottom - top, box[3] - box[1])
    gap = max(box[0] - right, left - box[2])  # to the right of it, or to the left in scripts that run that way
    return gap < _GAP * size


def _is_bold(text_page: Any, index: int) -> bool:
    import pypdfium2.raw as pdfium

    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page, index, name, 128, ctypes.byref(flags))
    return any(word in name.value.decode("utf-8", "replace").lower() for word in _BOLD)


def _rows(boxes: Sequence[Box], members: Sequence[int]) -> Iterator[list[int]]:
    """The pieces of a column that stand in one line, line by line."""
    row: list[int] = []
    for n in sorted(members, key=lambda n: (boxes[n].top + boxes[n].bottom) / 2):
        if row and not _level(boxes[row[0]], boxes[n]):
            yield sorted(row, key=lambda n: boxes[n].left)
            row = []
        row.append(n)
    if row:
        yield sorted(row, key=lambda n: boxes[n].left)


def _level(a: Box, b: Box) -> bool:
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return shared >= 0.5 * min(a.bottom - a.top, b.bottom - b.top)


def _line(fragments: Sequence[Fragment], boxes: Sequence[Box], page: int, number: int, column: int) -> Line:
    rtl = sum(_is_rtl(glyph[0]) for fragment in fragments for glyph in fragment.glyphs)
    count = sum(len(fragment.glyphs) for fragment in fragments)
    ordered = list(zip(fragments, boxes, strict=True))
    if 2 * rtl > count:
        ordered.reverse()
    for fragment in fragments if rtl else ():
        fragment.glyphs = _logical(fragment.glyphs)
    glyphs: list[Glyph] = []
    last: Box | None = None
    for fragment, box in ordered:
        if last is not None and max(box.left - last.right, last.left - box.right) > 0.1 * (box.bottom - box.top):
            glyphs.append((" ", 0.0, 0.0, 0.0, 0.0))
        glyphs += fragment.glyphs
        last = box
    whole = Box(
        min(box.left for box in boxes), min(box.top for box in boxes), max(box.right for box in boxes),
        max(box.bottom for box in boxes), sum(box.words for box in boxes),
    )  # fmt: skip
    heights = sorted(glyph[4] - glyph[2] for glyph in glyphs if glyph[0] != " ")
    return Line(
        page, number, column, Glyphs.of(glyphs), whole, ordered[-1][0].hyphen, all(f.bold for f in fragments),
        heights[len(heights) // 2], 2 * rtl > count,
    )  # fmt: skip


def _logical(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Words of scripts that are read from right to left, whose letters the library gives in either order, in order."""
    ordered: list[Glyph] = []
    for rtl, word in groupby(glyphs, lambda glyph: _is_rtl(glyph[0]) or unicodedata.combining(glyph[0]) > 0):
        letters = list(word)
        if rtl and letters[0][1] < letters[-1][1]:
            # The letters that one ligature stood for share its place, and are in order already.
            places = [list(same) for _, same in groupby(letters, lambda glyph: glyph[1:])]
            letters = [letter for place in reversed(places) for letter in place]
        ordered += letters
    return ordered


def _is_rtl(char: str) -> bool:
    return "\u0590" <= char <= "\u08ff" or "\ufb1d" <= char <= "\ufefc"
