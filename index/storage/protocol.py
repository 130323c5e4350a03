"""What a projection is: a search index made from the catalogue's passages. The dense and the lexical one meet it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from index.records import PassageRow
from rag.vectors import Vectors

Kind = Literal["dense", "lexical"]
KINDS: tuple[Kind, ...] = ("dense", "lexical")
LIBRARY: dict[Kind, str] = {"dense": "Chroma", "lexical": "tantivy"}  # what messages call them


class Entry(NamedTuple):
    """A passage as it enters a projection: its key in the catalogue, its vector and its text."""

    pk: int
    vector: Vectors
    text: str


@dataclass(frozen=True)
class Query:
    """A question as projections look for it: its vector and its terms, and the passages that may be found."""

    vector: Vectors
    terms: Sequence[str] = ()
    within: Sequence[int] | None = None


class Projection(Protocol):
    """One search index over passages, each under its key (`pk`). Every method raises ProjectionDamaged."""

    def change(self, removed: Sequence[int], added: Sequence[Entry]) -> None:
        """Remove passages and add others. Unknown keys are ignored."""

    def adding(self) -> AbstractContextManager[Callable[[Sequence[Entry]], None]]:
        """Add many passages, batch by batch, with the function that this gives; all are visible at its end."""

    def search(self, query: Query, limit: int) -> list[tuple[int, float]]:
        """(pk, score) of the passages that match best, best first. The lexical one keeps to `query.within`."""

    def lost(self, sample: Sequence[PassageRow]) -> int:
        """How many of these passages don't find themselves."""

    def count(self) -> int:
        """Number of passages."""

    def pks(self) -> set[int]:
        """The keys of all passages."""

    def reload(self) -> None:
        """See what another process has written."""

    def discard(self) -> None:
        """Close it for good. Its folder is deleted by the caller; what is kept elsewhere is deleted here."""

    def close(self) -> None:
        """Let go of files and connections."""


class LexicalProjection(Projection, Protocol):
    """A projection that also knows how texts become terms, and how rare a term is."""

    def terms(self, text: str) -> list[str]:
        """The terms of a text, in order, repeats included."""

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """The weight of each term: the rarer, the higher."""
