"""The tables in PostgreSQL, how a database becomes ours, and why one can't be used."""

from __future__ import annotations

import uuid
from typing import Any

from psycopg import errors

from index.storage.postgres.connection import Pool, Session, translated
from rag.errors import DatabaseUnusable

VERSION = 2
OLDEST_SERVER = 140_000  # idle sessions end by themselves from then on
OLDEST_VECTOR = (0, 8, 4)  # before that, VACUUM could damage an index
# The same tables and columns as in SQLite, where `tables.py` explains them. File names sort by their bytes, as there.
SCHEMA = """
CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE documents (
  id text PRIMARY KEY, root text NOT NULL, file text COLLATE "C" NOT NULL UNIQUE, sha256 text NOT NULL,
  encoding text NOT NULL, size bigint NOT NULL, lines bigint NOT NULL, chars bigint NOT NULL, indexed_at text NOT NULL,
  text text NOT NULL, reader text NOT NULL, title text, author text, published text, url text, language text,
  collection text NOT NULL, blocks text NOT NULL DEFAULT ''
);
CREATE TABLE passages (
  pk bigint PRIMARY KEY, document_id text NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  ordinal integer NOT NULL, char_start bigint NOT NULL, char_end bigint NOT NULL,
  line_start bigint NOT NULL, line_end bigint NOT NULL, text text NOT NULL,
  source text, runs text, section text NOT NULL, context text NOT NULL, kind text NOT NULL,
  UNIQUE (document_id, ordinal)
);
CREATE TABLE sentences (
  passage_pk bigint NOT NULL REFERENCES passages(pk) ON DELETE CASCADE, ordinal integer NOT NULL,
  char_start bigint NOT NULL, char_end bigint NOT NULL, line_start bigint NOT NULL, line_end bigint NOT NULL,
  PRIMARY KEY (passage_pk, ordinal)
);
CREATE TABLE origins (
  document_id text NOT NULL REFERENCES documents(id) ON DELETE CASCADE, char_start bigint NOT NULL,
  char_end bigint NOT NULL, place text NOT NULL, boxes bytea NOT NULL, PRIMARY KEY (document_id, char_start)
);
CREATE TABLE vectors (
  passage_pk bigint NOT NULL REFERENCES passages(pk) ON DELETE CASCADE, model text NOT NULL,
  passage bytea STORAGE EXTERNAL NOT NULL, sentences bytea STORAGE EXTERNAL NOT NULL, nearest halfvec STORAGE PLAIN,
  PRIMARY KEY (passage_pk, model)
);
CREATE TABLE originals (
  document_id text PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE, sha256 text NOT NULL,
  content bytea STORAGE EXTERNAL NOT NULL
);
CREATE TABLE removals (generation bigint NOT NULL, pk bigint NOT NULL, PRIMARY KEY (generation, pk));
CREATE TABLE jobs (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, lane text NOT NULL,
  kind text NOT NULL, state text NOT NULL, record text NOT NULL, asked text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE job_files (
  job_id text NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, ordinal integer NOT NULL, name text NOT NULL,
  content bytea STORAGE EXTERNAL NOT NULL, PRIMARY KEY (job_id, ordinal)
);
"""
# What brings the tables of an earlier version to the next one. Version 1 did not keep what each line is.
MIGRATIONS = {1: "ALTER TABLE documents ADD COLUMN blocks text NOT NULL DEFAULT ''"}


def prepare(pool: Pool) -> int:
    """Make the tables, or bring them up to this version, unless somebody has; the number by which to lock and listen.

    Raises DatabaseUnusable for a server that is too old or has no pgvector, for a database that holds something else,
    for tables of a newer release, and where the user may not make tables; DatabaseAway.
    """
    query = "SELECT to_regnamespace(quote_ident(current_schema()))::oid::int8, current_schema()::text"
    with pool.borrowed() as session, translated(pool.name):
        _require_server(session)
        place = session.execute(query).fetchone()
        if place is None or place[0] is None:
            raise DatabaseUnusable("The database has no schema to put tables in.", "Set search_path in its URL.")
        if session.execute("SELECT to_regclass(?)", (f"{_quoted(place[1])}.meta",)).fetchone()[0] is None:
            _make(session, str(place[1]))
        _bring_up_to_date(session)
        return int(place[0])


