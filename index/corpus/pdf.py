"""PDF: paragraphs and headings from the lines of the pages; running heads apart; words cut at line ends joined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise, takewhile
from statistics import median
from typing import Any

from index.corpus.outline import Outline
from index.corpus.pdf_page import Glyphs, Line, Page, page_of
from index.corpus.reader import Block, Kind, Origin, Reader, Reading
from rag.errors import FileRefused
from rag.metadata import Metadata

MOST_PAGES = 3000
_LETTERS = 20  # on a page; of a scan there are next to none
_EDGE = 0.12  # of a page's height, in which running heads stand
_NUMBER = re.compile(
    r"\W{0,5}(?:p[aá]g(?:ina)?\.?|page|p\.)?\s?(?:\d{1,4}|[ivxlc]{1,7})(?:\s?(?:/|de|of)\s?\d{1,4})?\W{0,5}", re.I
)
# What a browser prints at the edges: the date, and the page's address.
_BROWSER = re.compile(
    r"(?:https?|file)://\S{1,2000}(?:\s\d{1,4}/\d{1,4})?|\d{1,4}[/.-]\d\d?[/.-]\d{2,4},? \d\d?:\d\d.{0,300}"
)
_ENDED = re.compile(r"[.!?…:;][\"'»”’)\]]*$")
_TOOL = re.compile(
    r"^\W*(?:untitled|anonymous|sin t[ií]tulo|microsoft word)\b|\.(?:docx?|tex|indd|qxd|pdf|odt|rtf)$|^\W*$", re.I
)
_BULLET = re.compile(r"[•▪◦‣●■–*-]\s|\(?(?:\d{1,3}|[a-z])[.)]\s")
Edges = dict[tuple[int, int], tuple[float, float]]  # left and right of each column, by page and number
_CUT = re.compile(r"\w[-\u2010]$")  # a hyphen at a line's end that the library left as it stands
_HEADING = 1.15  # times the height of the text
_SMALL = 0.9  # of the height of the text; footnotes are smaller
_LONGEST_HEADING = 200


def read(raw: bytes) -> Reading:
    """Text, blocks and boxes of a PDF. Raises FileRefused."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        raise _unopened(error) from error
    try:
        if len(document) > MOST_PAGES:
            raise FileRefused(f"The PDF has {len(document):,} pages; the limit is {MOST_PAGES:,}.", "Split it.")
        pages = [_page(document, number) for number in range(len(document))]
        letters = sum(len(line.glyphs) for page in pages for line in page.lines)
        if letters < 10 or (letters < _LETTERS * len(pages) and _has_images(document)):
            raise FileRefused(
                "The PDF has no text layer: its pages are pictures, a scan probably.",
                "Recognise its text first, for example with: ocrmypdf FILE.pdf FILE.pdf",
            )
        return _Text(pages, _metadata(document)).reading()
    finally:
        document.close()


def _unopened(error: Exception) -> FileRefused:
    if "password" in str(error).lower():
        return FileRefused("The PDF is encrypted.", "Save it without a password.")
    return FileRefused("The PDF is damaged and can't be opened.", "Open it in a viewer and print it to a new PDF.")


def _page(document: Any, number: int) -> Page:
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError:  # one broken page of a document
        return Page(0, 0, [])
    try:
        return page_of(page, number + 1)
    finally:
        page.close()


def _has_images(document: Any) -> bool:
    import pypdfium2.raw as pdfium

    page = document[0]
    try:
        return any(True for _ in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2))
    finally:
        page.close()


def _metadata(document: Any) -> Metadata:
    found = document.get_metadata_dict()
    title, author = (" ".join(found.get(key, "").split()) for key in ("Title", "Author"))
    date = re.match(r"D:(\d{4})(\d\d)(\d\d)", found.get("CreationDate", ""))
    return Metadata(
        title=title if title and not _TOOL.search(title) else None,
        author=author if author and not _TOOL.search(author) else None,
        published=f"{date[1]}-{date[2]}-{date[3]}" if date else None,
    )


