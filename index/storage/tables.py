"""The catalogue's tables, and the statements that fill them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from index.corpus.line_kinds import stored
from index.storage.database import Connection
from rag.runs import Run

if TYPE_CHECKING:  # the splitter brings LlamaIndex, for which a probe would wait
    from index.corpus.documents import Document
    from index.corpus.passages import Passage

SCHEMA_VERSION = 4
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
  id TEXT PRIMARY KEY, root TEXT NOT NULL, file TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, encoding TEXT NOT NULL,
  size INTEGER NOT NULL, lines INTEGER NOT NULL, chars INTEGER NOT NULL, indexed_at TEXT NOT NULL, text TEXT NOT NULL,
  reader TEXT NOT NULL DEFAULT 'text/1', title TEXT, author TEXT, published TEXT, url TEXT, language TEXT,
  collection TEXT NOT NULL DEFAULT 'default', blocks TEXT NOT NULL DEFAULT ''
);
CREATE TABLE passages (
  pk INTEGER PRIMARY KEY AUTOINCREMENT, document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL, char_start INTEGER NOT NULL, char_end INTEGER NOT NULL,
  line_start INTEGER NOT NULL, line_end INTEGER NOT NULL, text TEXT NOT NULL,
  source TEXT, runs TEXT, section TEXT NOT NULL DEFAULT '', context TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL DEFAULT 'text', UNIQUE (document_id, ordinal)
);
CREATE TABLE sentences (
  passage_pk INTEGER NOT NULL REFERENCES passages(pk) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  char_start INTEGER NOT NULL, char_end INTEGER NOT NULL, line_start INTEGER NOT NULL, line_end INTEGER NOT NULL,
  PRIMARY KEY (passage_pk, ordinal)
) WITHOUT ROWID;
CREATE TABLE origins (
  document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE, char_start INTEGER NOT NULL,
  char_end INTEGER NOT NULL, place TEXT NOT NULL, boxes BLOB NOT NULL, PRIMARY KEY (document_id, char_start)
) WITHOUT ROWID;
CREATE TABLE vectors (
  passage_pk INTEGER NOT NULL REFERENCES passages(pk) ON DELETE CASCADE, model TEXT NOT NULL,
  passage BLOB NOT NULL, sentences BLOB NOT NULL, PRIMARY KEY (model, passage_pk)
);
"""
# What brings a catalogue of an earlier version to the next one. Plain text is all that version 1 knew: a file that has
# a reader of its own now is read again by the next sync. Version 2 had one collection,
# and version 3 did not keep what each line is.
MIGRATIONS = {
    1: """
ALTER TABLE documents ADD COLUMN reader TEXT NOT NULL DEFAULT 'text/1';
ALTER TABLE documents ADD COLUMN title TEXT;
ALTER TABLE documents ADD COLUMN author TEXT;
ALTER TABLE documents ADD COLUMN published TEXT;
ALTER TABLE documents ADD COLUMN url TEXT;
ALTER TABLE documents ADD COLUMN language TEXT;
ALTER TABLE passages ADD COLUMN source TEXT;
ALTER TABLE passages ADD COLUMN runs TEXT;
ALTER TABLE passages ADD COLUMN section TEXT NOT NULL DEFAULT '';
ALTER TABLE passages ADD COLUMN context TEXT NOT NULL DEFAULT '';
ALTER TABLE passages ADD COLUMN kind TEXT NOT NULL DEFAULT 'text';
CREATE TABLE origins (
  document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE, char_start INTEGER NOT NULL,
  char_end INTEGER NOT NULL, place TEXT NOT NULL, boxes BLOB NOT NULL, PRIMARY KEY (document_id, char_start)
) WITHOUT ROWID;
""",
    2: "ALTER TABLE documents ADD COLUMN collection TEXT NOT NULL DEFAULT 'default'",
    3: "ALTER TABLE documents ADD COLUMN blocks TEXT NOT NULL DEFAULT ''",
}
# A passage as it is embedded and searched: behind its context.
WITH_CONTEXT = "CASE p.context WHEN '' THEN p.text ELSE p.context || '\n' || p.text END"


def put(db: Connection, values: dict[str, str]) -> None:
    """Set values of the meta table."""
    db.executemany(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", list(values.items())
    )


def delete(db: Connection, ids: Sequence[str]) -> list[int]:
    """Delete documents; the keys of their passages."""
    pks = []
    for id_ in ids:
        pks += [row[0] for row in db.execute("SELECT pk FROM passages WHERE document_id = ?", (id_,))]
        db.execute("DELETE FROM documents WHERE id = ?", (id_,))
    return pks


def insert_document(db: Connection, document: Document, root: str, collection: str) -> None:
    """Insert a document without its passages."""
    about = document.metadata
    row = (
        document.id, root, document.file, document.sha256, document.encoding, document.size,
        document.source.line_count, len(document.source.text), datetime.now(UTC).isoformat(timespec="seconds"),
        document.source.text, document.reader, about.title, about.author, about.published, about.url, about.language,
        collection, stored(document.blocks),
    )  # fmt: skip
    db.execute("INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", row)
    db.executemany(
        "INSERT INTO origins VALUES (?,?,?,?,?)",
        [
            (document.id, o.start, o.end, json.dumps(o.place, ensure_ascii=False), zlib.compress(o.boxes, 1))
            for o in document.origins
        ],
    )


def insert_passages(db: Connection, pks: Sequence[int], document: Document, passages: Sequence[Passage]) -> None:
    """Insert the passages of a document and their sentences, under keys that were reserved for them.

    All of them at once: over a network each statement waits for its answer.
    """
    rows = [_passage(pk, document, n, passage) for n, (pk, passage) in enumerate(zip(pks, passages, strict=True))]
    db.executemany("INSERT INTO passages VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
    db.executemany(
        "INSERT INTO sentences VALUES (?,?,?,?,?,?)",
        [
            (pk, i, s.char_start, s.char_end, s.line_start, s.line_end)
            for pk, passage in zip(pks, passages, strict=True)
            for i, s in enumerate(passage.sentences)
        ],
    )


def _passage(pk: int, document: Document, ordinal: int, passage: Passage) -> tuple[Any, ...]:
    """The row of a passage."""
    span = passage.span
    source = document.source.text[span.char_start : span.char_end]
    edited = passage.text is not None and passage.text != source
    return (
        pk, document.id, ordinal, span.char_start, span.char_end, span.line_start, span.line_end,
        passage.text if edited else source, source if edited else None, json.dumps(passage.runs) if edited else None,
        passage.section, passage.context, passage.kind,
    )  # fmt: skip


def runs_of(stored: str | None) -> tuple[Run, ...]:
    """The runs of a passage, as they were stored."""
    return tuple(Run(*run) for run in json.loads(stored)) if stored else ()
