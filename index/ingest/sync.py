"""Brings folders and the index into step: only files that changed are split, embedded and projected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from llama_index.core.node_parser import NodeParser

from index.corpus.documents import Document, TextLimits, read_document, refused_on_failure
from index.corpus.globs import Globs
from index.corpus.passages import Passage, PassageParser
from index.corpus.structure import passages_of_document
from index.ingest.plan import Survey, SyncReport, survey
from index.ingest.refusals import Refusals
from index.model.encoder import Encoder
from index.reading import ReadableStore
from index.records import DEFAULT_COLLECTION, Change, ModelKey, Text, with_context
from index.writing import WritableStore
from rag.errors import FileRefused, ModelMismatch
from rag.runs import to_readable
from rag.vectors import Vectors

# Documents are embedded together until this many texts are gathered: long enough for batches of even length,
# short enough that an interrupted sync loses seconds of work.
GATHER = 2048
# Texts that the model gets at once. One group of documents fits; a longer document goes slice by slice, since the
# vectors of its sentences alone would take gigabytes.
SLICE = 2 * GATHER
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Work:
    """A document that is to be written, with the folder and the collection that it belongs to."""

    document: Document
    root: str
    passages: list[Passage]
    collection: str = DEFAULT_COLLECTION
    original: bytes | None = None  # of an upload

    @property
    def texts(self) -> Iterator[Text]:
        """Each passage with the spans of its sentences, as they are embedded: behind the passage's context."""
        text = self.document.source.text
        for passage in self.passages:
            start, end = passage.span.char_start, passage.span.char_end
            own = text[start:end] if passage.text is None else passage.text
            spans = [to_readable(passage.runs, s.char_start - start, s.char_end - start) for s in passage.sentences]
            yield with_context(passage.context, own, spans)

    @property
    def size(self) -> int:
        """Number of texts to embed: passages and sentences."""
        return sum(1 + len(passage.sentences) for passage in self.passages)


def model_key(encoder: Encoder) -> ModelKey:
    """The key under which an encoder's vectors are stored."""
    return ModelKey(encoder.name, encoder.revision, encoder.dimension)


def require_same_model(store: ReadableStore, encoder: Encoder) -> None:
    """Raise ModelMismatch when the index was made with another model than the one that is loaded."""
    stored, loaded = store.catalog.model, model_key(encoder)
    if stored is not None and stored != loaded:
        raise ModelMismatch(
            f"The index was made with {stored}; the model now is {loaded}.",
            "Run: renglon sync --reembed (or set RENGLON_MODEL back).",
        )


