"""OpenDocument text (ODT): paragraphs, headings, lists and tables, in the order of the document."""

from __future__ import annotations

from typing import Any

from index.corpus.canonical import Canonical, Piece, Raw
from index.corpus.markup import walked
from index.corpus.package import Package, is_package
from index.corpus.reader import Reader, Reading
from rag.errors import FileRefused
from rag.metadata import Metadata

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_PART = "content.xml"
_SKIPPED = {f"{_TEXT}tracked-changes", f"{_TEXT}note-citation", f"{_TEXT}sequence-decls"}
_GROUPS = {f"{_TEXT}list", f"{_TABLE}table"}
_ROW = f"{_TABLE}table-row"
_PARAGRAPHS = {f"{_TEXT}p", f"{_TEXT}h"}
_SPACES = {f"{_TEXT}s", f"{_TEXT}tab", f"{_TEXT}line-break"}


def read(raw: bytes) -> Reading:
    """Text and structure of an ODT file. Raises FileRefused."""
    package = Package(raw)
    if "META-INF/manifest.xml" in package and b"encryption-data" in package.read("META-INF/manifest.xml"):
        raise FileRefused("The file is encrypted.", "Save it without a password.")
    canonical = Canonical()
    canonical.add(_Body(package.tree(_PART)).gather())
    reading = canonical.reading(_metadata(package))
    if not reading.text.strip():
        raise FileRefused("The document has no text.")
    return reading


def _metadata(package: Package) -> Metadata:
    if "meta.xml" not in package:
        return Metadata()
    found: dict[str, str] = {}
    for node in package.tree("meta.xml").iter():
        if isinstance(node.tag, str) and (node.text or "").strip():
            found.setdefault(node.tag.rsplit("}", 1)[-1], node.text.strip())
    date = found.get("date") or found.get("creation-date") or ""
    return Metadata.stated(
        found.get("title"), found.get("initial-creator") or found.get("creator"), date, found.get("language", "")
    )


class _Body:
    """Walks over the elements once; a paragraph within a paragraph (a note) becomes a block of its own, before it."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._blocks: list[Raw] = []
        self._open: list[Raw] = []  # paragraphs; in a table, its row
        self._groups: list[int] = []  # lists and tables that are open
        self._rows: list[int] = []  # how many rows they have had
        self._count = self._skipped = self._in_row = 0

    def gather(self) -> list[Raw]:
        """All blocks, in order."""
        for event, node, number in walked(self._root):
            if event == "start":
                self._start(node)
                self._add(node.text, number)
                continue
            if event == "end":
                self._end(node.tag)
            self._add(node.tail, number, tail=True)
        return self._blocks

    def _start(self, node: Any) -> None:
        tag = node.tag
        self._skipped += tag in _SKIPPED
        if tag in _GROUPS:
            self._count += 1
            self._groups.append(self._count)
            self._rows.append(0)
        elif tag == _ROW:
            self._in_row += 1
            group = self._groups[-1] if self._groups else None
            self._open.append(Raw(group=group, row=True, head=self._rows[-1:] == [0]))
        elif tag == f"{_TABLE}table-cell" and self._open and self._open[-1].text.strip():
            self._open[-1].pieces.append(Piece(" | "))
        elif tag in _PARAGRAPHS and not self._in_row:
            level = node.get(f"{_TEXT}outline-level", "1") if tag == f"{_TEXT}h" else ""
            if level:
                self._open.append(Raw("heading", int(level) if level.isdigit() else 1))
            else:
                self._open.append(Raw(group=self._groups[-1] if self._groups else None))
        elif tag in _SPACES and self._open:
            self._open[-1].pieces.append(Piece(" "))

    def _end(self, tag: str) -> None:
        self._skipped -= tag in _SKIPPED
        if tag in _GROUPS and self._groups:
            self._groups.pop()
            self._rows.pop()
        elif tag == _ROW and self._open:
            self._in_row -= 1
            self._blocks.append(self._open.pop())
            self._rows[-1:] = [self._rows[-1] + 1] if self._rows else []
        elif tag in _PARAGRAPHS and self._open:
            if self._in_row:
                self._open[-1].pieces.append(Piece(" "))
            else:
                self._blocks.append(self._open.pop())

    def _add(self, text: str | None, number: int, tail: bool = False) -> None:
        if not text or self._skipped or not self._open:
            return
        place: dict[str, Any] = {"part": _PART, "element": number, "offset": 0}
        if tail:
            place["tail"] = 1
        self._open[-1].pieces.append(Piece(text, place))


def recognises(head: bytes, suffix: str) -> bool:
    """An archive that says that it is OpenDocument text, or has its suffix."""
    return is_package(head, b"application/vnd.oasis.opendocument.text") or (suffix == ".odt" and head.startswith(b"PK"))


READER = Reader("odt", 1, frozenset({".odt"}), recognises, read, isolated=True)