class _Text:
    """Writes the canonical text: the pages' paragraphs in order, then what runs along their edges, once each."""

    def __init__(self, pages: Sequence[Page], metadata: Metadata) -> None:
        self._pages, self._metadata = pages, metadata
        self._parts: list[str] = []
        self._length = self._begun = 0
        self._last: tuple[int, int] | None = None  # the sentence that introduces a list
        self._origins: list[Origin] = []
        self._blocks: list[Block] = []
        self._outline = Outline()
        lines = [line for page in pages for line in page.lines]
        heights = [line.height for line in lines for _ in range(min(9, 1 + len(line.glyphs) // 10))]
        self._height = median(heights) if heights else 10.0
        self._plain = sum(line.bold for line in lines) < 0.4 * len(lines)  # whether bold type says anything

    def reading(self) -> Reading:
        """The whole document."""
        furniture = _furniture(self._pages)
        lines = [line for page in self._pages for line in page.lines if id(line) not in furniture]
        aside = [line for page in self._pages for line in page.lines if id(line) in furniture]
        title = None
        for paragraph in _in_order(lines, self._height):
            level = self._level(paragraph)
            self._write(paragraph, level)
            if level and title is None:
                title = " ".join(" ".join(line.text for line in paragraph).split())
        seen: set[str] = set()
        for line in aside:
            if (key := _alike(line)) not in seen:
                seen.add(key)
                self._write([line], 0, "aside")
        about = self._metadata
        metadata = Metadata(about.title or title, about.author, about.published)
        return Reading("".join(self._parts), "utf-8", metadata, tuple(self._blocks), (), tuple(self._origins))

    def _level(self, paragraph: Sequence[Line]) -> int:
        """The level of a heading, from its height or its weight; 0 for text."""
        length = sum(len(line.glyphs) for line in paragraph)
        if length > _LONGEST_HEADING or len(paragraph) > 3 or _ENDED.search(paragraph[-1].text):
            return 0
        ratio = min(line.height for line in paragraph) / self._height
        if ratio >= _HEADING and length > 2:
            return 1 if ratio >= 1.6 else 2 if ratio >= 1.3 else 3
        bold = self._plain and all(line.bold for line in paragraph) and len(paragraph) < 3
        return 4 if bold and 2 < length < 100 else 0

    def _write(self, paragraph: Sequence[Line], level: int, kind: Kind = "text") -> None:
        start = self._length
        rows = _rows(paragraph)
        for number, row in enumerate(rows):
            if number:
                self._end()
            for glyphs, line in row:
                self._add(glyphs, line)
        end = self._length
        if end == start:
            return
        text = "".join(self._parts[self._begun :])
        self._end()
        self._begun = len(self._parts)
        item = bool(_BULLET.match(text)) and not level and kind == "text"
        lead = self._last if item else None
        kind = "heading" if level else kind
        self._blocks.append(Block(start, end, kind, self._outline.section, lead, "item" if item else "", level))
        if level:
            self._outline.enter(level, " ".join(text.split()))
        if not _BULLET.match(text):
            self._last = (start, end) if not level and text.rstrip().endswith(":") else None

    def _end(self) -> None:
        self._parts.append("\n")
        self._length += 1

    def _add(self, glyphs: Glyphs, line: Line) -> None:
        start = self._length
        self._parts.append(glyphs.text)
        self._length += len(glyphs)
        place = {"page": line.page, "line": line.number}
        self._origins.append(Origin(start, self._length, place, glyphs.boxes.tobytes()))


def _rows(paragraph: Sequence[Line]) -> list[list[tuple[Glyphs, Line]]]:
    """The paragraph's lines; a word that was cut at a line's end stands whole in the line where it begins."""
    rows: list[list[tuple[Glyphs, Line]]] = []
    hyphen: Glyphs | None = None
    for line in paragraph:
        glyphs = line.glyphs
        if rows and hyphen is not None:
            if glyphs.text[:1].islower():
                cut = glyphs.text.find(" ") % (len(glyphs) + 1)
                rows[-1].append((glyphs.part(0, cut), line))
                glyphs = glyphs.part(cut + 1, len(glyphs))
            else:  # "Castilla-" and "León": the hyphen is the word's own
                rows[-1].append((hyphen, rows[-1][-1][1]))
        hyphen = Glyphs.of([line.hyphen]) if line.hyphen is not None else None
        if hyphen is None and _CUT.search(line.text):
            last = len(glyphs) - 1
            hyphen, glyphs = glyphs.part(last, last + 1), glyphs.part(0, last)
        if len(glyphs):
            rows.append([(glyphs, line)])
    if rows and hyphen is not None:
        rows[-1].append((hyphen, rows[-1][-1][1]))
    return rows


def _in_order(lines: Sequence[Line], height: float) -> Iterator[list[Line]]:
    """Paragraphs in the order of reading: one that goes on in the next column is not cut by the footnotes between."""
    notes = _footnotes(lines, height)
    index = {id(line): number for number, line in enumerate(lines)}
    waiting = list(_paragraphs([line for line in lines if id(line) in notes], height))
    for paragraph in _paragraphs([line for line in lines if id(line) not in notes], height):
        while waiting and index[id(waiting[0][0])] < index[id(paragraph[0])]:
            yield waiting.pop(0)
        yield paragraph
    yield from waiting


def _footnotes(lines: Sequence[Line], height: float) -> set[int]:
    """The lines (by identity) in small type at the foot of a column that has text in the usual size above them."""
    found: set[int] = set()
    for _, column in groupby(lines, lambda line: (line.page, line.column)):
        own = list(column)
        foot = list(takewhile(lambda line: line.height < _SMALL * height, reversed(own)))
        if len(foot) < len(own):
            found |= {id(line) for line in foot}
    return found


def _paragraphs(lines: Sequence[Line], height: float) -> Iterator[list[Line]]:
    """Lines in the order of reading, cut where a paragraph ends."""
    edges: Edges = {}
    for line in lines:
        key = line.page, line.column
        left, right = edges.get(key, (line.box.left, line.box.right))
        edges[key] = min(left, line.box.left), max(right, line.box.right)
    gaps = [
        b.box.top - a.box.bottom for a, b in pairwise(lines) if (a.page, a.column) == (b.page, b.column)
    ]  # fmt: skip
    usual = median(gaps) if gaps else 0.0
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and not _goes_on(paragraph, line, usual, height, edges):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _goes_on(paragraph: Sequence[Line], line: Line, usual: float, height: float, edges: Edges) -> bool:
    """Whether a line belongs to the paragraph before it."""
    last = paragraph[-1]
    if abs(line.height - last.height) > 0.12 * max(line.height, last.height) or _BULLET.match(line.text):
        return False
    ended = bool(_ENDED.search(last.text))
    left, right = edges[last.page, last.column]
    free = last.box.left - left if last.rtl else right - last.box.right  # of the column, behind the line's end
    if (line.page, line.column) != (last.page, last.column):
        full = free < 6 * height
        return last.hyphen is not None or (not ended and (full or line.text[:1].islower()))
    if line.bold != last.bold and not line.text[:1].islower():
        return False
    if line.box.top - last.box.bottom > usual + 0.45 * height:
        return False
    shift = last.box.right - line.box.right if line.rtl else line.box.left - last.box.left
    indented = shift > 0.8 * height
    if indented and (ended or len(paragraph) > 1):
        return False
    short = free > 6 * height
    return not (short and (ended or line.text[:1].isupper()))


def _furniture(pages: Sequence[Page]) -> set[int]:
    """The lines (by identity) at the edges of pages that several pages have, and the page numbers there."""
    edges = [line for page in pages for line in _outermost(page) if _at_edge(line, page)]
    counts = Counter(_alike(line) for line in edges)
    several = 2 if len(pages) < 6 else 3
    return {
        id(line)
        for line in edges
        if (len(pages) > 1 and counts[_alike(line)] >= several) or _runs_along(line.text.strip())
    }


def _runs_along(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _BROWSER.fullmatch(text))


def _outermost(page: Page) -> list[Line]:
    lines = sorted(page.lines, key=lambda line: line.box.top)
    return lines if len(lines) <= 4 else [*lines[:2], *lines[-2:]]


def _at_edge(line: Line, page: Page) -> bool:
    return line.box.bottom < _EDGE * page.height or line.box.top > (1 - _EDGE) * page.height


def _alike(line: Line) -> str:
    """A line made comparable between pages: numbers count as equal."""
    return re.sub(r"\d+", "#", " ".join(line.text.lower().split()))


READER = Reader("pdf", 2, frozenset({".pdf"}), lambda head, suffix: b"%PDF-" in head[:1024], read, isolated=True)
