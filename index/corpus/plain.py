"""Plain text: what is read when nothing else recognises a file."""

from __future__ import annotations

from index.corpus.decoding import decode
from index.corpus.reader import Reader, Reading


def read(raw: bytes) -> Reading:
    """The decoded text, divided by its lines alone. Raises FileRefused."""
    text, encoding = decode(raw)
    return Reading(text, encoding)


READER = Reader("text", 1, frozenset({".txt"}), lambda head, suffix: suffix == ".txt", read)
