"""The formats that are read: one line each. The first reader that recognises a file's bytes reads it."""

from __future__ import annotations

from pathlib import PurePosixPath

from index.corpus import epub, mail, markdown, opendocument, pdf, plain, subtitles, web_page, word
from index.corpus.reader import HEAD, Reader

READERS: tuple[Reader, ...] = (
    pdf.READER,
    word.READER,
    opendocument.READER,
    epub.READER,
    mail.READER,
    subtitles.READER,
    web_page.READER,
    markdown.READER,
    plain.READER,
)  # fmt: skip
SUFFIXES = frozenset(suffix for reader in READERS for suffix in reader.suffixes)


def reader_of(file: str, raw: bytes) -> Reader:
    """What reads a file: the content decides, and the suffix where the content could be several things."""
    head, suffix = raw[:HEAD], PurePosixPath(file).suffix.lower()
    return next((reader for reader in READERS if reader.recognises(head, suffix)), plain.READER)


def listed() -> str:
    """The suffixes, for messages: `.md, .pdf and .txt`."""
    *first, last = sorted(SUFFIXES)
    return f"{', '.join(first)} and {last}" if first else last
