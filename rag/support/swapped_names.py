"""Finds statements that swap who did what to whom, by exchanging two of their names.

Where a statement names two of a kind in another order than its quote does, it may be a passive or a swap. The form
with the two exchanged tells them apart: when that one is nearer to the quote, the statement has them the wrong way
round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice

from rag.support.names import MOST_NAMES, Name, Names, same

_MOST = 6  # forms of one statement: each costs an encoding


@dataclass(frozen=True)
class Exchanged:
    """A statement's text with two names exchanged, and the two as they stood."""

    text: str
    first: str
    second: str


def exchanged(text: str, quote: str) -> list[Exchanged]:
    """Forms of a text with two names exchanged, for names that the quote has in the other order."""
    return list(islice(_forms(text, Names(quote)), _MOST))


def _forms(text: str, quote: Names) -> Iterator[Exchanged]:
    firsts: list[tuple[Name, int]] = []
    for name in Names(text).all[:MOST_NAMES]:
        place = quote.place(name)
        if place is not None and not any(same(name, other) for other, _ in firsts):
            firsts.append((name, place))
    for (a, a_place), (b, b_place) in combinations(firsts, 2):
        if a_place > b_place and bool(a.label) == bool(b.label):
            first, second = text[a.start : a.end], text[b.start : b.end]
            yield Exchanged(text[: a.start] + second + text[a.end : b.start] + first + text[b.end :], first, second)
