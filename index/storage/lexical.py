"""The lexical projection: passages in a tantivy index with Spanish analysis, keyed by the catalogue's `pk`."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import tantivy

from index.records import PassageRow
from index.storage.library_errors import as_damage
from index.storage.protocol import Entry, Query
from rag.evidence.overlap import WORD

# tantivy's own BM25 constants; they can't be set from Python.
K1, B = 1.2, 0.75
# Texts whose terms are kept: the same passages come back for many questions. About 10 kB each.
REMEMBERED = 1024


def _analyzer(stem: bool) -> tantivy.TextAnalyzer:
    """Lower case, Spanish stop words, Snowball stem, accents folded (last: the stemmer knows accented endings)."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    filters = [tantivy.Filter.remove_long(60), tantivy.Filter.lowercase(), tantivy.Filter.stopword("spanish")]
    # English ones too: questions come in both, and a cognate of a stop word must not count.
    filters.append(tantivy.Filter.stopword("english"))
    stemmer = [tantivy.Filter.stemmer("spanish")] if stem else []
    for step in [*filters, *stemmer, tantivy.Filter.ascii_fold()]:
        builder = builder.filter(step)
    return builder.build()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("pk", indexed=True, fast=True)
    builder.add_text_field("stems", tokenizer_name="stems", index_option="freq")
    builder.add_text_field("words", tokenizer_name="words", index_option="freq")
    return builder.build()


class Analysis:
    """How texts become terms. Needs no index, so that it also serves while the index is being mended."""

    def __init__(self) -> None:
        self._stems, self._words = _analyzer(stem=True), _analyzer(stem=False)
        self._analysed = lru_cache(REMEMBERED)(self._analyse)

    def terms(self, text: str) -> list[str]:
        """The terms of a text: its stems, then its words as they stand (marked), each in order, repeats included."""
        return list(self._analysed(text))

    def _analyse(self, text: str) -> tuple[str, ...]:
        return (*self._stems.analyze(text), *(WORD + word for word in self._words.analyze(text)))

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """The same weight for each term, since without an index there is no way to know which one is rare."""
        return dict.fromkeys(terms, 1.0)


