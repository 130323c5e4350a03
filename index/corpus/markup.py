"""A tree of HTML elements as blocks of text, each piece with element and offset. Trees nest deeply: no recursion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from index.corpus.canonical import Piece, Raw

_NAMES_SILENT = """script style noscript template svg math head iframe object embed select textarea button input canvas
    audio video map datalist"""
_NAMES_BLOCKS = """address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section summary
    table tbody td tfoot th thead title tr ul"""
SILENT, _BLOCKS = frozenset(_NAMES_SILENT.split()), frozenset(_NAMES_BLOCKS.split())
_LISTS = frozenset({"ul", "ol", "menu", "dl"})
# What stands around an article rather than in it, by the page's own word.
FURNITURE = frozenset({"nav", "footer", "aside", "form", "dialog", "menu", "search"})


class Blocks:
    """Walks over a tree once and gathers its blocks. `furniture` says of each whether it stands in a page's frame."""

    def __init__(self, root: Any, part: str | None = None) -> None:
        """`part`: the file within the original that the tree is of, where there are several."""
        self._root, self._part = root, part
        self.blocks: list[Raw] = []
        self.furniture: list[bool] = []
        self._raw = Raw()
        self._groups: list[int] = []  # lists and tables that are open
        self._count = self._framed = self._pre = self._silent = self._heading = 0
        self._row: Raw | None = None

    def gather(self) -> list[Raw]:
        """All blocks that have text, in document order."""
        for event, element, number in walked(self._root):
            tag = element.tag.rsplit("}", 1)[-1].lower() if event != "other" else ""
            if event == "start":
                self._start(tag)
                self._text(element.text, number)
                continue
            if event == "end":
                self._end(tag)
            self._text(element.tail, number, tail=True)
        self._flush()
        return self.blocks

    def _start(self, tag: str) -> None:
        if tag in SILENT:
            self._silent += 1
        if self._silent:
            return
        self._framed += tag in FURNITURE
        if tag in _BLOCKS and not (self._row is not None and tag != "tr"):
            self._flush()
        if tag in _LISTS or tag == "table":
            self._count += 1
            self._groups.append(self._count)
        elif tag == "pre":
            self._pre += 1
        elif tag == "tr":
            self._flush()
            self._row = self._raw = Raw(group=self._groups[-1] if self._groups else None, row=True, head=True)
        elif tag in ("td", "th") and self._row is not None:
            self._cell(tag)
        elif tag == "br" and self._pre == 0:
            self._raw.pieces.append(Piece(" "))
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._heading = int(tag[1])

    def _cell(self, tag: str) -> None:
        assert self._row is not None
        if self._row.text.strip():
            self._row.pieces.append(Piece(" | "))
        self._row.head = self._row.head and tag == "th"

    def _end(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)
            return
        if self._silent:
            return
        if tag == "tr" or (tag in _BLOCKS and self._row is None):
            self._flush()
        if tag in _LISTS or tag == "table":
            if self._groups:
                self._groups.pop()
        elif tag == "pre":
            self._pre -= 1
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._heading = 0
        self._framed -= tag in FURNITURE

    def _text(self, text: str | None, number: int, tail: bool = False) -> None:
        if not text or self._silent:
            return
        place: dict[str, Any] = {"element": number, "offset": 0}
        if tail:
            place["tail"] = 1
        if self._part is not None:
            place["part"] = self._part
        self._raw.pieces.append(Piece(text, place))

    def _flush(self) -> None:
        raw = self._raw
        if raw.text.strip():
            if self._row is None:
                raw.kind = "heading" if self._heading else "code" if self._pre else "text"
                raw.level = self._heading
                raw.group = self._groups[-1] if self._groups and not self._heading and not self._pre else None
            self.blocks.append(raw)
            self.furniture.append(self._framed > 0)
        self._raw, self._row = Raw(), None


def walked(root: Any) -> Iterator[tuple[str, Any, int]]:
    """(event, node, its number) of a tree: `start` and `end` of each element; `other` for comments and processing
    instructions, of which only what follows is text. Numbers are those of `numbered`."""
    from lxml import etree

    number, numbers = 0, list[int]()
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "end":
            yield event, node, numbers.pop()
            continue
        if event == "start":
            numbers.append(number)
        yield event if event == "start" else "other", node, number
        number += 1


def numbered(root: Any) -> Iterator[Any]:
    """The nodes of a tree in the order in which `walked` numbers them."""
    return iter(root.iter())
