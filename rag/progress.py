"""What was found for a question before anything is written, and how long each step took."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from llama_index.core.schema import NodeWithScore

from rag.evidence.confidence import Verdict
from rag.evidence.rank import Evidence
from rag.reading.agreement import Agreement
from rag.types import Citation, PassageHit


class Clock:
    """Milliseconds of each step since the last lap."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """End a step."""
        now = time.perf_counter()
        self._laps[name] = round((now - self._last) * 1000, 2)
        self._last = now

    def total(self) -> dict[str, float]:
        """All steps so far, and `total`."""
        return {**self._laps, "total": round((time.perf_counter() - self._start) * 1000, 2)}


@dataclass(frozen=True)
class Finding:
    """What was found for a question, before anything is written."""

    question: str
    standalone: str | None
    language: str
    passages: list[PassageHit]
    evidence: list[Evidence]
    groups: list[list[Evidence]]
    confidence: float
    verdict: Verdict
    same_language: bool
    clock: Clock
    agreement: Agreement = field(default_factory=Agreement)
    yes_or_no: bool = False


def as_hit(hit: NodeWithScore) -> PassageHit:
    """A retrieved passage in the wire form."""
    data = hit.node.metadata
    return PassageHit(
        id=hit.node.node_id, document_id=data["document_id"], file=data["file"], line_start=data["line_start"],
        line_end=data["line_end"], text=hit.node.get_content(), score=round(hit.score or 0.0, 4), cited=False,
    )  # fmt: skip


def cites(citations: Sequence[Citation], passage: PassageHit) -> bool:
    """Whether one of the citations lies in a passage."""
    return any(
        c.document_id == passage.document_id
        and passage.line_start <= c.line_start
        and c.line_end <= passage.line_end
        and (c.readable or c.quote) in passage.text
        for c in citations
    )
