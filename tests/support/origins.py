"""Whether a reading's origins are right: each character stands at the place that it names."""

from __future__ import annotations

from array import array
from typing import Any

from index.corpus.reader import Origin, Reading


def glyph_boxes(origin: Origin) -> list[tuple[float, float, float, float]]:
    """The boxes of an origin's characters: left, top, right, bottom."""
    values = array("f")
    values.frombytes(origin.boxes)
    found = [tuple(values[n : n + 4]) for n in range(0, len(values), 4)]
    return [(a, b, c, d) for a, b, c, d in found]


def assert_in_order(reading: Reading) -> None:
    """Origins and blocks are in order, within the text, and don't overlap."""
    for spans in (reading.origins, reading.blocks):
        end = 0
        for span in spans:
            assert end <= span.start < span.end <= len(reading.text)
            end = span.end


def assert_from_tree(reading: Reading, nodes: list[Any]) -> None:
    """Each character stands in the tree's node that its origin names, white space folded; all but joints have one."""
    assert_in_order(reading)
    left = list(reading.text)
    for origin in reading.origins:
        node = nodes[origin.place["element"]]
        text = (node.tail if origin.place.get("tail") else node.text)[origin.place["offset"] :]
        own = reading.text[origin.start : origin.end]
        assert _folded(text[: len(own)]) == _folded(own)
        left[origin.start : origin.end] = " " * len(own)
    assert set("".join(left)) <= set(" |\n")


def _folded(text: str) -> list[str]:
    return [" " if char.isspace() else char for char in text]
