"""The catalogue's tables, and the statements that fill them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from index.records import ModelKey
from rag.vectors import Vectors

if TYPE_CHECKING:  # the splitter brings LlamaIndex, for which a probe would wait
    from index.corpus.documents import Document
    from index.corpus.passages import Passage

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
  id TEXT PRIMARY KEY, root TEXT NOT NULL, file TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, encoding TEXT NOT NULL,
  size INTEGER NOT NULL, lines INTEGER NOT NULL, chars INTEGER NOT NULL, indexed_at TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE passages (
  pk INTEGER PRIMARY KEY AUTOINCREMENT, document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL, char_start INTEGER NOT NULL, char_end INTEGER NOT NULL,
  line_start INTEGER NOT NULL, line_end INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (document_id, ordinal)
);
CREATE TABLE sentences (
  passage_pk INTEGER NOT NULL REFERENCES passages(pk) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  char_start INTEGER NOT NULL, char_end INTEGER NOT NULL, line_start INTEGER NOT NULL, line_end INTEGER NOT NULL,
  PRIMARY KEY (passage_pk, ordinal)
) WITHOUT ROWID;
CREATE TABLE vectors (
  passage_pk INTEGER NOT NULL REFERENCES passages(pk) ON DELETE CASCADE, model TEXT NOT NULL,
  passage BLOB NOT NULL, sentences BLOB NOT NULL, PRIMARY KEY (model, passage_pk)
);
"""


def put(db: sqlite3.Connection, values: dict[str, str]) -> None:
    """Set values of the meta table."""
    db.executemany("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", values.items())


def delete(db: sqlite3.Connection, ids: Sequence[str]) -> list[int]:
    """Delete documents; the keys of their passages."""
    pks = []
    for id_ in ids:
        pks += [row[0] for row in db.execute("SELECT pk FROM passages WHERE document_id = ?", (id_,))]
        db.execute("DELETE FROM documents WHERE id = ?", (id_,))
    return pks


def insert_passage(db: sqlite3.Connection, pk: int, document: Document, ordinal: int, passage: Passage) -> None:
    """Insert a passage and its sentences under a key that was reserved for it."""
    span = passage.span
    text = document.source.text[span.char_start : span.char_end]
    row = (pk, document.id, ordinal, span.char_start, span.char_end, span.line_start, span.line_end, text)
    db.execute("INSERT INTO passages VALUES (?,?,?,?,?,?,?,?)", row)
    db.executemany(
        "INSERT INTO sentences VALUES (?,?,?,?,?,?)",
        [(pk, i, s.char_start, s.char_end, s.line_start, s.line_end) for i, s in enumerate(passage.sentences)],
    )


def insert_vectors(db: sqlite3.Connection, pk: int, model: ModelKey, passage: Vectors, sentences: Vectors) -> None:
    """Insert or replace a model's vectors of a passage."""
    # Sentences in half precision: cosines change by under 0.001, the catalogue halves.
    row = (pk, str(model), passage.astype(np.float32).tobytes(), sentences.astype(np.float16).tobytes())
    db.execute("INSERT OR REPLACE INTO vectors VALUES (?,?,?,?)", row)
