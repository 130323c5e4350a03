"""Answers made by hand over a text, with the engine's own form."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from rag.citations import marker
from rag.types import Answer, Citation


def citation_of(path: Path, folder: Path, quote: str, n: int = 1, **more: Any) -> Citation:
    """A citation of a quote where it first stands in a file."""
    raw = path.read_bytes()
    text, file = raw.decode(), path.relative_to(folder).as_posix()
    start = text.index(quote)
    line, last = text.count("\n", 0, start) + 1, text.count("\n", 0, start + len(quote)) + 1
    values: dict[str, Any] = {
        "n": n, "marker": marker(file, line, last), "document_id": hashlib.sha256(file.encode()).hexdigest()[:16],
        "file": file, "file_sha256": hashlib.sha256(raw).hexdigest(), "line_start": line, "line_end": last,
        "char_start": start, "char_end": start + len(quote), "quote": quote, "answer_start": 0, "answer_end": 0,
        "score": 0.5, "verified": True, "state": "valid",
    }  # fmt: skip
    return Citation(**values | more)


def answer_of(citations: list[Citation], question: str = "¿Qué dice?", **more: Any) -> Answer:
    """An answer whose sentences are the quotes, each followed by its marker."""
    text, placed = "", list[Citation]()
    for n, citation in enumerate(citations, 1):
        text += " " if text else ""
        start, shown = len(text), " ".join(citation.quote.split())
        text += shown
        placed.append(citation.model_copy(update={"n": n, "answer_start": start, "answer_end": len(text)}))
        text += f" {citation.marker}"
    values: dict[str, Any] = {
        "id": "1", "question": question, "status": "answered", "language": "es", "text": text, "citations": placed,
        "passages": [], "confidence": 0.9, "timings_ms": {}, "index_version": 1,
    }  # fmt: skip
    return Answer(**values | more)
