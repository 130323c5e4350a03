"""A file becomes a document: decoded text, the table of its lines, and the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from index.corpus.attachments import Refusals, with_attachments
from index.corpus.files import read_bytes
from index.corpus.formats import READERS, SUFFIXES, listed, reader_of
from index.corpus.globs import Globs
from index.corpus.isolated import ISOLATED
from index.corpus.language import language_of_text
from index.corpus.reader import Block, Edit, Origin, Reader, Reading
from index.corpus.sidecar import sidecar_of, with_sidecar
from rag.errors import CorpusNotFound, FileRefused, RenglonError, is_panic
from rag.metadata import Metadata

_LINE_END = re.compile(r"\r\n|\n|\r")
log = logging.getLogger("renglon")


@dataclass(frozen=True)
class TextLimits:
    """How long a file's text may be. Memory grows with lines and sentences rather than with bytes."""

    lines: int = 400_000
    sentences: int = 200_000

    def check_lines(self, text: str) -> None:
        """Raise FileRefused for a text with too many lines, before its line table is made."""
        count = text.count("\n") + text.count("\r") - text.count("\r\n")
        if count > self.lines:
            raise FileRefused(
                f"The file has {count:,} lines; the limit is {self.lines:,}.",
                "Split it, or raise RENGLON_MAX_FILE_LINES.",
            )

    def check_sentences(self, count: int) -> None:
        """Raise FileRefused when that many sentences are too many."""
        if count > self.sentences:
            raise FileRefused(
                f"The file has more than {self.sentences:,} sentences, which is the limit.",
                "Split it, or raise RENGLON_MAX_FILE_SENTENCES.",
            )


@dataclass(frozen=True)
class SourceText:
    """Decoded text with its line table.

    `line_starts[i]` is the offset of line i + 1. A line ends at CRLF, LF or CR, which belong to it; the text
    after the last line end is a line only if it isn't empty.
    """

    text: str
    line_starts: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        starts = [0, *(m.end() for m in _LINE_END.finditer(self.text))]
        if len(starts) > 1 and starts[-1] == len(self.text):
            starts.pop()
        object.__setattr__(self, "line_starts", tuple(starts))

    @property
    def line_count(self) -> int:
        """Number of lines; an empty text has one."""
        return len(self.line_starts)

    def line_of(self, offset: int) -> int:
        """1-based line that holds the code point at `offset`."""
        return bisect_right(self.line_starts, offset)

    def span_of_line(self, line: int) -> tuple[int, int]:
        """(start, end) offsets of a 1-based line, its line end left out."""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < self.line_count else len(self.text)
        return start, start + len(self.text[start:end].rstrip("\r\n"))

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return [self.text[slice(*self.span_of_line(n))] for n in range(1, self.line_count + 1)]


@dataclass(frozen=True)
class Fingerprint:
    """What decides whether a file must be read again: its bytes, and the version of what reads them."""

    sha256: str
    reader: str


@dataclass(frozen=True)
class Document:
    """A readable file. `file` is its path within the corpus, with forward slashes; `reader` what read it.

    `refused` names attachments that can't be read, with the reasons; the rest is as `index.corpus.reader` describes it.
    """

    file: str
    source: SourceText
    sha256: str
    encoding: str
    size: int
    reader: str
    metadata: Metadata = field(default_factory=Metadata)
    blocks: tuple[Block, ...] = ()
    edits: tuple[Edit, ...] = ()
    origins: tuple[Origin, ...] = ()
    refused: Refusals = ()

    @property
    def fingerprint(self) -> Fingerprint:
        """The file's bytes and what read them."""
        return Fingerprint(self.sha256, self.reader)

    @property
    def id(self) -> str:
        """Stable id: 16 hex digits of the path's SHA-256, so that no route ever takes a path."""
        return document_id(self.file)


def document_id(file: str) -> str:
    """The id of the document at a path within the corpus."""
    return hashlib.sha256(file.encode()).hexdigest()[:16]


@contextmanager
def refused_on_failure() -> Iterator[None]:
    """Turn whatever unexpected goes wrong with one file into FileRefused, so that the other files go on."""
    try:
        yield
    except RenglonError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        log.exception("a file could not be processed")
        raise FileRefused(
            f"The file can't be processed ({type(error).__name__}).", "The log has the details. The other files go on."
        ) from error


