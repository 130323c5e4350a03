"""Markdown: its blocks, and which of its characters are notation. The canonical text is the file's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from index.corpus.decoding import decode
from index.corpus.inline import RAW, edits_of, parser
from index.corpus.outline import Outline
from index.corpus.reader import Block, Edit, Reader, Reading
from rag.metadata import Metadata

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(title|author|date|published|url|lang|language)[ \t]*:[ \t]*(\S.*?)[ \t]*$", re.I | re.M)
_ATTRIBUTES = re.compile(r"[ \t]*\{[^{}\n]{0,200}\}[ \t]*\Z")
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\n|\r")
_SILENT = re.compile(r"<(script|style)\b", re.I)


def read(raw: bytes) -> Reading:
    """Blocks and notation of a Markdown file. Raises FileRefused."""
    text, encoding = decode(raw)
    document = _Document(text)
    document.walk()
    edits = sorted(document.edits, key=lambda edit: edit.start)
    return Reading(text, encoding, document.metadata(), tuple(document.blocks), tuple(_apart(edits)))


def _apart(edits: Sequence[Edit]) -> Iterator[Edit]:
    """The edits that don't overlap one before them."""
    end = 0
    for edit in edits:
        if edit.start >= end and edit.end > edit.start:
            yield edit
            end = edit.end


