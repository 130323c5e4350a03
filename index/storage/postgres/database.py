"""PostgreSQL as the catalogue's database: reads from the pool, writes on the leader's connection."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from index.records import ModelKey
from index.storage.catalog import Catalog
from index.storage.database import Connection, Stored, row_of_vectors
from index.storage.postgres import schema
from index.storage.postgres.connection import Pool, translated
from index.storage.postgres.election import Leadership
from rag.vectors import Vectors

CHANNEL = "renglon_{}"  # by the schema's number; whoever listens looks what is new
PATIENT_S = 86_400.0
KEPT_REMOVALS = 10_000  # generations; a node that was away for longer compares all keys
# The neighbours of a node in the graph, and the candidates while it is built.
GRAPH_M, GRAPH_EF = 16, 64
GRAPH_MEMORY = "512MB"  # while it is built; a graph of 300,000 passages fits, larger ones take several times as long
MOST_DIMENSIONS = 4000  # of half-precision vectors in a graph; longer ones are compared one by one


class PostgresDatabase(Pool):
    """One schema of a PostgreSQL database. Raises DatabaseAway and DatabaseUnusable wherever it is used."""

    def __init__(self, url: str, who: dict[str, Any]) -> None:
        super().__init__(url)
        self.place = schema.prepare(self)
        self.channel = CHANNEL.format(self.place)
        self.leadership = Leadership(self, self.place, who)

    # -- writing

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing; within another one, a part of it. Raises IndexBusy where another node writes."""
        if self.session is not None and self._writing:
            yield self.session
            return
        with (
            self.leadership.session() as session, self.own(session), translated(self.name),
            session.connection.transaction(),
        ):  # fmt: skip
            schema.require_known(_value(session, "schema"))
            self._writing = True
            try:
                yield session
                session.execute("SELECT pg_notify(?, '')", (self.channel,))
            finally:
                self._writing = False

    @property
    def _writing(self) -> bool:
        return bool(getattr(self._local, "writing", False))

    @_writing.setter
    def _writing(self, writing: bool) -> None:
        self._local.writing = writing

    @contextmanager
    def kept(self) -> Iterator[Mapping[str, str | None]]:
        """What a query asks of the meta table again and again, read once for this thread and for the block."""
        names = dict.fromkeys(("generation", "model", "schema"))
        rows = self.db.execute("SELECT key, value FROM meta WHERE key IN (?, ?, ?)", tuple(names))
        self._local.kept = {**names, **dict(rows)}
        try:
            yield self._local.kept
        finally:
            self._local.kept = None

    def kept_value(self, key: str) -> tuple[str | None, ...]:
        """A value that was read already, alone in a tuple; an empty one where it was not."""
        kept = getattr(self._local, "kept", None)
        return (kept[key],) if kept and key in kept else ()

    def reserve(self, db: Connection, count: int) -> int:
        """Reserve keys for so many passages, in a transaction; the first of them."""
        query = "UPDATE meta SET value = (value::int8 + ?)::text WHERE key = 'keys' RETURNING value::int8"
        return int(db.execute(query, (count,)).fetchone()[0]) - count + 1

    def insert_vectors(self, db: Connection, model: ModelKey, rows: Iterable[Stored]) -> None:
        """Insert or replace a model's vectors of passages, in a transaction."""
        db.executemany(INSERT_VECTORS, [(*row_of_vectors(model, row), as_text(row[1])) for row in rows])

    def note_removed(self, db: Connection, pks: Sequence[int]) -> None:
        """Note which passages left, for the nodes that follow; in the transaction that removes them."""
        generation = int(_value(db, "generation") or 0)
        db.executemany("INSERT INTO removals VALUES (?, ?)", [(generation, pk) for pk in pks])
        db.execute("DELETE FROM removals WHERE generation < ?", (generation - KEPT_REMOVALS,))

    def keep_original(self, db: Connection, id_: str, sha256: str, content: bytes) -> None:
        """Keep the bytes of an uploaded document, in the transaction that stores it."""
        db.execute("INSERT INTO originals VALUES (?, ?, ?)", (id_, sha256, content))

    # -- the graph of nearest neighbours

    def index_model(self, model: ModelKey) -> None:
        """Have the vectors of a model in a graph. Those that are there already are brought into it now."""
        if model.dimension > MOST_DIMENSIONS:
            return
        statement = sql.SQL(
            "CREATE INDEX IF NOT EXISTS {name} ON vectors USING hnsw ((nearest::halfvec({dimension})) halfvec_ip_ops)"
            " WITH (m = {m}, ef_construction = {ef}) WHERE model = {model}"
        ).format(
            name=sql.Identifier(index_name(model)), dimension=sql.Literal(model.dimension), m=sql.Literal(GRAPH_M),
            ef=sql.Literal(GRAPH_EF), model=sql.Literal(str(model)),
        )  # fmt: skip
        with self.leadership.session() as session, translated(self.name), _patient(session.connection):
            session.connection.execute(statement)

    def drop_other_graphs(self, model: ModelKey) -> None:
        """Delete the graphs of all models but one."""
        names = self.db.execute(
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'vectors'"
            " AND indexname LIKE 'nearest\\_%' AND indexname <> ?", (index_name(model),),
        ).fetchall()  # fmt: skip
        with self.leadership.session() as session, translated(self.name):
            for (name,) in names:
                session.connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier(name)))

    def rebuild_graph(self, model: ModelKey) -> None:
        """Build the graph from the vectors again, while the old one answers."""
        statement = sql.SQL("REINDEX INDEX CONCURRENTLY {}").format(sql.Identifier(index_name(model)))
        with self._maintenance() as connection, translated(self.name):
            connection.execute(statement)

    # -- health

    def integrity(self) -> list[str]:
        """What is wrong with the tables; empty when they are well. PostgreSQL itself holds its references."""
        query = """SELECT count(*) FROM passages p WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.passage_pk = p.pk
            AND v.model = (SELECT value FROM meta WHERE key = 'model'))"""
        missing = int(self.db.execute(query).fetchone()[0])
        return [f"{missing} passages have no vectors"] if missing else []

    def size(self) -> int:
        """Bytes of the tables and of what belongs to them."""
        query = """SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::int8 FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"""
        return int(self.db.execute(query).fetchone()[0])

    def vacuum(self) -> None:
        """Rewrite the tables without what was deleted; queries wait meanwhile."""
        with self._maintenance() as connection, translated(self.name):
            for table in ("documents", "passages", "sentences", "origins", "vectors", "originals", "job_files", "jobs"):
                connection.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(table)))

    @contextmanager
    def _maintenance(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection whose statements take as long as they take."""
        with self.connect() as connection, _patient(connection):
            yield connection

    def close(self) -> None:
        """Close every connection, and let another node write."""
        self.leadership.resign()
        super().close()


class PostgresCatalog(Catalog):
    """The catalogue of a node."""

    def __init__(self, database: PostgresDatabase) -> None:
        super().__init__(database)
        self._node = database

    def get(self, key: str) -> str | None:
        """A value of the meta table."""
        known = self._node.kept_value(key)
        return known[0] if known else super().get(key)


@contextmanager
def _patient(connection: Any) -> Iterator[None]:
    """Let statements take as long as they take."""
    connection.execute("SET statement_timeout = 0")
    connection.execute(f"SET maintenance_work_mem = '{GRAPH_MEMORY}'")
    connection.reply_s = PATIENT_S
    try:
        yield
    finally:
        del connection.reply_s


INSERT_VECTORS = """INSERT INTO vectors VALUES (?, ?, ?, ?, ?::halfvec) ON CONFLICT (passage_pk, model) DO UPDATE
    SET passage = excluded.passage, sentences = excluded.sentences, nearest = excluded.nearest"""


def index_name(model: ModelKey) -> str:
    """The name of a model's graph."""
    return f"nearest_{hashlib.sha256(str(model).encode()).hexdigest()[:16]}"


def as_text(vector: Vectors) -> str:
    """A vector as pgvector reads it, exact to half precision."""
    halves: Any = vector.astype(np.float16).astype(np.float64)
    return "[" + ",".join(f"{value:.5g}" for value in halves.tolist()) + "]"


def _value(db: Connection, key: str) -> str | None:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])
