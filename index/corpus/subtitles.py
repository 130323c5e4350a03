"""Subtitles and transcripts (SRT, VTT): what is said, with the time of each line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from index.corpus.canonical import Canonical, Piece, Raw
from index.corpus.decoding import decode
from index.corpus.reader import Block, Reader, Reading
from rag.errors import FileRefused
from rag.metadata import Metadata

_TIME = re.compile(r"(?:(\d{1,3}):)?(\d\d):(\d\d)[.,](\d{3})[ \t]*-->")
_TAG = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,100}\}")
_LINE_END = re.compile(r"\r\n|\n|\r")
_LONGEST = 600  # characters; automatic subtitles have no full stops


def read(raw: bytes) -> Reading:
    """The lines that are said, one canonical line for each cue. Raises FileRefused."""
    text, encoding = decode(raw)
    canonical = Canonical()
    canonical.add(_cues(text))
    reading = canonical.reading(Metadata(), encoding)
    if not reading.text.strip():
        raise FileRefused("The file has no subtitles.", "Save it in the form of SRT or WebVTT.")
    return replace(reading, blocks=tuple(_sentences(reading)))


def _sentences(reading: Reading) -> Iterator[Block]:
    """The cues joined to blocks that end where a sentence does."""
    start = 0
    for number, block in enumerate(reading.blocks):
        ended = reading.text[block.end - 1] in '.?!…»"' or block.end - start > _LONGEST
        if ended or number == len(reading.blocks) - 1:
            yield Block(start, block.end)
            start = block.end + 1


def _cues(text: str) -> Iterator[Raw]:
    """A line for each cue."""
    cue: Raw | None = None
    time, before = "", ""
    for line, start in _lines(text):
        found = _TIME.match(line.strip())
        if found:
            if cue is not None and before.isdigit() and cue.pieces:  # the number of this cue
                while cue.pieces and cue.pieces[-1].text.strip() in ("", before):
                    cue.pieces.pop()
            if cue is not None:
                yield cue
            time = f"{int(found[1] or 0):02d}:{found[2]}:{found[3]}.{found[4]}"
            cue = Raw()
        elif cue is not None and line.strip():
            for piece, offset in _said(line):
                cue.pieces.append(Piece(piece, {"time": time, "offset": start + offset}))
            cue.pieces.append(Piece(" "))
        before = line.strip() or before
    if cue is not None:
        yield cue


def _lines(text: str) -> Iterator[tuple[str, int]]:
    start = 0
    for end in _LINE_END.finditer(text):
        yield text[start : end.start()], start
        start = end.end()
    yield text[start:], start


def _said(line: str) -> Iterator[tuple[str, int]]:
    """The parts of a line without its tags."""
    at = 0
    for tag in _TAG.finditer(line):
        if tag.start() > at:
            yield line[at : tag.start()], at
        at = tag.end()
    if at < len(line):
        yield line[at:], at


def recognises(head: bytes, suffix: str) -> bool:
    """By the suffix, where the text has times."""
    return suffix in (".srt", ".vtt") and b"-->" in head


READER = Reader("subtitles", 1, frozenset({".srt", ".vtt"}), recognises, read)