class _Document:
    """Walks over the tokens of a file and gathers blocks and edits."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.blocks: list[Block] = []
        self.edits: list[Edit] = []
        self._outline = Outline()
        self._front = _FRONT_MATTER.match(text)
        self._body = self._front.end() if self._front else 0
        # The parser counts lines as it normalises them: each kind of line end is one.
        self._starts = [self._body, *(m.end() for m in _LINE_END.finditer(text, self._body)), len(text)]
        self._leads: list[tuple[int, int] | None] = []  # of the lists and tables that are open
        self._last: tuple[int, int] | None = None  # the paragraph before
        self._at: tuple[int, int] = (0, 0)  # line and place in it behind the last cell of a table
        self._cells: list[tuple[int, int]] = []  # of the row of a table that is open
        self._title: str | None = None

    def walk(self) -> None:
        """Go over all tokens, in order."""
        opened: Token | None = None
        for token in parser().parse(self.text[self._body :].replace("\0", "\ufffd")):
            if token.type in ("inline", RAW) and opened is not None:
                self._content(opened, token)
            elif step := _STEPS.get(token.type):
                step(self, token)
            opened = token

    def _open_list(self, _: Token) -> None:
        self._leads.append(self._last)

    def _open_table(self, _: Token) -> None:
        self._leads.append(None)

    def _close(self, _: Token) -> None:
        self._leads.pop()
        self._last = None

    def _open_row(self, _: Token) -> None:
        self._cells, self._at = [], (0, 0)

    def _content(self, opened: Token, token: Token) -> None:
        in_table = opened.type in ("td_open", "th_open")
        span = self._inline(token, in_table)
        if span and in_table:
            self._cells.append(span)
        elif span:
            self._paragraph(opened, span)

    def metadata(self) -> Metadata:
        """The front matter's fields; the first heading where it gives no title."""
        found = {
            key.lower(): value.strip("\"'") for key, value in _FIELD.findall(self._front[1] if self._front else "")
        }
        published = found.get("date") or found.get("published") or ""
        language = found.get("lang") or found.get("language") or ""
        title = found.get("title") or self._title
        return Metadata.stated(title, found.get("author"), published, language, found.get("url"))

    def _paragraph(self, opened: Token, span: tuple[int, int]) -> None:
        start, end = span
        if opened.type != "heading_open":
            lead = self._leads[-1] if self._leads else None
            self._add(Block(start, end, "text", self._outline.section, lead, "item" if self._leads else ""))
            self._last = span
            return
        attributes = _ATTRIBUTES.search(self.text, start, end)
        if attributes:
            self.edits.append(Edit(attributes.start(), end))
            end = attributes.start()
        shown = self._shown(start, end)
        self._title = self._title or shown
        level = int(opened.tag[1:])
        self._add(Block(start, end, "heading", self._outline.section, level=level))
        self._outline.enter(level, shown)
        self._last = None

    def _row(self, _: Token) -> None:
        """A row of a table is one block; the first one has the names of the columns and leads the others."""
        cells = self._cells
        self.edits += [Edit(end, start, " | ") for (_, end), (start, _) in pairwise(cells)]
        if not cells:
            return
        start, end = cells[0][0], cells[-1][1]
        lead = self._leads[-1] if self._leads else None
        if lead:
            self._add(Block(start, end, "text", self._outline.section, lead, "row"))
        else:
            self._add(Block(start, end, "heading", self._outline.section, None, "head"))
        if self._leads and lead is None:
            self._leads[-1] = (start, end)

    def _code(self, token: Token) -> None:
        first, last = token.map or (0, 0)
        if token.type == "fence":
            first += 1
            closed = self._line(last - 1).strip(" >\t\r\n")
            last -= bool(closed) and set(closed) == {token.markup[0]} and last - 1 >= first
        start, end = self._starts[min(first, len(self._starts) - 1)], self._starts[min(last, len(self._starts) - 1)]
        end = start + len(self.text[start:end].rstrip())
        if self.text[start:end].strip():
            self._add(Block(start, end, "code", self._outline.section, self._last))

    def _html(self, token: Token) -> None:
        """Markup that stands in the text: what is between its tags reads as text."""
        first, last = token.map or (0, 0)
        start, end = self._starts[first], self._starts[min(last, len(self._starts) - 1)]
        if _SILENT.match(self.text[start:end].lstrip()):
            return
        tags = [Edit(m.start(), m.end()) for m in _TAG.finditer(self.text, start, end)]
        if _TAG.sub("", self.text[start:end]).strip():
            self.edits += tags
            self._add(Block(start, end, "text", self._outline.section))

    def _add(self, block: Block) -> None:
        if block.start < block.end and (not self.blocks or block.start >= self.blocks[-1].end):
            self.blocks.append(block)

    def _line(self, number: int) -> str:
        last = len(self._starts) - 1
        return self.text[self._starts[min(number, last)] : self._starts[min(number + 1, last)]]

    def _inline(self, token: Token, in_table: bool) -> tuple[int, int] | None:
        """Where a token's text stands in the file; its notation is added to the edits."""
        offsets: list[tuple[int, int, int]] = []  # start within the content, start in the file, length
        at, number = 0, (token.map or (0, 0))[0]
        for piece in token.content.split("\n"):
            base, line = self._starts[min(number, len(self._starts) - 1)], self._line(number)
            begins = self._at[1] if in_table and self._at[0] == number else 0
            found = line.find(piece.strip(), begins)
            if found < 0:
                return self._raw(token, base + begins, line[begins:]) if in_table else None
            if offsets and piece.strip():  # what stands before a further line: quotation marks, indentation
                self.edits.append(Edit(base, base + found))
            offsets.append((at + len(piece) - len(piece.lstrip()), base + found, len(piece.strip())))
            self._at = (number, found + len(piece.strip()))
            at, number = at + len(piece) + 1, number + 1
        for edit in edits_of(token):
            self.edits += _moved(edit, offsets)
        return (offsets[0][1], offsets[-1][1] + offsets[-1][2]) if token.content.strip() else None

    def _raw(self, token: Token, base: int, line: str) -> tuple[int, int] | None:
        """A cell with escaped bars stands otherwise in the file: its first and last words are looked for."""
        words = token.content.replace("|", "\\|").strip()
        found = line.find(words) if words else -1
        return None if found < 0 else (base + found, base + found + len(words))

    def _shown(self, start: int, end: int) -> str:
        own = sorted((e for e in self.edits[-200:] if start <= e.start and e.end <= end), key=lambda e: e.start)
        parts, at = [], start
        for edit in own:
            parts += [self.text[at : edit.start], edit.shown]
            at = max(at, edit.end)
        return " ".join("".join([*parts, self.text[at:end]]).split())


def _moved(edit: Edit, offsets: Sequence[tuple[int, int, int]]) -> Iterator[Edit]:
    """An edit of a token's text as edits of the file, one for each line that it touches."""
    shown = edit.shown
    for begins, base, length in offsets:
        first, last = max(edit.start, begins), min(edit.end, begins + length)
        if first < last:
            yield Edit(base + first - begins, base + last - begins, shown)
            shown = ""


_STEPS = {
    "bullet_list_open": _Document._open_list, "ordered_list_open": _Document._open_list,
    "bullet_list_close": _Document._close, "ordered_list_close": _Document._close,
    "table_open": _Document._open_table, "table_close": _Document._close,
    "tr_open": _Document._open_row, "tr_close": _Document._row,
    "fence": _Document._code, "code_block": _Document._code, "html_block": _Document._html,
}  # fmt: skip
READER = Reader("markdown", 1, frozenset({".md"}), lambda head, suffix: suffix == ".md", read)
