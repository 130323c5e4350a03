"""Where sentences begin and end: of articles when they are indexed, and of answers that a model writes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

# No language has sentences this long; tables and minified text do. Cut so that the encoder sees all of it.
SENTENCE_BYTES = 1500

# sentencex ends a sentence after "p. m." and English titles whatever follows; both stand in Spanish news.
_CLOCK = re.compile(r"\b[ap]\.\s?m\.\s*$", re.IGNORECASE)
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Dra|Sr|Sra|St|Gen|Sgt|Lt|Col|Sen|Rep|Gov)\.\s*$")
_GOES_ON_AFTER_CLOCK = re.compile(r"[a-zà-ÿ(,;]|[A-Z]{2,4}\b")
_OPENS_NEXT = re.compile(r"[«“‘¿¡(\[]+\s*$")
_WORD = re.compile(r"\w")


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    body = piece.strip()
    if not body:
        return None
    first = start + len(piece) - len(piece.lstrip())
    return first, first + len(body)


def _cut_long(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of at most SENTENCE_BYTES, cut after white space where there is any."""
    while len(text[start:end].encode("utf-8", "surrogatepass")) > SENTENCE_BYTES:
        cut = start + len(text[start:end].encode("utf-8", "surrogatepass")[:SENTENCE_BYTES].decode("utf-8", "ignore"))
        space = max(text.rfind(" ", start, cut), text.rfind("\t", start, cut), text.rfind("\n", start, cut))
        cut = space + 1 if space > start else cut
        yield start, cut
        start = cut
    yield start, end


def _joins(left: str, right: str) -> bool:
    """Whether the segmenter cut where no sentence ends."""
    if not _WORD.search(right) or not _WORD.search(left):
        return True
    if _CLOCK.search(left) and _GOES_ON_AFTER_CLOCK.match(right):
        return True
    return bool(_TITLE.search(left))


def sentence_bounds(text: str, language: str = "es") -> list[tuple[int, int]]:
    """(start, end) of each sentence in `text`, white space at the ends left out; a tiling of what isn't blank."""
    bounds: list[tuple[int, int]] = []
    for boundary in get_sentence_boundaries(language, text):
        start, end = boundary["start_index"], boundary["end_index"]
        if bounds and (opening := _OPENS_NEXT.search(text, bounds[-1][0], bounds[-1][1])):
            start = opening.start()
            bounds[-1] = (bounds[-1][0], start)
        if bounds and _joins(text[bounds[-1][0] : bounds[-1][1]], text[start:end]):
            bounds[-1] = (bounds[-1][0], end)
        else:
            bounds.append((start, end))
    pieces = (piece for start, end in bounds for piece in _cut_long(text, start, end))
    return [trimmed for start, end in pieces if (trimmed := _trimmed(text, start, end))]
