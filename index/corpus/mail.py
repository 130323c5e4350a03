"""E-mail (EML): the text of a message, its HTML where there is no plain text, its header and its attachments."""

from __future__ import annotations

import re
import unicodedata
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from index.corpus.canonical import Canonical
from index.corpus.markup import Blocks
from index.corpus.reader import Attachment, Origin, Reader, Reading
from index.corpus.web_page import decoded, tree_of
from rag.errors import FileRefused
from rag.metadata import Metadata

MOST_PARTS = 500
MOST_ATTACHMENTS = 50
LONGEST_NAME = 120
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_NESTED = "An e-mail within an e-mail is not read. Save it as a file of the folder."
_HEADER = re.compile(rb"^(?:From|Subject|Date|To|Received|Message-ID|MIME-Version|Return-Path):\s", re.I | re.M)


def read(raw: bytes) -> Reading:
    """The text of a message; blank where there are only attachments. Raises FileRefused."""
    message, parts = _opened(raw)
    metadata = _metadata(message)
    for wanted in ("text/plain", "text/html"):
        for number, part in enumerate(parts):
            content = part.get_payload(decode=True) if part.get_content_type() == wanted else None
            if isinstance(content, bytes) and content.strip() and part.get_content_disposition() != "attachment":
                return _reading(content, part, number, metadata)
    if any(_name(part) for part in parts):
        return Reading("", "utf-8", metadata)
    raise FileRefused("The message has no text.")


def attachments(raw: bytes) -> list[Attachment]:
    """The files that a message carries, in order; those of a message within it are not looked for. Raises FileRefused.

    An attached message has no content, and neither have those beyond the limit.
    """
    found: list[Attachment] = []
    inner = set[int]()
    for number, part in enumerate(_opened(raw)[1]):
        if part.get_content_type() == "message/rfc822":
            inner |= {id(below) for below in part.walk()}
            if part.get_content_disposition() == "attachment" or _name(part):
                found.append(Attachment(_name(part) or "message.eml", f"{number}", reason=_NESTED))
        elif id(part) not in inner and not part.is_multipart() and (name := _name(part)):
            content = part.get_payload(decode=True) if len(found) < MOST_ATTACHMENTS else b""
            reason = (
                "" if len(found) < MOST_ATTACHMENTS else f"The message has more than {MOST_ATTACHMENTS} attachments."
            )
            found.append(Attachment(name, f"{number}", content if isinstance(content, bytes) else b"", reason))
    return found


def _opened(raw: bytes) -> tuple[EmailMessage, list[EmailMessage]]:
    """A message and all its parts. Raises FileRefused."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    parts: list[EmailMessage] = []
    for part in message.walk():
        parts.append(part)
        if len(parts) > MOST_PARTS:
            raise FileRefused(f"The message has more than {MOST_PARTS} parts.", "Save what is wanted of it as files.")
    return message, parts


def _name(part: EmailMessage) -> str:
    """The name of the file that a part is, on one line and without what nobody sees; empty for other parts."""
    try:
        given = str(part.get_filename() or "")[:1000]
    except (ValueError, LookupError, IndexError, TypeError):  # the header is broken
        return ""
    seen = "".join(" " if c.isspace() else c for c in given if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join(seen.replace("\\", "/").rsplit("/", 1)[-1].split())[-LONGEST_NAME:].strip()


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


READER = Reader("email", 2, frozenset({".eml"}), recognises, read, isolated=True, attachments=attachments)
