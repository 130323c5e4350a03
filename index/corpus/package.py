"""Files that are zip archives of XML (DOCX, ODT, EPUB): opened without trusting their sizes, names or references."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from typing import Any

from rag.errors import FileRefused

MOST_ENTRIES = 10_000
MOST_BYTES = 100_000_000  # of one entry when it is unpacked
MOST_RATIO = 200  # unpacked to packed; text packs to a tenth, a bomb to a thousandth
_SMALL = 5_000_000  # an entry up to this size may pack as well as it likes


class Package:
    """An archive's entries by name. References that lead outside it are names that it does not have."""

    def __init__(self, raw: bytes) -> None:
        """Raises FileRefused."""
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(raw))
            entries = self._archive.infolist()
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise FileRefused("The file is damaged and can't be opened.", "Open it and save it again.") from error
        if len(entries) > MOST_ENTRIES:
            raise FileRefused(f"The file has {len(entries):,} parts; the limit is {MOST_ENTRIES:,}.", "Split it.")
        self._entries = {entry.filename: entry for entry in entries}

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def read(self, name: str) -> bytes:
        """An entry's bytes. Raises FileRefused for one that is missing, damaged, encrypted or far too large."""
        entry = self._entries.get(name)
        if entry is None:
            raise FileRefused(f"The file has no part {name[:80]!r}.", "Open it and save it again.")
        if entry.flag_bits & 1:
            raise FileRefused("The file is encrypted.", "Save it without a password.")
        if entry.file_size > max(_SMALL, MOST_RATIO * entry.compress_size) or entry.file_size > MOST_BYTES:
            raise _bomb()
        try:
            with self._archive.open(entry) as stream:
                found = stream.read(entry.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError) as error:
            raise FileRefused("The file is damaged and can't be read.", "Open it and save it again.") from error
        if len(found) > entry.file_size:
            raise _bomb()
        return found

    def tree(self, name: str) -> Any:
        """An entry as a tree of elements. Raises FileRefused."""
        return tree_of(self.read(name))


def _bomb() -> FileRefused:
    return FileRefused("The file unpacks to far more than its size: it looks like a zip bomb.", "Don't open it.")


def tree_of(raw: bytes) -> Any:
    """XML as a tree. Entities are not replaced and nothing is fetched. Raises FileRefused."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)
    try:
        return etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FileRefused("The file's XML is damaged.", "Open it and save it again.") from error


def resolved(base: str, target: str) -> str | None:
    """The name of the entry that a reference in the entry `base` leads to; None for one that leaves the archive."""
    if "://" in target or target.startswith(("/", "\\")):
        return None
    name = posixpath.normpath(posixpath.join(posixpath.dirname(base), target.split("#")[0]))
    return None if name.startswith("..") else name


def is_package(head: bytes, *signs: bytes) -> bool:
    """Whether first bytes are those of a zip archive with one of the signs among them."""
    return head.startswith(b"PK\x03\x04") and any(sign in head for sign in signs)