def looked_at(path: Path, root: Path, max_bytes: int) -> tuple[bytes, bytes, Fingerprint]:
    """A corpus file's bytes, those of the file beside it that describes it, and the fingerprint of both.

    Its format is not read yet. Raises FileRefused, FileUnreadable.
    """
    file = path.relative_to(root).as_posix()
    if printable(file) != file:
        raise FileRefused("The file's name is not valid text.", "Rename it.")
    raw, beside = read_bytes(path, root, max_bytes), sidecar_of(path, root)
    return raw, beside, Fingerprint(hashlib.sha256(raw).hexdigest(), _key(file, raw, beside))


def _key(file: str, raw: bytes, beside: bytes) -> str:
    """What reads a file, and which version of the file beside it."""
    reader = reader_of(file, raw)
    # Whatever reads attachments reads a message: when one of the readers gets better, messages are read again.
    key = reader.key if reader.attachments is None else f"{reader.key}.{sum(other.version for other in READERS)}"
    return f"{key}+{hashlib.sha256(beside).hexdigest()[:8]}" if beside else key


def read_document(path: Path, root: Path, max_bytes: int, limits: TextLimits = TextLimits()) -> Document:
    """Read one file of the corpus at `root`. Raises FileRefused with the reason, FileUnreadable when the system
    does not let it be read.

    `max_bytes` is checked before the file is read, `limits` before its line table is made.
    """
    raw, beside, _ = looked_at(path, root, max_bytes)
    return document_of(path.relative_to(root).as_posix(), raw, limits, beside)


def document_of(file: str, raw: bytes, limits: TextLimits = TextLimits(), beside: bytes = b"") -> Document:
    """The document that a file's bytes are; `beside` are those of the file that describes it. Raises FileRefused."""
    with refused_on_failure():
        reader = reader_of(file, raw)
        if not raw.strip():
            raise FileRefused("The file is empty.")
        reading = _read(reader, raw)
        refused: Refusals = ()
        if reader.attachments is not None:
            attached = ISOLATED.attachments(reader, raw)
            reading, refused = with_attachments(reading, attached, _attachment, limits.lines)
        limits.check_lines(reading.text)
        about = with_sidecar(reading.metadata, beside, file)
        if about.language is None:
            about = replace(about, language=language_of_text(reading.text))
        return Document(
            file, SourceText(reading.text), hashlib.sha256(raw).hexdigest(), reading.encoding, len(raw),
            _key(file, raw, beside), about, reading.blocks, reading.edits, reading.origins, refused,
        )  # fmt: skip


def _read(reader: Reader, raw: bytes) -> Reading:
    return ISOLATED.read(reader, raw) if reader.isolated else reader.read(raw)


def _attachment(name: str, raw: bytes) -> Reading | None:
    """What an attachment holds; nothing where its format is not known. Raises FileRefused."""
    if not belongs(name):
        return None
    with refused_on_failure():
        reader = reader_of(name, raw)
        if reader.attachments is not None:
            raise FileRefused("An e-mail within an e-mail is not read.", "Save it as a file of the folder.")
        if not raw.strip():
            raise FileRefused("The file is empty.")
        return _read(reader, raw)


def printable(name: str) -> str:
    """A file name as it can be printed and stored: bytes that are no UTF-8 are written as escapes."""
    return name.encode(errors="backslashreplace").decode()


def corpus_files(root: Path, globs: Globs = Globs(), unreadable: list[Path] | None = None) -> Iterator[Path]:  # noqa: B008
    """Paths of the files that could be indexed, sorted; hidden files and folders are left out.

    Symbolic links to folders are not followed (they can form a circle). Folders that can't be listed are added to
    `unreadable`. Raises CorpusNotFound.
    """
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise CorpusNotFound(f"The corpus folder {root} {what}.", f"Give a folder of articles ({listed()}).")

    def failed(error: OSError) -> None:
        if unreadable is not None:
            unreadable.append(Path(error.filename))

    found: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if belongs(name)]
    for path in sorted(found):
        if globs.admits(path.relative_to(root).as_posix()) and (path.is_symlink() or path.exists()):
            yield path


def belongs(name: str) -> bool:
    """Whether a file of that name is indexed: it has the suffix of a known format, and isn't hidden."""
    return not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
