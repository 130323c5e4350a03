"""What the catalogue needs of a database. Its SQL is plain; what differs between databases is behind this protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from index.records import ModelKey
from rag.vectors import Vectors

# The key of a passage, its vector, and those of its sentences.
Stored = tuple[int, Vectors, Vectors]


class Rows(Protocol):
    """What a statement found."""

    @property
    def rowcount(self) -> int:
        """How many rows a statement changed."""

    def fetchone(self) -> Any:
        """The next row; None when there is none."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """Runs statements, whose parameters are written as `?`."""

    def execute(self, query: str, values: Any = (), /) -> Rows:
        """Run a statement."""

    def executemany(self, query: str, rows: Iterable[Any], /) -> Any:
        """Run a statement for each row of values."""


class Database(Protocol):
    """Any thread may read and write; each change is all or nothing, and durable."""

    @property
    def db(self) -> Connection:
        """What this thread reads with."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """All or nothing."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything that this thread reads inside is as it was at the beginning."""

    def reserve(self, db: Connection, count: int) -> int:
        """Reserve keys for so many passages, in a transaction; the first of them. None is ever given out twice."""

    def insert_vectors(self, db: Connection, model: ModelKey, rows: Iterable[Stored]) -> None:
        """Insert or replace a model's vectors of passages, in a transaction."""

    def integrity(self) -> list[str]:
        """What the database finds wrong with itself; empty when it is well."""

    def vacuum(self) -> None:
        """Rewrite what is kept without what was deleted."""

    def close(self) -> None:
        """Close every connection."""


def row_of_vectors(model: ModelKey, stored: Stored) -> Sequence[Any]:
    """A row of the table of vectors. Sentences in half precision: cosines change by under 0.001, the table halves."""
    pk, passage, sentences = stored
    return pk, str(model), passage.astype("<f4").tobytes(), sentences.astype("<f2").tobytes()
