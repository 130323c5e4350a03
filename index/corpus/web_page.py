"""Saved web pages (HTML, MHTML): the article on the page, and what the page says of it.

trafilatura decides what belongs to the article; the text itself comes from the parse tree, with the place of each word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from index.corpus.canonical import Canonical, Raw
from index.corpus.decoding import decode
from index.corpus.markup import Blocks
from index.corpus.reader import Reader, Reading
from rag.errors import FileRefused
from rag.metadata import Metadata

SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".mhtml", ".mht"})
_DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{1,40})""", re.I)
_LOOKS = re.compile(rb"\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_MHTML = re.compile(rb"^(?:MIME-Version|Content-Type:\s*multipart/related|From:\s*<Saved by)", re.I | re.M)
_EMBEDDED = re.compile(r"data:[\w/+.-]{1,60};base64,[\w+/=%-]*")
_LONGEST = 2_000_000  # characters of markup, pictures left out; trafilatura takes minutes over more
_SURE = 25  # letters; a shorter block must be a whole line of the article, since its words may stand anywhere
_MOST_MISSES = 3000  # blocks that are looked for in the whole article and not found: each costs its whole length


def read(raw: bytes) -> Reading:
    """The article of a saved page. Raises FileRefused."""
    url = None
    if _MHTML.search(raw[:4096]) and not _LOOKS.match(raw):
        raw, url = _page_of(raw)
    text, encoding = decoded(raw)
    root = tree_of(text)
    walk = Blocks(root)
    blocks = walk.gather()
    article, metadata = _article(text, url)
    chosen = _chosen(blocks, article) if article else []
    if sum(len(raw.text) for raw in chosen) < 100:  # no article was found: all but the page's frame
        chosen = [raw for raw, framed in zip(blocks, walk.furniture, strict=True) if not framed] or blocks
    canonical = Canonical()
    canonical.add(chosen)
    reading = canonical.reading(metadata, encoding)
    if not reading.text.strip():
        raise FileRefused("The page has no text.", "If a script writes its text, save the page from the browser.")
    return reading


def decoded(raw: bytes) -> tuple[str, str]:
    """Text and encoding of a page: UTF-8 where its bytes are, whatever it declares; else as declared, else by look."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace"), "utf-16"
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _DECLARED.search(raw[:4096])
    else:
        return decode(raw)
    try:
        name = declared[1].decode().lower() if declared else ""
        if name and name not in ("utf-8", "utf8"):
            name = "cp1252" if name in ("iso-8859-1", "latin-1", "latin1", "ascii") else name
            return raw.decode(name), name
    except (LookupError, UnicodeDecodeError):
        pass  # a wrong declaration is common
    return decode(raw)


def tree_of(text: str) -> Any:
    """The parse tree of a page. Raises FileRefused."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_blank_text=False, no_network=True)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise FileRefused("The page can't be parsed.", "Open it in a browser and save it again.") from error
    return root


def _article(text: str, url: str | None) -> tuple[str, Metadata]:
    """The article's text as trafilatura sees it, and the page's metadata; empty where it fails or finds none."""
    import logging

    from trafilatura import bare_extraction

    text = _EMBEDDED.sub("", text)
    if len(text) > _LONGEST:
        return "", Metadata(url=url)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found: Any = bare_extraction(
            text, url=url, include_comments=False, include_tables=True, favor_recall=True, with_metadata=True
        )
    except Exception:  # a tree that nests too deeply for it, say: the parse tree decides alone
        return "", Metadata(url=url)
    if found is None:
        return "", Metadata(url=url)
    title, author = found.title or None, found.sitename or found.author or None
    said = Metadata.stated(title, author, str(found.date or ""), found.language or "", found.url or url)
    return str(found.text or ""), said


def _chosen(blocks: Sequence[Raw], article: str) -> list[Raw]:
    """The blocks that trafilatura's article holds, and code and headings among them."""
    lines = {_letters(line) for line in article.split("\n")}
    whole = _letters(article)
    chosen, misses = list[int](), 0
    for number, raw in enumerate(blocks):
        own = _letters(raw.text)
        if own in lines:
            chosen.append(number)
        elif len(own) >= _SURE and misses < _MOST_MISSES:
            if own in whole:
                chosen.append(number)
            else:
                misses += 1
    taken = set(chosen)
    groups = {blocks[number].group for number in chosen} - {None}
    return [
        raw
        for number, raw in enumerate(blocks)
        if number in taken
        or (raw.kind == "code" and {number - 1, number + 1} & taken)
        or (chosen and chosen[0] < number < chosen[-1] and (raw.kind == "heading" or raw.group in groups))
    ]


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _page_of(raw: bytes) -> tuple[bytes, str | None]:
    """The first HTML part of an MHTML file, and the address that it was saved from. Raises FileRefused."""
    message = message_from_bytes(raw, policy=policy.default)
    for number, part in enumerate(message.walk()):
        if number > 1000:
            break
        if isinstance(part, EmailMessage) and part.get_content_type() == "text/html":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                url = message.get("Snapshot-Content-Location") or part.get("Content-Location")
                return content, str(url) if url and str(url).startswith("http") else None
    raise FileRefused("The file holds no web page.", "Save the page again, as HTML.")


def recognises(head: bytes, suffix: str) -> bool:
    """A page by its suffix, unless another format knows its bytes; or markup under another suffix than plain text's."""
    return suffix in SUFFIXES or (suffix not in (".txt", ".md", ".eml") and bool(_LOOKS.match(head)))


READER = Reader("html", 1, SUFFIXES, recognises, read, isolated=True)
