"""How a file and what was read of it travel between two processes: as JSON and bytes, which can't run anything."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

from index.corpus.reader import Attachment, Block, Edit, Origin, Reading
from rag.errors import FileRefused
from rag.metadata import Metadata

MOST_BYTES = 1_000_000_000  # of one part of a message
_LENGTHS = struct.Struct("!QQ")


def sent(stream: IO[bytes], head: bytes, body: bytes) -> None:
    """Write a message of two parts."""
    stream.write(_LENGTHS.pack(len(head), len(body)))
    stream.write(head)
    stream.write(body)
    stream.flush()


def parts(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """Read a message of two parts. Raises EOFError when the other side is gone, ValueError for a broken one."""
    head, body = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    if max(head, body) > MOST_BYTES:
        raise ValueError("a message is too long")
    return _exactly(stream, head), _exactly(stream, body)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        piece = stream.read(size - len(found))
        if not piece:
            raise EOFError("the other side is gone")
        found += piece
    return bytes(found)


def packed(reading: Reading) -> tuple[bytes, bytes]:
    """A reading as a message: all but the boxes as JSON, the boxes one after the other."""
    head = {
        "text": reading.text,
        "encoding": reading.encoding,
        "metadata": asdict(reading.metadata),
        "blocks": [[b.start, b.end, b.kind, b.section, b.lead, b.form, b.level] for b in reading.blocks],
        "edits": [[e.start, e.end, e.shown] for e in reading.edits],
        "origins": [[o.start, o.end, o.place, len(o.boxes)] for o in reading.origins],
    }
    return json.dumps(head).encode(), b"".join(origin.boxes for origin in reading.origins)


def packed_attachments(attachments: Sequence[Attachment]) -> tuple[bytes, bytes]:
    """The attachments of a file as a message: their contents one after the other."""
    head = [[found.name, found.part, len(found.content), found.reason] for found in attachments]
    return json.dumps(head).encode(), b"".join(found.content for found in attachments)


def unpacked_attachments(head: Any, body: bytes) -> list[Attachment]:
    """Attachments that came as a message. Raises ValueError for anything else."""
    found, at = [], 0
    try:
        for name, part, length, reason in head:
            found.append(Attachment(str(name), str(part), body[at : at + _within(length, len(body))], str(reason)))
            at += length
    except TypeError as error:
        raise ValueError("a message is broken") from error
    return found


def refused(refusal: FileRefused) -> tuple[bytes, bytes]:
    """A refusal as a message."""
    return json.dumps({"detail": refusal.detail, "hint": refusal.hint}).encode(), b""


def received(stream: IO[bytes]) -> tuple[Any, bytes]:
    """Read an answer. Raises FileRefused when a refusal comes; EOFError, ValueError when nothing usable does."""
    first, body = parts(stream)
    head = json.loads(first)
    if isinstance(head, dict) and "detail" in head:
        raise FileRefused(str(head["detail"]), str(head.get("hint", "")))
    return head, body


def unpacked(head: Any, boxes: bytes) -> Reading:
    """A reading that came as a message. Raises ValueError for anything else: whatever runs there may send anything."""
    try:
        return _reading(head, boxes)
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError("a message is broken") from error


def _reading(head: dict[str, Any], boxes: bytes) -> Reading:
    text, size = str(head["text"]), len(head["text"])
    origins, at = [], 0
    for start, end, place, length in head["origins"]:
        origins.append(Origin(_within(start, size), _within(end, size), dict(place), boxes[at : at + length]))
        at += length
    blocks = tuple(
        Block(
            _within(start, size), _within(end, size), kind, str(section), None if lead is None else (lead[0], lead[1]),
            form, int(level),
        )
        for start, end, kind, section, lead, form, level in head["blocks"]
    )  # fmt: skip
    edits = tuple(Edit(_within(start, size), _within(end, size), str(shown)) for start, end, shown in head["edits"])
    return Reading(text, str(head["encoding"]), Metadata(**head["metadata"]), blocks, edits, tuple(origins))


def _within(offset: Any, size: int) -> int:
    if not isinstance(offset, int) or not 0 <= offset <= size:
        raise ValueError("an offset is outside the text")
    return offset
