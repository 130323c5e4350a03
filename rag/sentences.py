"""Finds where sentences begin and end, in articles when they are indexed and in answers that a model writes.

The library `sentencex` knows the abbreviations of each language. It was not written for hostile text, so every call
to it goes through this module: the library only sees bounded windows of text, without the characters that make it
panic, and a plain splitter takes over when it fails nevertheless. The time is linear in the length of the text.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from sentencex import get_sentence_boundaries

from rag.errors import is_panic

# No language has sentences this long; tables and minified text do. They are cut so that the encoder sees all of it.
SENTENCE_BYTES = 1500

# sentencex takes quadratic time over unclosed quotation marks, so it sees this many characters at a time.
_WINDOW = 8192
# The library looks at the next word to decide whether a sentence ends, so an end this near to the end of a window
# is decided again in the next one.
_LOOKAHEAD = 64
_TAIL = 64  # characters at the end of a sentence that are looked at for opening marks, titles and times

# A panic in the library leaves a trace on the terminal that can't be suppressed, so it must not happen. It panics at
# a capital letter, a space that isn't ASCII and a full stop; to the library all spaces are alike. Half a surrogate
# pair, which a model may send, can't be passed to it at all. Both are exchanged one for one, so offsets hold.
_ODD_SPACES = "\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_ODD_SPACE = re.compile(f"[{_ODD_SPACES}]")
_HALF_PAIR = re.compile("[\ud800-\udfff]")

# sentencex ends a sentence after "p. m." and English titles whatever follows; both occur in Spanish news.
_CLOCK = re.compile(r"\b[ap]\.\s?m\.$", re.IGNORECASE)
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Dra|Sr|Sra|St|Gen|Sgt|Lt|Col|Sen|Rep|Gov)\.$")
_GOES_ON_AFTER_CLOCK = re.compile(r"[a-zà-ÿ(,;]|[A-Z]{2,4}\b")
_OPENING_MARKS = "«“‘¿¡(["
_WORD = re.compile(r"\w")
# The lookbehind lets a match begin only where a run of full stops begins: without it, a long run takes quadratic time.
_PLAIN_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'»”’)\]]*+\s++")

Segmenter = Callable[[str, str], Iterable[Mapping[str, Any]]]
Bounds = Iterator[tuple[int, int]]
log = logging.getLogger("renglon")


def sentence_bounds(
    text: str, language: str = "es", segmenter: Segmenter = get_sentence_boundaries
) -> list[tuple[int, int]]:
    """(start, end) of each sentence in `text`, without the white space around it.

    Every character that isn't white space is in exactly one sentence.
    """
    return list(iter_sentence_bounds(text, language, segmenter))


def iter_sentence_bounds(text: str, language: str = "es", segmenter: Segmenter = get_sentence_boundaries) -> Bounds:
    """`sentence_bounds` one by one, so that a caller can stop early."""
    text = _HALF_PAIR.sub("\ufffd", text)
    for start, end in _mended(text, _segments(text, language, segmenter)):
        for piece in _cut_long(text, start, end):
            if trimmed := _trimmed(text, *piece):
                yield trimmed


def _segments(text: str, language: str, segmenter: Segmenter) -> Bounds:
    """The library's segments of the whole text, window by window."""
    start = 0
    while start < len(text):
        window = text[start : start + _WINDOW]
        segments = _window_segments(window, language, segmenter)
        done = len(window)
        if start + done < len(text):
            # The last segment goes on beyond the window, so the next window begins with it. A segment of more than
            # half a window is no sentence: it is cut where the window ends.
            starts = [first for first, _ in segments if _WINDOW // 2 <= first <= _WINDOW - _LOOKAHEAD]
            done = starts[-1] if starts else done
        for first, end in segments:
            if first < done:
                yield start + first, start + min(end, done)
        start += done


def _window_segments(window: str, language: str, segmenter: Segmenter) -> list[tuple[int, int]]:
    """Segments that cover a window without gaps: the library's, or plain ones when it fails."""
    try:
        found = segmenter(language, _ODD_SPACE.sub(" ", window))
        segments = [(boundary["start_index"], boundary["end_index"]) for boundary in found]
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        log.warning("the sentence splitter failed (%s); the text is split at full stops", type(error).__name__)
        return _plain_segments(window)
    edges = [0, *(end for _, end in segments)]
    if edges[-1] != len(window) or any(first != edge for (first, _), edge in zip(segments, edges, strict=False)):
        return _plain_segments(window)
    return segments


def _plain_segments(window: str) -> list[tuple[int, int]]:
    edges = [0, *(match.end() for match in _PLAIN_END.finditer(window)), len(window)]
    return [(start, end) for start, end in pairwise(edges) if start < end]


def _mended(text: str, segments: Bounds) -> Bounds:
    """Segments joined where the library cut though no sentence ends; opening marks moved to what they open."""
    current: tuple[int, int] | None = None
    has_word = False
    for start, end in segments:
        if current is None:
            current, has_word = (start, end), bool(_WORD.search(text, start, end))
            continue
        first, last = current
        opening = _opening(text, first, last)
        if opening < last:
            start = last = opening
        next_has_word = bool(_WORD.search(text, start, end))
        if not next_has_word or not has_word or _goes_on(text, first, last, end):
            current, has_word = (first, end), has_word or next_has_word
        else:
            yield first, last
            current, has_word = (start, end), next_has_word
    if current is not None:
        yield current


def _opening(text: str, start: int, end: int) -> int:
    """Where the opening marks at the end of a segment begin; `end` when it has none."""
    tail = text[max(start, end - _TAIL) : end].rstrip()
    marks = len(tail) - len(tail.rstrip(_OPENING_MARKS))
    return max(start, end - _TAIL) + len(tail) - marks if marks else end


def _goes_on(text: str, start: int, middle: int, end: int) -> bool:
    """Whether the sentence of the segment [start, middle) goes on in the segment [middle, end)."""
    tail = text[max(start, middle - _TAIL) : middle].rstrip()
    if _CLOCK.search(tail) and _GOES_ON_AFTER_CLOCK.match(text, middle, end):
        return True
    return bool(_TITLE.search(tail))


def _cut_long(text: str, start: int, end: int) -> Bounds:
    """Pieces of at most SENTENCE_BYTES, cut after white space where there is any."""
    while end - start > SENTENCE_BYTES // 4:  # a shorter piece fits whatever its characters are
        head = text[start : min(end, start + SENTENCE_BYTES)]
        fits = len(head.encode()[:SENTENCE_BYTES].decode(errors="ignore"))
        if start + fits == end:
            break
        cut = start + fits
        space = max(text.rfind(" ", start, cut), text.rfind("\t", start, cut), text.rfind("\n", start, cut))
        cut = space + 1 if space > start else cut
        yield start, cut
        start = cut
    yield start, end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    body = piece.strip()
    if not body:
        return None
    first = start + len(piece) - len(piece.lstrip())
    return first, first + len(body)
