"""E-mail (EML): the text of a message, its HTML where there is no plain text, and what its header says."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from index.corpus.canonical import Canonical
from index.corpus.markup import Blocks
from index.corpus.reader import Origin, Reader, Reading
from index.corpus.web_page import decoded, tree_of
from rag.errors import FileRefused
from rag.metadata import Metadata

MOST_PARTS = 500
_HEADER = re.compile(rb"^(?:From|Subject|Date|To|Received|Message-ID|MIME-Version|Return-Path):\s", re.I | re.M)


def read(raw: bytes) -> Reading:
    """The text of a message. Raises FileRefused."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    parts = []
    for part in message.walk():
        parts.append(part)
        if len(parts) > MOST_PARTS:
            raise FileRefused(f"The message has more than {MOST_PARTS} parts.", "Save what is wanted of it as files.")
    metadata = _metadata(message)
    for wanted in ("text/plain", "text/html"):
        for number, part in enumerate(parts):
            content = part.get_payload(decode=True) if part.get_content_type() == wanted else None
            if isinstance(content, bytes) and content.strip() and part.get_content_disposition() != "attachment":
                return _reading(content, part, number, metadata)
    raise FileRefused("The message has no text.", "Save its attachments as files of the folder.")


def _reading(content: bytes, part: EmailMessage, number: int, metadata: Metadata) -> Reading:
    place = f"{number}"
    if part.get_content_type() == "text/html":
        text, encoding = decoded(content)
        canonical = Canonical()
        canonical.add(Blocks(tree_of(text), place).gather())
        return canonical.reading(metadata, encoding)
    try:
        text = content.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        text, _ = decoded(content)
    text = text.replace("\0", "\ufffd")
    return Reading(text, "utf-8", metadata, (), (), (Origin(0, len(text), {"part": place, "offset": 0}),))


def _metadata(message: EmailMessage) -> Metadata:
    try:
        date = parsedate_to_datetime(str(message.get("Date", ""))).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        date = None
    subject, sender = (" ".join(str(message.get(key, "")).split())[:300] for key in ("Subject", "From"))
    name = re.sub(r"\s*<[^<>]*>\s*$", "", sender).strip("\"' ")
    return Metadata(title=subject or None, author=name or sender or None, published=date)


def recognises(head: bytes, suffix: str) -> bool:
    """By the suffix, where the text begins with a header."""
    return suffix == ".eml" and bool(_HEADER.search(head))


READER = Reader("email", 1, frozenset({".eml"}), recognises, read, isolated=True)
