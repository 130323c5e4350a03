"""The order in which the pieces of a page are read: columns one after the other, across what runs over all of them.

Works on boxes alone: left, top, right, bottom, in points from the page's upper left corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

_GUTTER = 7.0  # points; the least that separates two columns
_FEWEST = 3  # pieces on either side; less is a table, or a line with a gap
_WIDE = 0.12  # of the width; columns of text are wider than those of figures
_WORDS = 3.0  # words in a piece, on average
_MOST_PARTS = 20  # of a page, each with columns of its own, under one another
_DEEPEST = 3  # columns within columns: four are enough for a newspaper


class Box(NamedTuple):
    """A piece of a line, and how many words it has."""

    left: float
    top: float
    right: float
    bottom: float
    words: int = 1


def reading_order(boxes: Sequence[Box]) -> list[list[int]]:
    """The numbers of the boxes, column by column, each from top to bottom."""
    return _ordered(boxes, list(range(len(boxes))), _DEEPEST)


def _ordered(boxes: Sequence[Box], members: list[int], depth: int) -> list[list[int]]:
    found: list[list[int]] = []
    for _ in range(_MOST_PARTS):
        gutter = _gutter(boxes, members) if depth and len(members) >= 2 * _FEWEST else None
        if gutter is None:
            break
        end = _end_of_columns(boxes, members, *gutter)
        above = members if end is None else [n for n in members if boxes[n].bottom <= end]
        found += _by_columns(boxes, above, *gutter, depth)
        members = [] if end is None else [n for n in members if boxes[n].bottom > end]
    if members:
        found.append(sorted(members, key=lambda n: (boxes[n].top, boxes[n].left)))
    return found


def _by_columns(boxes: Sequence[Box], members: Sequence[int], left: float, right: float, depth: int) -> list[list[int]]:
    """Pieces on both sides of a gutter, and those that run over it."""
    found: list[list[int]] = []
    band: list[int] = []
    for n in sorted(members, key=lambda n: boxes[n].top):
        if _over(boxes[n], left, right):
            found += _band(boxes, band, (left + right) / 2, depth)
            if found and len(found[-1]) and _over(boxes[found[-1][-1]], left, right):
                found[-1].append(n)
            else:
                found.append([n])
            band = []
        else:
            band.append(n)
    return found + _band(boxes, band, (left + right) / 2, depth)


def _end_of_columns(boxes: Sequence[Box], members: Sequence[int], left: float, right: float) -> float | None:
    """Where two columns of about the same length end, and something on one side alone follows above text of the whole
    width, a heading, say; None where the columns go on to the end. Without such text it is the longer column's own."""
    height = median(boxes[n].bottom - boxes[n].top for n in members)
    sides: tuple[list[Box], list[Box]] = ([], [])  # of what stands above, in order
    widest = 0.0  # gap within a column so far
    rows = _bands([boxes[n] for n in members])
    lowest = max((boxes[n].top for n in members if _over(boxes[n], left, right)), default=0.0)
    for band, after in pairwise(rows):
        for side, own in zip(sides, _halves(band, left, right), strict=True):
            for box in own:
                if side:
                    widest = max(widest, box.top - side[-1].bottom)
                side.append(box)
        gap = min(box.top for box in after) - max(box.bottom for box in band)
        if not _alone(after, left, right) or after[0].top > lowest or min(len(side) for side in sides) < _FEWEST:
            continue
        heading = max(box.bottom - box.top for box in after) > 1.15 * height
        ends = [max(box.bottom for box in side) for side in sides]
        if gap > (height if heading else 1.2 * max(height, widest)) and abs(ends[0] - ends[1]) < 2.5 * height:
            return max(box.bottom for box in band)
    return None


def _alone(band: Sequence[Box], left: float, right: float) -> bool:
    """Whether all of it stands on one side of a gutter."""
    first, second = _halves(band, left, right)
    return len(band) in (len(first), len(second))


def _bands(found: Sequence[Box]) -> list[list[Box]]:
    """Boxes from top to bottom, cut wherever nothing at all stands at a height."""
    bands: list[list[Box]] = []
    bottom = float("-inf")
    for box in sorted(found, key=lambda box: (box.top, box.left)):
        if not bands or box.top >= bottom:
            bands.append([])
        bands[-1].append(box)
        bottom = max(bottom, box.bottom)
    return bands


def _halves(band: Sequence[Box], left: float, right: float) -> tuple[list[Box], list[Box]]:
    """What stands to the left and to the right of a gutter; what runs over it is in neither."""
    beside = [box for box in band if not _over(box, left, right)]
    middle = (left + right) / 2
    first = [box for box in beside if (box.left + box.right) / 2 < middle]
    return first, [box for box in beside if (box.left + box.right) / 2 >= middle]


def _over(box: Box, left: float, right: float) -> bool:
    return box.left < left and box.right > right


def _band(boxes: Sequence[Box], members: list[int], middle: float, depth: int) -> list[list[int]]:
    first = [n for n in members if (boxes[n].left + boxes[n].right) / 2 < middle]
    second = [n for n in members if (boxes[n].left + boxes[n].right) / 2 >= middle]
    return _ordered(boxes, first, depth - 1) + _ordered(boxes, second, depth - 1)


def _gutter(boxes: Sequence[Box], members: Sequence[int]) -> tuple[float, float] | None:
    """The strip between two columns: hardly anything stands in it, and text enough on either side."""
    low, high = min(boxes[n].left for n in members), max(boxes[n].right for n in members)
    width = high - low
    if width < 100:
        return None
    cover = _cover(boxes, members, low, high)
    most = max(cover)
    best: tuple[float, float, float] | None = None
    start = None
    for x in range(len(cover) + 1):
        free = x < len(cover) and cover[x] <= 0.4 * most
        if free and start is None:
            start = x
        elif not free and start is not None:
            left, right = low + start, low + x
            if x - start >= _GUTTER and _WIDE * width < start and x < (1 - _WIDE) * width:
                crossing = sum(cover[start:x]) / (x - start)
                if _columns(boxes, members, left, right) and (best is None or crossing < best[0]):
                    best = crossing, left, right
            start = None
    return None if best is None else (best[1], best[2])


def _cover(boxes: Sequence[Box], members: Sequence[int], low: float, high: float) -> list[float]:
    """For each point of the width, how much of the height has text there."""
    steps = [0.0] * (int(high - low) + 2)
    for n in members:
        height = boxes[n].bottom - boxes[n].top
        steps[int(boxes[n].left - low)] += height
        steps[min(len(steps) - 1, int(boxes[n].right - low) + 1)] -= height
    cover, now = [], 0.0
    for step in steps[:-1]:
        now += step
        cover.append(now)
    return cover


def _columns(boxes: Sequence[Box], members: Sequence[int], left: float, right: float) -> bool:
    """Whether both sides read like text: several pieces of several words each, beside one another."""
    first = [boxes[n] for n in members if boxes[n].right <= right]
    second = [boxes[n] for n in members if boxes[n].left >= left]
    if min(len(first), len(second)) < _FEWEST:
        return False
    if min(sum(box.words for box in side) / len(side) for side in (first, second)) < _WORDS:
        return False
    top = max(min(box.top for box in side) for side in (first, second))
    bottom = min(max(box.bottom for box in side) for side in (first, second))
    return bottom > top
