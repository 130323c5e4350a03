"""The language of a document, from its beginning."""

from __future__ import annotations

from rag.question import identifier

_READ = 2000  # characters; more tells nothing new
_FEWEST = 40  # letters; fewer tell nothing


def language_of_text(text: str) -> str | None:
    """A two-letter code; None for a text that is too short to tell."""
    beginning = text[:_READ]
    if sum(char.isalpha() for char in beginning) < _FEWEST:
        return None
    return str(identifier().classify(beginning.encode("utf-8", "replace").decode())[0])
