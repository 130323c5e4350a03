"""Nearest passages by pgvector: a graph over half-precision vectors, in the state that the query's snapshot sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from psycopg import sql

from index.records import ModelKey, PassageRow
from index.storage.catalog import Catalog
from index.storage.postgres.database import PostgresDatabase, as_text
from index.storage.protocol import Entry, Query


class PostgresDense:
    """The vectors of the model that answers. Nothing is projected: they change with the catalogue, in one commit."""

    def __init__(self, database: PostgresDatabase, catalog: Catalog) -> None:
        self._database, self._catalog = database, catalog
        self._statement: tuple[ModelKey, sql.Composed] | None = None

    def change(self, removed: Sequence[int], added: Sequence[Entry]) -> None:
        """Nothing to do."""

    @contextmanager
    def adding(self) -> Iterator[Callable[[Sequence[Entry]], None]]:
        """Nothing to add."""
        yield lambda _: None

    def search(self, query: Query, limit: int) -> list[tuple[int, float]]:
        """(pk, cosine) of the nearest passages, nearest first."""
        model = self._catalog.model
        if model is None:
            return []
        statement, values = self._nearest(model), (as_text(query.vector), limit)
        rows: list[tuple[int, float]] = self._database.retried(lambda session: session.select(statement, values))
        return [(int(pk), -float(product)) for pk, product in rows]

    def _nearest(self, model: ModelKey) -> sql.Composed:
        """The model stands in the statement itself: its graph holds the rows of that model only."""
        known = self._statement
        if known is None or known[0] != model:
            query = sql.SQL(
                "SELECT passage_pk, nearest::halfvec({n}) <#> q.v FROM vectors, (SELECT %s::halfvec({n}) AS v) AS q"
                " WHERE model = {model} ORDER BY nearest::halfvec({n}) <#> q.v LIMIT %s"
            ).format(n=sql.Literal(model.dimension), model=sql.Literal(str(model)))
            known = self._statement = (model, query)
        return known[1]

    def lost(self, sample: Sequence[PassageRow]) -> int:
        """How many passages don't find themselves by their vector."""
        return sum(max((c for _, c in self.search(Query(row.vector), 3)), default=0) < 0.998 for row in sample)

    def count(self) -> int:
        """Number of passages."""
        return len(self.pks())

    def pks(self) -> set[int]:
        """The keys of all passages that can be found."""
        query = "SELECT passage_pk FROM vectors WHERE nearest IS NOT NULL AND model = ?"
        return {int(row[0]) for row in self._database.db.execute(query, (str(self._catalog.model),))}

    def reload(self) -> None:
        """Nothing to do: each query sees the latest."""

    def discard(self) -> None:
        """Nothing is kept outside the database."""

    def close(self) -> None:
        """Nothing to close."""