class LexicalIndex(Analysis):
    """One tantivy index in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self._schema = _schema()
        with as_damage("tantivy can't open its index"):
            folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(self._schema, str(folder))
            self._index.register_tokenizer("stems", self._stems)
            self._index.register_tokenizer("words", self._words)
            self._index.reload()

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """BM25's idf of each term: ln(1 + (N - n + 0.5) / (n + 0.5)); a term that no passage has gets the most."""
        with as_damage("tantivy can't answer"):
            searcher = self._index.searcher()
            total = searcher.num_docs
            counts = {term: self._doc_freq(searcher, term) for term in dict.fromkeys(terms)}
        return {term: math.log(1 + max(0.0, total - n + 0.5) / (n + 0.5)) for term, n in counts.items()}

    @staticmethod
    def _doc_freq(searcher: tantivy.Searcher, term: str) -> int:
        if term.startswith(WORD):
            return int(searcher.doc_freq("words", term.removeprefix(WORD)))
        return int(searcher.doc_freq("stems", term))

    def search(self, query: Query, limit: int) -> list[tuple[int, float]]:
        """(pk, BM25 score) of the passages that hold any of the stems among the terms, best first."""
        unique = [term for term in dict.fromkeys(query.terms) if not term.startswith(WORD)]
        if not unique:
            return []
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "stems", term, "freq")) for term in unique
        ]
        with as_damage("tantivy can't answer"):
            wanted = tantivy.Query.boolean_query(clauses)
            if query.within is not None:
                within = tantivy.Query.const_score_query(
                    tantivy.Query.term_set_query(self._schema, "pk", list(query.within)), 0.0
                )
                wanted = tantivy.Query.boolean_query([(tantivy.Occur.Must, wanted), (tantivy.Occur.Must, within)])
            searcher = self._index.searcher()
            hits = searcher.search(wanted, limit, count=False).hits
            pks = searcher.fast_field_values("pk", [address for _, address in hits])
        return [(int(pk), float(score)) for pk, (score, _) in zip(pks, hits, strict=True) if pk is not None]

    def lost(self, sample: Sequence[PassageRow]) -> int:
        """How many passages don't find themselves by their words. Raises ProjectionDamaged."""
        return sum(not self._holds(row.pk, self.terms(row.text)) for row in sample)

    def _holds(self, pk: int, terms: Sequence[str]) -> bool:
        """Whether a passage is found by all of the stems among the terms. Raises ProjectionDamaged."""
        with as_damage("tantivy can't answer"):
            queries = [tantivy.Query.term_query(self._schema, "pk", pk)]
            stems = {term for term in terms if not term.startswith(WORD)}
            queries += [tantivy.Query.term_query(self._schema, "stems", stem, "freq") for stem in stems]
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])
            return bool(self._index.searcher().search(query, 1, count=False).hits)

    def change(self, removed: Sequence[int], added: Sequence[Entry]) -> None:
        """Remove passages and add others, visible together. Raises ProjectionDamaged."""
        if removed or added:
            with self._writing() as writer, as_damage("tantivy can't write"):
                for pk in removed:
                    writer.delete_documents_by_term("pk", pk)
                _add(writer, added)

    @contextmanager
    def adding(self) -> Iterator[Callable[[Sequence[Entry]], None]]:
        """Add many passages, batch by batch, with one commit at the end; tantivy's thread works meanwhile."""
        with self._writing() as writer:

            def add(added: Sequence[Entry]) -> None:
                with as_damage("tantivy can't write"):
                    _add(writer, added)

            yield add

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        """A writer, whose changes are committed at the end unless something was raised."""
        with as_damage("tantivy can't write"):
            # One thread, and the least memory that it takes: a sync's time goes into embedding, not into this.
            writer = self._index.writer(heap_size=50_000_000, num_threads=1)
        yield writer
        with as_damage("tantivy can't write"):
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()

    def reload(self) -> None:
        """See what another process has written. Raises ProjectionDamaged."""
        with as_damage("tantivy can't read its index"):
            self._index.reload()

    def count(self) -> int:
        """Number of passages in the index. Raises ProjectionDamaged."""
        with as_damage("tantivy can't count"):
            return int(self._index.searcher().num_docs)

    def pks(self) -> set[int]:
        """The keys of all passages in the index. Raises ProjectionDamaged."""
        with as_damage("tantivy can't list its passages"):
            searcher = self._index.searcher()
            if not searcher.num_docs:
                return set()
            hits = searcher.search(tantivy.Query.all_query(), searcher.num_docs, count=False).hits
            return {int(pk) for pk in searcher.fast_field_values("pk", [a for _, a in hits]) if pk is not None}

    def discard(self) -> None:
        """Nothing is kept outside the folder."""

    def close(self) -> None:
        """Nothing to close: tantivy unmaps its files when the object is deleted."""


def _add(writer: tantivy.IndexWriter, added: Sequence[Entry]) -> None:
    for entry in added:
        document = tantivy.Document()
        document.add_integer("pk", entry.pk)
        document.add_text("stems", entry.text)
        document.add_text("words", entry.text)
        writer.add_document(document)


def flaw(folder: Path) -> str | None:
    """Which files of an index were altered or cut short; None when all are sound."""
    files = altered(folder)
    return f"{', '.join(files)} of tantivy's files were altered or cut short." if files else None


def altered(folder: Path) -> list[str]:
    """Files of a tantivy index's segments that don't match the checksum at their end.

    Each ends with a footer in JSON (`crc`: of what stands before it), the footer's length and a magic number, 4 bytes
    each. Files of segments that were never committed, left by a process that died, don't count.
    """
    try:
        segments = json.loads((folder / "meta.json").read_text())["segments"]
        ids = {segment["segment_id"].replace("-", "") for segment in segments}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ["meta.json"]
    return [path.name for path in sorted(folder.iterdir()) if path.name.split(".")[0] in ids and not _sound(path)]


def _sound(path: Path) -> bool:
    data = path.read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    try:
        footer = json.loads(data[-8 - length : -8])
        return bool(footer["crc"] == zlib.crc32(data[: -8 - length]))
    except (ValueError, KeyError, TypeError):
        return False
