"""Where stretches of indexed documents come from: read from the catalogue's table of origins."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterator, Sequence

from index.corpus.reader import Origin
from index.storage.database import Connection
from rag.types import Box, Printed


def origins(db: Connection, id_: str, start: int, end: int) -> Iterator[Origin]:
    """The origins that a stretch of a document touches, in order."""
    query = """SELECT char_start, char_end, place, boxes FROM origins WHERE document_id = ? AND char_start < ?
        AND char_start >= coalesce((SELECT max(char_start) FROM origins WHERE document_id = ? AND char_start <= ?), 0)
        ORDER BY char_start"""
    for first, last, place, boxes in db.execute(query, (id_, end, id_, start)):
        if last > start:
            yield Origin(first, last, json.loads(place), zlib.decompress(boxes))


def places(db: Connection, id_: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """(char_start, char_end, page, line on it) of each printed line that begins in a stretch, in order."""
    query = """SELECT char_start, char_end, place FROM origins WHERE document_id = ? AND char_start >= ?
        AND char_start <= ? ORDER BY char_start"""
    for first, last, place in db.execute(query, (id_, start, 2**62 if end is None else end)):
        at = json.loads(place)
        if "page" in at:
            yield first, last, int(at["page"]), int(at["line"])


def printed(found: Sequence[Origin], start: int, end: int) -> Printed | None:
    """Pages, lines and boxes of a stretch; None where it is on no page."""
    lines: dict[tuple[int, int], list[float] | None] = {}
    for origin in found:
        if origin.end <= start or origin.start >= end:
            continue
        if "page" not in origin.place:
            return None
        key = int(origin.place["page"]), int(origin.place["line"])
        around = _around(origin, max(start, origin.start), min(end, origin.end))
        lines[key] = _both(lines.get(key), around)
    if not lines:
        return None
    (page, line), (last_page, last_line) = min(lines), max(lines)
    boxes = tuple(_box(key[0], sides) for key, sides in lines.items() if sides is not None)
    return Printed(page, line, last_page, last_line, boxes)


def _around(origin: Origin, start: int, end: int) -> list[float] | None:
    values = array("f")
    values.frombytes(origin.boxes[16 * (start - origin.start) : 16 * (end - origin.start)])
    inked = [values[n : n + 4] for n in range(0, len(values), 4) if values[n + 2] > values[n]]
    if not inked:
        return None
    return [min(b[0] for b in inked), min(b[1] for b in inked), max(b[2] for b in inked), max(b[3] for b in inked)]


def _both(a: list[float] | None, b: list[float] | None) -> list[float] | None:
    if a is None or b is None:
        return a or b
    return [min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])]


def _box(page: int, sides: Sequence[float]) -> Box:
    left, top, right, bottom = (round(side, 2) for side in sides)
    return Box(page=page, left=left, top=top, right=right, bottom=bottom)