def require_known(version: str | None) -> None:
    """Raise DatabaseUnusable when another node has brought the tables to a version that this release doesn't know."""
    if version is not None and int(version) > VERSION:
        raise DatabaseUnusable(
            f"A newer release uses this database: it has schema {version}; this release reads {VERSION}.",
            "Use the newer release on this node too.",
        )


def require_versions(server: int, vector: str | None = None) -> None:
    """Raise DatabaseUnusable when PostgreSQL (its number, as 160003) or pgvector is too old."""
    if server < OLDEST_SERVER:
        raise DatabaseUnusable(
            f"The server is PostgreSQL {server // 10_000}; {OLDEST_SERVER // 10_000} or newer is needed.",
            "Upgrade it, or use another server.",
        )
    if vector is not None and _numbers(vector) < OLDEST_VECTOR:
        oldest = ".".join(map(str, OLDEST_VECTOR))
        raise DatabaseUnusable(
            f"The database has pgvector {vector}; {oldest} or newer is needed.",
            "Install a newer one, then run there: ALTER EXTENSION vector UPDATE.",
        )


def _require_server(session: Session) -> None:
    require_versions(session.connection.info.server_version)
    encoding = session.execute("SHOW server_encoding").fetchone()[0]
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"The database is encoded in {encoding}, which can't hold every text.",
            "Make one with: CREATE DATABASE renglon ENCODING 'UTF8' TEMPLATE template0",
        )


def _make(session: Session, schema: str) -> None:
    """The tables of an empty database. Two nodes that start at once: the second one waits, and finds them."""
    found = session.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')"
    ).fetchall()
    if found and not any(row[0] == "meta" for row in found):
        names = ", ".join(sorted(str(row[0]) for row in found)[:5])
        raise DatabaseUnusable(
            f"The database holds something else: its schema {schema} has the tables {names}.",
            "Make a database of its own: CREATE DATABASE renglon.",
        )
    try:
        with session.connection.transaction():
            session.connection.execute("SELECT pg_advisory_xact_lock(1382377319)")
            _require_vector(session)
            if session.execute("SELECT to_regclass(?)", (f"{_quoted(schema)}.meta",)).fetchone()[0] is None:
                session.connection.execute(SCHEMA)
                first = {"renglon": uuid.uuid4().hex, "schema": str(VERSION), "keys": "0"}
                session.executemany("INSERT INTO meta VALUES (?, ?)", list(first.items()))
    except errors.InsufficientPrivilege as error:
        raise DatabaseUnusable(
            f"The user may not make tables there: {error.diag.message_primary}.",
            f"Grant it: GRANT CREATE, USAGE ON SCHEMA {schema} TO the user.",
        ) from error


def _require_vector(session: Session) -> None:
    """pgvector, made known to the database where the server has it. Raises DatabaseUnusable."""
    row = session.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    if row is None:
        known = session.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'").fetchone()
        if known is None:
            raise DatabaseUnusable("The server has no pgvector.", "Install it there: github.com/pgvector/pgvector.")
        try:
            session.connection.execute("CREATE EXTENSION vector")
        except errors.InsufficientPrivilege as error:
            raise DatabaseUnusable(
                "The database doesn't know pgvector yet, and the user may not change that.",
                "Have an administrator run there: CREATE EXTENSION vector.",
            ) from error
        row = known
    require_versions(session.connection.info.server_version, row[0])


def _bring_up_to_date(session: Session) -> None:
    try:
        kept: dict[str, Any] = dict(session.execute("SELECT key, value FROM meta WHERE key IN ('renglon', 'schema')"))
    except errors.UndefinedColumn:
        kept = {}
    if "renglon" not in kept:
        raise DatabaseUnusable(
            "The database holds something else: its table `meta` is not Renglón's.",
            "Make a database of its own: CREATE DATABASE renglon.",
        )
    require_known(kept["schema"])
    if int(kept["schema"]) < VERSION:
        with session.connection.transaction():
            session.connection.execute("SELECT pg_advisory_xact_lock(1382377319)")
            found = int(session.execute("SELECT value FROM meta WHERE key = 'schema' FOR UPDATE").fetchone()[0])
            for step in range(found, VERSION):
                session.connection.execute(MIGRATIONS[step])
            session.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(VERSION),))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
