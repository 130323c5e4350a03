"""Word files (DOCX): paragraphs, headings, lists, tables row by row and footnotes, in the order of the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from index.corpus.canonical import Canonical, Piece, Raw
from index.corpus.package import Package, is_package
from index.corpus.reader import Reader, Reading
from rag.errors import FileRefused
from rag.metadata import Metadata

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAIN = "word/document.xml"
_HEADING = re.compile(r"(?:heading|t[ií]tulo|encabezado)\s*([1-9])", re.I)
# Struck out by the author, or what stands for text that is there already.
_SKIPPED = {f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}txbxContent", f"{_W}sectPr", f"{_W}pPr", f"{_W}rPr"}


def read(raw: bytes) -> Reading:
    """Text and structure of a DOCX file. Raises FileRefused."""
    package = Package(raw)
    levels = _heading_styles(package)
    canonical = Canonical()
    canonical.add(_Body(package.tree(_MAIN), _MAIN, levels).blocks())
    for notes in ("word/footnotes.xml", "word/endnotes.xml"):
        if notes in package:
            canonical.add(_Body(package.tree(notes), notes, {}).blocks())
    reading = canonical.reading(metadata_of(package))
    if not reading.text.strip():
        raise FileRefused("The document has no text.")
    return reading


def metadata_of(package: Package) -> Metadata:
    """Title, author, date and language of the document's own properties."""
    if "docProps/core.xml" not in package:
        return Metadata()
    nodes = [node for node in package.tree("docProps/core.xml").iter() if isinstance(node.tag, str)]
    found = {node.tag.rsplit("}", 1)[-1]: (node.text or "").strip() for node in nodes}
    date = found.get("modified") or found.get("created") or ""
    return Metadata.stated(found.get("title") or None, found.get("creator") or None, date, found.get("language", ""))


def _heading_styles(package: Package) -> dict[str, int]:
    """The level of each style that makes headings, by the style's id."""
    if "word/styles.xml" not in package:
        return {}
    levels = {}
    for style in package.tree("word/styles.xml").iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        said = "" if name is None else name.get(f"{_W}val", "")
        level = style.find(f"{_W}pPr/{_W}outlineLvl")
        if found := _HEADING.fullmatch(said):
            levels[style.get(f"{_W}styleId")] = int(found[1])
        elif said.lower() == "title":
            levels[style.get(f"{_W}styleId")] = 1
        elif level is not None and level.get(f"{_W}val", "9") in "012345678":
            levels[style.get(f"{_W}styleId")] = int(level.get(f"{_W}val")) + 1
    return levels


class _Body:
    """The blocks of one part of a document."""

    def __init__(self, root: Any, part: str, levels: dict[str, int]) -> None:
        self._root, self._part, self._levels = root, part, levels
        self._numbers = {node: number for number, node in enumerate(root.iter())}
        self._group = 0
        self._in_list = False

    def blocks(self) -> Iterator[Raw]:
        """Paragraphs and rows of tables, in order."""
        read = set[Any]()  # rows; what is in them is not read again
        for node in self._root.iter(f"{_W}p", f"{_W}tr"):
            if any(parent in read for parent in node.iterancestors(f"{_W}tr")):
                continue
            if node.tag == f"{_W}tr":
                read.add(node)
                yield self._row(node)
            else:
                yield self._paragraph(node)

    def _paragraph(self, node: Any) -> Raw:
        style = node.find(f"{_W}pPr/{_W}pStyle")
        outline = node.find(f"{_W}pPr/{_W}outlineLvl")
        level = self._levels.get(style.get(f"{_W}val"), 0) if style is not None else 0
        if outline is not None and outline.get(f"{_W}val", "9") in "012345678":
            level = int(outline.get(f"{_W}val")) + 1
        pieces = list(self._pieces(node))
        if level:
            return Raw("heading", level, pieces=pieces)
        listed = node.find(f"{_W}pPr/{_W}numPr") is not None or (
            style is not None and "list" in style.get(f"{_W}val", "").lower()
        )
        if listed and not self._in_list:
            self._group += 1
        self._in_list = listed
        return Raw(group=self._group if listed else None, pieces=pieces)

    def _row(self, row: Any) -> Raw:
        """A row of a table; the first one has the names of the columns."""
        table = row.getparent()
        first = row.getprevious() is None or row.getprevious().tag != f"{_W}tr"
        pieces: list[Piece] = []
        for cell in row.iter(f"{_W}tc"):
            own = [piece for paragraph in cell.iter(f"{_W}p") for piece in (*self._pieces(paragraph), Piece(" "))]
            if pieces and any(piece.text.strip() for piece in own):
                pieces.append(Piece(" | "))
            pieces += own
        several = table is not None and len(table.findall(f"{_W}tr")) > 1
        return Raw(group=-1 - self._numbers[table], row=True, head=first and several, pieces=pieces)

    def _pieces(self, paragraph: Any) -> Iterator[Piece]:
        for node in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}noBreakHyphen"):
            if any(parent.tag in _SKIPPED for parent in node.iterancestors()):
                continue
            if node.tag == f"{_W}t":
                yield Piece(node.text or "", {"part": self._part, "element": self._numbers[node], "offset": 0})
            else:
                yield Piece("-" if node.tag == f"{_W}noBreakHyphen" else " ")


def recognises(head: bytes, suffix: str) -> bool:
    """An archive that begins like a Word file's, or has its suffix and doesn't say that it is something else."""
    if suffix == ".docx":
        return head.startswith(b"PK") and not any(sign in head for sign in (b"opendocument", b"epub+zip"))
    return is_package(head, b"word/document.xml", b"[Content_Types].xml")


READER = Reader("docx", 1, frozenset({".docx"}), recognises, read, isolated=True)
