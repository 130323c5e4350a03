"""The catalogue: documents, passages, sentences and vectors, in SQLite or in PostgreSQL. It is the truth.

Chroma and tantivy are projections of it, keyed by a passage's `pk`, which is never used twice: a changed document
gets new passages, so an old entry of a projection can never be taken for a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from index.corpus.line_kinds import LineKind, kinds
from index.records import Change, DocumentRow, ModelKey, PassageRow, Text, with_context
from index.storage import tables
from index.storage.database import Connection, Database
from index.storage.origins import origins, places, printed
from index.storage.sqlite import open_database
from index.storage.tables import WITH_CONTEXT
from rag.errors import RenglonError, UnknownDocument
from rag.metadata import Metadata
from rag.runs import to_readable
from rag.types import Printed
from rag.vectors import Vectors

# A query asks for a few passages at a time; SQLite's own limit on parameters is far above this.
_CHUNK = 500


class Catalog:
    """The tables of documents, passages, sentences and vectors, in whichever database. Safe to read in many threads."""

    def __init__(self, database: Database) -> None:
        self._file = database

    @classmethod
    def at(cls, path: Path) -> Catalog:
        """The catalogue of a data folder, the SQLite file `catalog.sqlite`. Raises DataFolderUnusable."""
        return cls(open_database(path))

    @property
    def _db(self) -> Connection:
        return self._file.db

    def snapshot(self) -> AbstractContextManager[None]:
        """What this thread reads inside is the catalogue's state at the beginning."""
        return self._file.snapshot()

    def vacuum(self) -> None:
        """Rewrite the file without what was deleted. Raises DataFolderUnusable."""
        self._file.vacuum()

    def close(self) -> None:
        """Close every thread's connection."""
        self._file.close()

    # -- meta

    def get(self, key: str) -> str | None:
        """A value of the meta table."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, **values: str) -> None:
        """Set values of the meta table, in one transaction."""
        with self._file.transaction() as db:
            tables.put(db, values)

    @property
    def generation(self) -> int:
        """Counts the changes to documents; 0 for an empty catalogue."""
        return int(self.get("generation") or 0)

    @property
    def model(self) -> ModelKey | None:
        """The model whose vectors answer now; None before the first sync."""
        key = self.get("model")
        return ModelKey.parse(key) if key else None

    # -- writing

    def reserve(self, count: int) -> range:
        """Reserve keys for new passages; none is ever given out twice. From now on the projections count as behind."""
        with self._file.transaction() as db:
            first = self._file.reserve(db, count)
            tables.put(db, {"projected": ""})
        return range(first, first + count)

    def replace(self, change: Change, model: ModelKey, pks: Sequence[int]) -> list[int]:
        """Replace the stored version of a document by another one, in one transaction.

        `pks` holds the keys that were reserved for its passages. Returns the keys of the passages that left.
        """
        document = change.document
        with self._file.transaction() as db:
            removed = tables.delete(db, [document.id])
            tables.insert_document(db, document, change.root, change.collection)
            tables.insert_passages(db, pks, document, change.passages)
            firsts = [0, *accumulate(len(passage.sentences) for passage in change.passages)]
            sentences = [change.sentences[first:last] for first, last in pairwise(firsts)]
            self._file.insert_vectors(db, model, zip(pks, change.vectors, sentences, strict=True))
            tables.put(db, {"generation": str(self.generation + 1)})
            if self.model is None:
                tables.put(db, {"model": str(model)})
        return removed

    def remove(self, ids: Sequence[str]) -> list[int]:
        """Remove documents; returns the pks of their passages. Unknown ids are left out."""
        with self._file.transaction() as db:
            removed = tables.delete(db, ids)
            if removed:
                tables.put(db, {"generation": str(self.generation + 1)})
        return removed

    def assign(self, root: str, collection: str) -> int:
        """Let all documents of a folder belong to a collection; returns how many belonged to another one."""
        with self._file.transaction() as db:
            moved = db.execute(
                "UPDATE documents SET collection = ? WHERE root = ? AND collection <> ?", (collection, root, collection)
            ).rowcount
            if moved:
                tables.put(db, {"generation": str(self.generation + 1)})
        return moved

    def add_vectors(self, model: ModelKey, rows: Iterable[tuple[int, Vectors, Vectors]]) -> None:
        """Store (pk, passage vector, sentence vectors) of a model beside those of the one that answers."""
        with self._file.transaction() as db:
            known = [  # others may have left meanwhile
                row for row in rows if db.execute("SELECT 1 FROM passages WHERE pk = ?", row[:1]).fetchone()
            ]
            self._file.insert_vectors(db, model, known)

    def switch_model(self, model: ModelKey, **meta: str) -> None:
        """Answer with another model's vectors from now on, and set values of the meta table; one transaction."""
        with self._file.transaction() as db:
            missing = db.execute(
                "SELECT count(*) FROM passages WHERE pk NOT IN (SELECT passage_pk FROM vectors WHERE model = ?)",
                (str(model),),
            ).fetchone()[0]
            if missing:
                raise RenglonError(f"{missing} passages have no vectors of {model} yet.", "Run: renglon sync --reembed")
            generation = str(self.generation + 1)
            tables.put(db, {**meta, "model": str(model), "generation": generation, "projected": generation})

    def drop_other_vectors(self) -> None:
        """Delete the vectors of all models but the one that answers now."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM vectors WHERE model <> (SELECT value FROM meta WHERE key = 'model')")

    # -- reading

    def documents(self) -> list[DocumentRow]:
        """All documents, by file."""
        rows = self._db.execute(f"SELECT {_DOCUMENT} FROM documents ORDER BY file")
        return [DocumentRow(*row) for row in rows]

    def document(self, id_: str) -> DocumentRow:
        """One document. Raises UnknownDocument."""
        row = self._db.execute(f"SELECT {_DOCUMENT} FROM documents WHERE id = ?", (id_,)).fetchone()
        if row is None:
            raise UnknownDocument(f"There is no document {id_!r}.", "GET /v1/documents lists them.")
        return DocumentRow(*row)

    def collections(self) -> dict[str, int]:
        """The collections that have documents, and how many each has."""
        return dict(self._db.execute("SELECT collection, count(*) FROM documents GROUP BY collection").fetchall())

    def text(self, id_: str) -> tuple[str, str] | None:
        """(text, sha256) of a document as it was indexed; None where there is none."""
        row = self._db.execute("SELECT text, sha256 FROM documents WHERE id = ?", (id_,)).fetchone()
        return None if row is None else (row[0], row[1])

    def line_kinds(self, id_: str, lines: Iterable[tuple[int, int]]) -> list[tuple[LineKind | None, int | None]]:
        """(kind, level of a heading) of lines of a document, given the first and the last offset of each."""
        row = self._db.execute("SELECT blocks FROM documents WHERE id = ?", (id_,)).fetchone()
        return list(kinds(row[0] if row else "", lines))

    def about(self, id_: str) -> Metadata:
        """What is known of a document besides its text; nothing of one that is not there."""
        query = "SELECT title, author, published, url, language FROM documents WHERE id = ?"
        row = self._db.execute(query, (id_,)).fetchone()
        return Metadata(*row) if row else Metadata()

    def printed(self, id_: str, char_start: int, char_end: int) -> Printed | None:
        """Where a stretch of a document is printed; None for a format without pages."""
        return printed(list(origins(self._db, id_, char_start, char_end)), char_start, char_end)

    def printed_lines(self, id_: str, start: int, end: int) -> dict[int, tuple[int, int]]:
        """Page and line on it of each printed line that begins in a stretch, by its first character; empty for a
        format without pages."""
        return {first: (page, line) for first, _, page, line in places(self._db, id_, start, end)}

    def page(self, id_: str, page: int) -> tuple[int, int] | None:
        """First character of a page and the end of its last line; None where there is no such page."""
        found = [(first, last) for first, last, at, _ in places(self._db, id_) if at == page]
        return (found[0][0], found[-1][1]) if found else None

    def counts(self) -> dict[str, int]:
        """Number of documents, passages and sentences."""
        return {
            table: int(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
            for table in ("documents", "passages", "sentences")
        }

    def integrity(self) -> list[str]:
        """What the database finds wrong with itself; empty when it is well."""
        return self._file.integrity()

    def spans(self, id_: str) -> list[tuple[int, int, str]]:
        """(char_start, char_end, text) of a document's passages, in order."""
        query = (
            "SELECT char_start, char_end, coalesce(source, text) FROM passages WHERE document_id = ? ORDER BY ordinal"
        )
        return self._db.execute(query, (id_,)).fetchall()

    def pks(self) -> set[int]:
        """The keys of all passages."""
        return set(self._keys("SELECT pk FROM passages"))

    def _keys(self, query: str, values: Sequence[str] = ()) -> list[int]:
        return [row[0] for row in self._db.execute(query, values)]

    def pks_without_vectors(self, model: ModelKey) -> list[int]:
        """Passages that a model has not embedded yet."""
        rows = self._db.execute(
            "SELECT pk FROM passages WHERE pk NOT IN (SELECT passage_pk FROM vectors WHERE model = ?) ORDER BY pk",
            (str(model),),
        )
        return [row[0] for row in rows]

    def texts_of(self, pks: Sequence[int]) -> dict[int, Text]:
        """What is embedded of those passages that there still are: text, and (start, end) of each sentence in it."""
        spans = self._sentences(pks)
        found = {}
        query = "SELECT pk, char_start, text, context, runs FROM passages WHERE pk IN ({})"
        for pk, start, text, context, runs in self._in(query, pks):
            own = [to_readable(tables.runs_of(runs), a - start, b - start) for a, b, _, _ in spans[pk]]
            found[pk] = with_context(context, text, own)
        return found

    def passages(self, pks: Sequence[int]) -> list[PassageRow]:
        """Passages in the order given, those that the catalogue no longer has left out."""
        sentences = self._sentences(pks)
        found = {}
        query = """SELECT p.pk, p.document_id, d.file, d.sha256, p.ordinal, p.char_start, p.char_end, p.line_start,
            p.line_end, p.text, p.source, p.runs, p.section, p.context, p.kind, v.passage, v.sentences
            FROM passages p JOIN documents d ON d.id = p.document_id
            JOIN vectors v ON v.passage_pk = p.pk AND v.model = (SELECT value FROM meta WHERE key = 'model')
            WHERE p.pk IN ({})"""
        for *row, source, runs, section, context, kind, passage, matrix in self._in(query, pks):
            vector = np.frombuffer(passage, np.float32)
            stored = np.frombuffer(matrix, np.float16).reshape(-1, vector.size).astype(np.float32)
            spans = tuple(sentences[row[0]])
            columns = (*row, spans, vector, stored, source, tables.runs_of(runs), section, context, kind)
            found[row[0]] = PassageRow(*columns)
        return [found[pk] for pk in pks if pk in found]

    def passages_of(self, ids: Sequence[str], most: int) -> list[PassageRow]:
        """The passages of documents, in the order given and as they stand there.

        Of a document with more than `most` passages, those at its beginning and at its end.
        """
        pks: list[int] = []
        for id_ in ids:
            own = self._keys("SELECT pk FROM passages WHERE document_id = ? ORDER BY ordinal", (id_,))
            half = -(-most // 2)
            pks += own if len(own) <= most else own[:half] + own[-half:]
        return self.passages(pks)

    def sample(self, most: int) -> list[tuple[str, str]]:
        """(id, sha256) of at most so many documents, spread evenly over all of them; the same until they change."""
        count = self.counts()["documents"]
        query = "SELECT id, sha256 FROM (SELECT id, sha256, row_number() OVER (ORDER BY id) - 1 AS n FROM documents)"
        rows = self._db.execute(f"{query} WHERE n % ? = 0 LIMIT ?", (max(1, -(-count // most)), most))
        return [(row[0], row[1]) for row in rows]

    def ends(self, id_: str, chars: int) -> str:
        """A document's first and last characters, so many of each; the whole of a shorter one."""
        row = self._db.execute("SELECT text FROM documents WHERE id = ?", (id_,)).fetchone()
        text = "" if row is None else str(row[0])
        return text if len(text) <= 2 * chars else f"{text[:chars]}\n{text[-chars:]}"

    def batches(self, size: int, model: ModelKey | None = None) -> Iterator[tuple[list[int], Vectors, list[str]]]:
        """(pks, vectors, texts) of all passages, in batches: what the projections are made of.

        The vectors are those of `model`; without one, of the model that answers.
        """
        last, key = 0, str(model or self.model)
        query = f"""SELECT p.pk, v.passage, {WITH_CONTEXT} FROM passages p JOIN vectors v ON v.passage_pk = p.pk
            AND v.model = ? WHERE p.pk > ? ORDER BY p.pk LIMIT ?"""
        while rows := self._db.execute(query, (key, last, size)).fetchall():
            last = rows[-1][0]
            matrix = np.frombuffer(b"".join(row[1] for row in rows), np.float32).reshape(len(rows), -1)
            yield [row[0] for row in rows], matrix, [row[2] for row in rows]

    def texts_after(self, pk: int, most: int) -> list[tuple[int, str]]:
        """(pk, text) of passages as they are searched, from the first key after `pk` on, at most so many."""
        query = f"SELECT p.pk, {WITH_CONTEXT} FROM passages p WHERE p.pk > ? ORDER BY p.pk LIMIT ?"
        return self._db.execute(query, (pk, most)).fetchall()

    def vectors_of(self, pks: Sequence[int]) -> list[tuple[int, Vectors]]:
        """(pk, vector) of those of the passages that have one of the model that answers."""
        query = """SELECT passage_pk, passage FROM vectors WHERE model = (SELECT value FROM meta WHERE key = 'model')
            AND passage_pk IN ({})"""
        return [(pk, np.frombuffer(vector, np.float32)) for pk, vector in self._in(query, pks)]

    def rows_of(self, id_: str, columns: Mapping[str, str]) -> Iterator[tuple[str, list[Any]]]:
        """What the tables hold of a document, in the order in which they refer to each other: (table, rows)."""
        for table, names in columns.items():
            where = {"documents": "id = ?", "sentences": _OF_PASSAGES}.get(table, "document_id = ?")
            yield table, self._db.execute(f"SELECT {names} FROM {table} WHERE {where}", (id_,)).fetchall()

    def stored_vectors(self, ids: Sequence[str], model: ModelKey) -> Iterator[tuple[int, Vectors, Vectors]]:
        """(pk, passage vector, sentence vectors) of the passages of documents, as a model made them."""
        for pk, passage, sentences in self._in(
            f"""SELECT passage_pk, passage, sentences FROM vectors WHERE model = {_literal(model)} AND passage_pk IN
            (SELECT pk FROM passages WHERE document_id IN ({{}})) ORDER BY passage_pk""", ids,
        ):  # fmt: skip
            vector = np.frombuffer(passage, np.float32)
            stored: Vectors = np.frombuffer(sentences, np.float16).reshape(-1, vector.size).astype(np.float32)
            yield pk, vector, stored

    def pks_of(self, ids: Sequence[str]) -> list[int]:
        """The keys of the passages of documents."""
        return [row[0] for row in self._in("SELECT pk FROM passages WHERE document_id IN ({}) ORDER BY pk", ids)]

    def vectors_and_texts(self, pks: Sequence[int], model: ModelKey | None = None) -> list[tuple[int, Vectors, str]]:
        """(pk, a model's vector, text) of those of the passages that have one."""
        query = f"""SELECT p.pk, v.passage, {WITH_CONTEXT} FROM passages p JOIN vectors v ON v.passage_pk = p.pk
            WHERE v.model = {_literal(model or self.model)} AND p.pk IN ({{}})"""
        return [(pk, np.frombuffer(vector, np.float32), text) for pk, vector, text in self._in(query, pks)]

    def _sentences(self, pks: Sequence[int]) -> dict[int, list[tuple[int, int, int, int]]]:
        spans: dict[int, list[tuple[int, int, int, int]]] = {pk: [] for pk in pks}
        query = """SELECT passage_pk, char_start, char_end, line_start, line_end FROM sentences
            WHERE passage_pk IN ({}) ORDER BY passage_pk, ordinal"""
        for pk, *span in self._in(query, pks):
            spans[pk].append((span[0], span[1], span[2], span[3]))
        return spans

    def _in(self, query: str, keys: Sequence[int] | Sequence[str]) -> Iterator[Any]:
        for start in range(0, len(keys), _CHUNK):
            some = keys[start : start + _CHUNK]
            yield from self._db.execute(query.format(",".join("?" * len(some))), some)


def _literal(model: ModelKey | None) -> str:
    return "'" + str(model).replace("'", "''") + "'"


_OF_PASSAGES = "passage_pk IN (SELECT pk FROM passages WHERE document_id = ?)"
_DOCUMENT = """id, root, file, sha256, encoding, size, lines, chars, indexed_at, reader, title, author, published, url,
    language, collection"""