class Syncer:
    """Brings documents into a store: those of corpus folders, or single ones."""

    def __init__(
        self,
        store: WritableStore,
        encoder: Encoder,
        max_bytes: int,
        globs: Globs = Globs(),  # noqa: B008
        limits: TextLimits = TextLimits(),  # noqa: B008
        parser: NodeParser | None = None,
    ) -> None:
        """`parser` divides documents into passages; by default a `PassageParser`."""
        self._store, self._encoder, self._max_bytes, self._globs = store, encoder, max_bytes, globs
        self._limits = limits
        self._parser = parser or PassageParser(limits=limits)

    def sync(
        self,
        roots: Path | Sequence[Path],
        progress: Progress | None = None,
        collection: str = DEFAULT_COLLECTION,
    ) -> SyncReport:
        """Index what is new or changed below the folders of a collection, forget what is gone.

        Documents are committed in groups, so that an interrupted sync goes on where it stopped. `progress` is
        called with (texts done, texts left, about). Raises CorpusNotFound; NoReadableFile when a folder holds
        nothing that can be indexed (the index is left as it was); ModelMismatch.
        """
        started = time.perf_counter()
        require_same_model(self._store, self._encoder)
        self._store.catch_up()
        folders = [roots] if isinstance(roots, Path) else roots
        look = survey(self._store.catalog.documents(), folders, self._max_bytes, self._globs, self._limits)
        for folder in folders:
            self._store.assign(str(folder.resolve()), collection)
        refusals = Refusals(self._store.catalog, self._limits, collection)
        meter = _Meter(sum(found.size for found in look.todo), progress)
        for works in _gathered(self._read(look, refusals, collection)):
            changes = self._changes(works, meter, look)
            self._store.replace(changes, model_key(self._encoder))
            look.report.passages += sum(len(change.passages) for change in changes)
        if look.gone:
            self._store.remove(look.gone)
        refusals.keep()
        look.report.seconds = time.perf_counter() - started
        return look.report

    def _read(self, look: Survey, refusals: Refusals, collection: str) -> Iterator[Work]:
        """The documents to be written, read again: holding thousands in memory costs more than reading them."""
        for found in look.todo:
            try:
                document = read_document(found.path, found.root, self._max_bytes, self._limits)
            except FileRefused as refusal:  # it changed since the survey; the next sync decides
                look.refuse(found.file, f"{refusal} It changed during the sync.", forget=False)
                continue
            look.report.refused += [(f"{found.file}/{name}", reason) for name, reason in document.refused]
            try:
                with refusals.remembered(document.sha256):
                    passages = passages_of_document(document, self._parser)
            except FileRefused as refusal:
                look.refuse(found.file, str(refusal))
                continue
            yield Work(replace(document, file=found.file), str(found.root.resolve()), passages, collection)

    def put(
        self, document: Document, root: str, collection: str = DEFAULT_COLLECTION, original: bytes | None = None
    ) -> None:
        """Write one document now: embedded, durable in the catalogue, and in both projections, when this returns.

        `original`: the bytes of an upload, which are kept with it.
        """
        require_same_model(self._store, self._encoder)
        self.write([Work(document, root, passages_of_document(document, self._parser), collection, original)])

    def remove(self, id_: str) -> None:
        """Take a document out of the catalogue, then out of both projections."""
        self._store.remove([id_])

    def write(self, works: list[Work]) -> None:
        """Embed documents together, then replace the earlier version of each. Raises FileRefused."""
        self._store.replace(self._embedded(works, _Meter(0, None)), model_key(self._encoder))

    def _changes(self, works: list[Work], meter: _Meter, look: Survey) -> list[Change]:
        """Documents with their vectors. When the model fails on them, each is tried alone and those that it fails on
        are refused."""
        try:
            return self._embedded(works, meter)
        except FileRefused as refusal:
            if len(works) == 1:
                look.refuse(works[0].document.file, str(refusal))
                return []
        return [change for work in works for change in self._changes([work], meter, look)]

    def _embedded(self, works: list[Work], meter: _Meter) -> list[Change]:
        """Documents with their vectors, embedded together. Raises FileRefused."""
        meter.begin(works)
        texts = [text for work in works for text in work.texts]
        with refused_on_failure():
            vectors, sentences = self._encoded(texts, meter)
        changes, first, sentence = [], 0, 0
        for work in works:
            last, end = first + len(work.passages), sentence + work.size - len(work.passages)
            own = vectors[first:last], sentences[sentence:end]
            changes.append(Change(work.document, work.root, work.passages, *own, work.collection, work.original))
            first, sentence = last, end
        return changes

    def _encoded(self, texts: Sequence[Text], meter: _Meter) -> tuple[Vectors, Vectors]:
        """Vectors of passages and of their sentences; those of sentences in half precision, as they will be stored."""
        vectors = np.empty((len(texts), self._encoder.dimension), np.float32)
        count = sum(len(spans) for _, spans in texts)
        sentences: Any = np.empty((count, self._encoder.dimension), np.float16)
        first = sentence = 0
        for part in _sliced(texts):
            whole, own = self._encoder.encode_documents(part, meter.advance)
            vectors[first : first + len(part)], sentences[sentence : sentence + len(own)] = whole, own
            first, sentence = first + len(part), sentence + len(own)
        return vectors, sentences

    def reembed(self, progress: Progress | None = None) -> int:
        """Embed every passage with the model that is loaded, then switch to it in one transaction.

        The old vectors answer until then; an interrupted run goes on where it stopped. Returns passages embedded.
        """
        catalog, model, embedded = self._store.catalog, model_key(self._encoder), 0
        while pks := catalog.pks_without_vectors(model):  # a sync may add passages meanwhile
            embedded += len(pks)
            self._reembed(pks, model, progress)
        self._store.switch_model(model)
        return embedded

    def _reembed(self, pks: list[int], model: ModelKey, progress: Progress | None) -> None:
        catalog = self._store.catalog
        for start in range(0, len(pks), GATHER // 8):
            texts = catalog.texts_of(pks[start : start + GATHER // 8])
            vectors, sentences = self._encoder.encode_documents(list(texts.values()))
            first, rows = 0, []
            for i, (pk, (_, spans)) in enumerate(texts.items()):
                last = first + len(spans)
                rows.append((pk, vectors[i], sentences[first:last]))
                first = last
            catalog.add_vectors(model, rows)
            if progress:
                progress(len(rows), max(0, len(pks) - start - GATHER // 8))


def _sliced(texts: Sequence[Text]) -> Iterator[list[Text]]:
    part: list[Text] = []
    size = 0
    for text in texts:
        part.append(text)
        size += 1 + len(text[1])
        if size >= SLICE:
            yield part
            part, size = [], 0
    if part:
        yield part


def _gathered(documents: Iterable[Work]) -> Iterator[list[Work]]:
    works: list[Work] = []
    texts = 0
    for work in documents:
        works.append(work)
        texts += work.size
        if texts >= GATHER:
            yield works
            works, texts = [], 0
    if works:
        yield works


class _Meter:
    """Turns texts done into (texts done, texts left): known for what is being embedded, estimated for the rest."""

    def __init__(self, size: int, progress: Progress | None) -> None:
        self._progress, self._bytes_left = progress, size
        self._bytes = self._texts = self._here = 0

    def begin(self, works: list[Work]) -> None:
        size = sum(work.document.size for work in works)
        self._here = sum(work.size for work in works)
        self._bytes, self._texts = self._bytes + size, self._texts + self._here
        self._bytes_left = max(0, self._bytes_left - size)

    def advance(self, count: int) -> None:
        self._here -= count
        if self._progress:
            self._progress(count, self._here + round(self._bytes_left * self._texts / max(self._bytes, 1)))
