"""EPUB: the chapters in the order of the spine, each through the walk over HTML."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from index.corpus.canonical import Canonical
from index.corpus.markup import Blocks
from index.corpus.package import Package, is_package, resolved
from index.corpus.reader import Reader, Reading
from index.corpus.web_page import decoded, tree_of
from rag.errors import FileRefused
from rag.metadata import Metadata

_CONTAINER = "META-INF/container.xml"
_DC = "{http://purl.org/dc/elements/1.1/}"
# Fonts may be hidden in two ways that concern nobody who reads the text.
_DRM = re.compile(rb"""EncryptionMethod[^>]+Algorithm=["'](?!http://(?:www\.idpf\.org|ns\.adobe\.com/pdf))""", re.I)
MOST_CHAPTERS = 5000


def read(raw: bytes) -> Reading:
    """The text of a book. Raises FileRefused."""
    package = Package(raw)
    if "META-INF/encryption.xml" in package and _DRM.search(package.read("META-INF/encryption.xml")):
        raise FileRefused("The book is encrypted (it has a copy protection).", "Use a copy without one.")
    name = _opf_of(package)
    opf = package.tree(name)
    canonical = Canonical()
    for chapter in _spine(opf, name):
        if chapter in package:
            text, _ = decoded(package.read(chapter))
            canonical.add(Blocks(tree_of(text), chapter).gather())
    reading = canonical.reading(_metadata(opf))
    if not reading.text.strip():
        raise FileRefused("The book has no text.")
    return reading


def _opf_of(package: Package) -> str:
    for node in package.tree(_CONTAINER).iter():
        if isinstance(node.tag, str) and node.tag.endswith("rootfile"):
            name = resolved("", node.get("full-path", ""))
            if name is not None:
                return name
    raise FileRefused("The book names no contents.", "Open it and save it again.")


def _spine(opf: Any, name: str) -> list[str]:
    """The chapters in the order of reading; references that lead out of the book are left out."""
    items: dict[str, str] = {}
    chapters: list[str] = []
    for node in opf.iter():
        tag = node.tag.rsplit("}", 1)[-1] if isinstance(node.tag, str) else ""
        if tag == "item" and "html" in node.get("media-type", ""):
            items[node.get("id", "")] = unquote(node.get("href", ""))
        elif tag == "itemref" and node.get("linear") != "no" and len(chapters) < MOST_CHAPTERS:
            chapter = resolved(name, items.get(node.get("idref", ""), "/"))
            if chapter is not None and chapter not in chapters[-1:]:
                chapters.append(chapter)
    return list(dict.fromkeys(chapters))


def _metadata(opf: Any) -> Metadata:
    def of(name: str) -> str:
        node = opf.find(f".//{_DC}{name}")
        return "" if node is None else " ".join((node.text or "").split())

    date = of("date")
    return Metadata.stated(of("title") or None, of("creator") or None, date, of("language"))


def recognises(head: bytes, suffix: str) -> bool:
    """An archive that says that it is a book, or has the suffix of one."""
    return is_package(head, b"application/epub+zip") or (suffix == ".epub" and head.startswith(b"PK"))


READER = Reader("epub", 1, frozenset({".epub"}), recognises, read, isolated=True)
