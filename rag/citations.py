"""Markers and citations: written side by side, and checked against the indexed text before they leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from rag.evidence.rank import Evidence
from rag.metadata import Metadata
from rag.types import AnswerSpan, Citation, Printed


class Source(Protocol):
    """Where the indexed texts are."""

    def text(self, id_: str) -> tuple[str, str] | None:
        """(decoded text, SHA-256 of the file) of a document as it was indexed; None where there is none."""

    def about(self, id_: str) -> Metadata:
        """What is known of a document; nothing of one that is not there."""

    def printed(self, id_: str, char_start: int, char_end: int) -> Printed | None:
        """Where a stretch of a document is printed; None for a format without pages."""


def marker(file: str, line_start: int, line_end: int, printed: Printed | None = None) -> str:
    """`[file:line]` or `[file:first-last]`; with pages `[file:page:line]`, or `[file:page:line-page:line]`."""
    if printed is not None:
        first, last = (printed.page, printed.line), (printed.last_page, printed.last_line)
        if first[0] != last[0]:
            return f"[{file}:{first[0]}:{first[1]}-{last[0]}:{last[1]}]"
        return f"[{file}:{first[0]}:{first[1]}]" if first == last else f"[{file}:{first[0]}:{first[1]}-{last[1]}]"
    lines = f"{line_start}" if line_start == line_end else f"{line_start}-{line_end}"
    return f"[{file}:{lines}]"


class Writer:
    """Writes an answer sentence by sentence and keeps its citations' places right."""

    def __init__(self, source: Source, near: bool = False) -> None:
        """`near`: the citations only come near to the question, and are marked so."""
        self._source, self._near = source, near
        self._texts: dict[str, tuple[str, str] | None] = {}
        self._about: dict[str, Metadata] = {}
        self.text = ""
        self.citations: list[Citation] = []
        self.invalid = 0

    def add(self, group: Sequence[Evidence]) -> tuple[str, list[Citation]]:
        """Write the first sentence of a group that stands in the indexed text, and cite the group.

        Returns what was added to the text, and the citations. A group of which nothing stands there is not written.
        """
        valid = self._checked(group)
        if not valid:
            return "", []
        before = len(self.text)
        shown = " ".join((valid[0].readable or valid[0].quote).split())
        self.write((" " if before else "") + shown)
        _, placed = self._place(valid, len(self.text) - len(shown))
        return self.text[before:], placed

    def write(self, text: str) -> None:
        """Append words."""
        self.text += text

    def cite(self, group: Sequence[Evidence], length: int) -> tuple[str, list[Citation]]:
        """Cite evidence for the last `length` characters; returns the markers that were appended, and the citations."""
        return self._place(self._checked(group), len(self.text) - length)

    def _checked(self, group: Sequence[Evidence]) -> list[Citation]:
        """The citations that stand in the indexed text; the others are counted in `invalid`."""
        citations = [self._cite(evidence) for evidence in group]
        valid = [citation for citation in citations if citation.verified]
        self.invalid += len(citations) - len(valid)
        return valid

    def _place(self, citations: Sequence[Citation], start: int) -> tuple[str, list[Citation]]:
        first, end = len(self.citations) + 1, len(self.text)
        markers = "".join(f" {marker}" for marker in dict.fromkeys(c.marker for c in citations))
        self.text += markers
        placed = [
            citation.model_copy(update={"n": n, "answer_start": start, "answer_end": end})
            for n, citation in enumerate(citations, first)
        ]
        self.citations += placed
        return markers, placed

    def _cite(self, evidence: Evidence) -> Citation:
        data, sentence = evidence.passage.metadata, evidence.sentence
        quote = sentence.text if sentence.quote is None else sentence.quote
        verified = verify(
            self._stored(data["document_id"]),
            data["file_sha256"],
            sentence.char_start,
            sentence.char_end,
            quote,
        )
        id_ = data["document_id"]
        printed = self._source.printed(id_, sentence.char_start, sentence.char_end) if verified else None
        if id_ not in self._about:
            self._about[id_] = self._source.about(id_)
        about = self._about[id_]
        return Citation(
            n=1, marker=marker(data["file"], sentence.line_start, sentence.line_end, printed),
            document_id=data["document_id"], file=data["file"], file_sha256=data["file_sha256"],
            line_start=sentence.line_start, line_end=sentence.line_end, char_start=sentence.char_start,
            char_end=sentence.char_end, quote=quote, answer_start=0, answer_end=0,
            score=round(evidence.score, 4), verified=verified, state="valid" if verified else "stale",
            near=self._near, answer_span=None if self._near else _answer_span(evidence, quote),
            readable=None if sentence.quote is None else sentence.text, section=data.get("section") or None,
            code=data.get("kind") == "code", page=printed and printed.page, page_line=printed and printed.line,
            boxes=list(printed.boxes) if printed else [], title=about.title, author=about.author,
            published=about.published, url=about.url, source_language=about.language,
        )  # fmt: skip

    def holds(self, evidence: Iterable[Evidence]) -> bool:
        """Whether all of it is of the versions that are indexed now; these are the ones that it is checked against."""
        found = [(self._stored(e.passage.metadata["document_id"]), e.passage.metadata["file_sha256"]) for e in evidence]
        return all(stored is not None and stored[1] == sha256 for stored, sha256 in found)

    def _stored(self, id_: str) -> tuple[str, str] | None:
        if id_ not in self._texts:
            self._texts[id_] = self._source.text(id_)
        return self._texts[id_]


def _answer_span(evidence: Evidence, quote: str) -> AnswerSpan | None:
    """Where in the quote the reader found the answer. It is verified with the quote, which holds it."""
    found = evidence.answer
    if found is None or not 0 <= found[0] < found[1] <= len(evidence.sentence.text):
        return None
    first, last = evidence.sentence.span_of(*found)
    start = evidence.sentence.char_start
    return AnswerSpan(char_start=start + first, char_end=start + last, text=quote[first:last])


def verify(stored: tuple[str, str] | None, sha256: str, char_start: int, char_end: int, quote: str) -> bool:
    """Whether the version `sha256` of a document has exactly `quote` at [char_start, char_end)."""
    return stored is not None and stored[1] == sha256 and stored[0][char_start:char_end] == quote and bool(quote)
