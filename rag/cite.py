"""Markers and citations: written side by side, and checked against the indexed text before they leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rag.evidence import Evidence
from rag.types import Citation


class Source(Protocol):
    """Where the indexed texts are."""

    def text(self, id_: str) -> tuple[str, str] | None:
        """(decoded text, SHA-256 of the file) of a document as it was indexed; None where there is none."""


def marker(file: str, line_start: int, line_end: int) -> str:
    """`[file:line]` or `[file:first-last]`."""
    lines = f"{line_start}" if line_start == line_end else f"{line_start}-{line_end}"
    return f"[{file}:{lines}]"


class Writer:
    """Writes an answer sentence by sentence and keeps its citations' places right."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._texts: dict[str, tuple[str, str] | None] = {}
        self.text = ""
        self.citations: list[Citation] = []
        self.invalid = 0

    def add(self, group: Sequence[Evidence]) -> tuple[str, list[Citation]]:
        """Write the first sentence of a group and cite all of it.

        Returns what was added to the text, and the citations. A sentence none of whose citations stands in the
        indexed text is not written; each failure counts in `invalid`.
        """
        citations = [self._cite(evidence) for evidence in group]
        valid = [(e, c) for e, c in zip(group, citations, strict=True) if c.verified]
        self.invalid += len(citations) - len(valid)
        if not valid:
            return "", []
        shown = " ".join(valid[0][0].sentence.text.split())
        before = len(self.text)
        start = before + (1 if before else 0)
        placed: list[Citation] = []
        markers: list[str] = []
        for _, citation in valid:
            if citation.marker not in markers:
                markers.append(citation.marker)
            n = len(self.citations) + len(placed) + 1
            placed.append(citation.model_copy(update={"n": n, "answer_start": start, "answer_end": start + len(shown)}))
        self.text += (" " if before else "") + " ".join([shown, *markers])
        self.citations += placed
        return self.text[before:], placed

    def _cite(self, evidence: Evidence) -> Citation:
        data, sentence = evidence.passage.metadata, evidence.sentence
        verified = verify(
            self._stored(data["document_id"]),
            data["file_sha256"],
            sentence.char_start,
            sentence.char_end,
            sentence.text,
        )
        return Citation(
            n=1, marker=marker(data["file"], sentence.line_start, sentence.line_end),
            document_id=data["document_id"], file=data["file"], file_sha256=data["file_sha256"],
            line_start=sentence.line_start, line_end=sentence.line_end, char_start=sentence.char_start,
            char_end=sentence.char_end, quote=sentence.text, answer_start=0, answer_end=0,
            score=round(evidence.score, 4), verified=verified, state="valid" if verified else "stale",
        )  # fmt: skip

    def _stored(self, id_: str) -> tuple[str, str] | None:
        if id_ not in self._texts:
            self._texts[id_] = self._source.text(id_)
        return self._texts[id_]


def verify(stored: tuple[str, str] | None, sha256: str, char_start: int, char_end: int, quote: str) -> bool:
    """Whether the version `sha256` of a document has exactly `quote` at [char_start, char_end)."""
    return stored is not None and stored[1] == sha256 and stored[0][char_start:char_end] == quote and bool(quote)
