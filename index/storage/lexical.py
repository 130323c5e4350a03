"""The lexical projection: passages in a tantivy index with Spanish analysis, keyed by the catalogue's `pk`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import tantivy

from index.storage.library_errors import told
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
        """The same for each term: without an index nobody knows which one is rare."""
        return dict.fromkeys(terms, 1.0)


class LexicalIndex(Analysis):
    """One tantivy index in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self._schema = _schema()
        with told("tantivy can't open its index"):
            folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(self._schema, str(folder))
            self._index.register_tokenizer("stems", self._stems)
            self._index.register_tokenizer("words", self._words)
            self._index.reload()

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        """BM25's idf of each term: ln(1 + (N - n + 0.5) / (n + 0.5)); a term that no passage has gets the most."""
        with told("tantivy can't answer"):
            searcher = self._index.searcher()
            total = searcher.num_docs
            counts = {term: self._doc_freq(searcher, term) for term in dict.fromkeys(terms)}
        return {term: math.log(1 + max(0.0, total - n + 0.5) / (n + 0.5)) for term, n in counts.items()}

    @staticmethod
    def _doc_freq(searcher: tantivy.Searcher, term: str) -> int:
        if term.startswith(WORD):
            return int(searcher.doc_freq("words", term.removeprefix(WORD)))
        return int(searcher.doc_freq("stems", term))

    def search(self, terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
        """(pk, BM25 score) of the passages that hold any of the stems among the terms, best first."""
        unique = [term for term in dict.fromkeys(terms) if not term.startswith(WORD)]
        if not unique:
            return []
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "stems", term, "freq")) for term in unique
        ]
        with told("tantivy can't answer"):
            searcher = self._index.searcher()
            hits = searcher.search(tantivy.Query.boolean_query(clauses), limit, count=False).hits
            pks = searcher.fast_field_values("pk", [address for _, address in hits])
        return [(int(pk), float(score)) for pk, (score, _) in zip(pks, hits, strict=True) if pk is not None]

    def holds(self, pk: int, terms: Sequence[str]) -> bool:
        """Whether a passage is found by all of the stems among the terms. Raises ProjectionDamaged."""
        with told("tantivy can't answer"):
            queries = [tantivy.Query.term_query(self._schema, "pk", pk)]
            stems = {term for term in terms if not term.startswith(WORD)}
            queries += [tantivy.Query.term_query(self._schema, "stems", stem, "freq") for stem in stems]
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])
            return bool(self._index.searcher().search(query, 1, count=False).hits)

    def change(self, removed: Sequence[int], added: Iterable[tuple[int, str]]) -> None:
        """Remove passages and add others, visible together. Raises ProjectionDamaged."""
        with told("tantivy can't write"):
            # One thread, and the least memory that it takes: a sync's time goes into embedding, not into this.
            writer = self._index.writer(heap_size=50_000_000, num_threads=1)
            for pk in removed:
                writer.delete_documents("pk", pk)
            for pk, text in added:
                document = tantivy.Document()
                document.add_integer("pk", pk)
                document.add_text("stems", text)
                document.add_text("words", text)
                writer.add_document(document)
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()

    def reload(self) -> None:
        """See what another process has written. Raises ProjectionDamaged."""
        with told("tantivy can't read its index"):
            self._index.reload()

    def count(self) -> int:
        """Number of passages in the index. Raises ProjectionDamaged."""
        with told("tantivy can't count"):
            return int(self._index.searcher().num_docs)

    def pks(self) -> set[int]:
        """The keys of all passages in the index. Raises ProjectionDamaged."""
        with told("tantivy can't list its passages"):
            searcher = self._index.searcher()
            if not searcher.num_docs:
                return set()
            hits = searcher.search(tantivy.Query.all_query(), searcher.num_docs, count=False).hits
            return {int(pk) for pk in searcher.fast_field_values("pk", [a for _, a in hits]) if pk is not None}
