"""A citation as `rag.recheck` takes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A citation of an older version of a document; by default at its very beginning."""

    quote: str
    char_start: int = 0
    char_end: int = 1
    file_sha256: str = "old"
    line_start: int | None = None
    document_id: str = "d"
