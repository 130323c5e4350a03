"""A folder becomes, or stays, an index: only what changed is read, split, embedded and projected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.encoder import Encoder
from index.read import Document, corpus_files, read_document
from index.schema import ModelKey
from index.split import Passage, split
from index.store import Store
from rag.errors import FileRefused, ModelMismatch, NoReadableFile

# Documents are embedded together until this many texts are gathered: long enough for batches of even length,
# short enough that an interrupted sync loses seconds of work.
GATHER = 2048
Progress = Callable[[int, int], None]


@dataclass
class SyncReport:
    """What a sync did. `refused` holds (file, reason); times in seconds."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    passages: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class _Work:
    document: Document
    passages: list[Passage]

    @property
    def texts(self) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        text = self.document.source.text
        for passage in self.passages:
            start, end = passage.span.char_start, passage.span.char_end
            yield text[start:end], [(s.char_start - start, s.char_end - start) for s in passage.sentences]

    @property
    def size(self) -> int:
        return sum(1 + len(passage.sentences) for passage in self.passages)


def model_key(encoder: Encoder) -> ModelKey:
    """The key under which an encoder's vectors are stored."""
    return ModelKey(encoder.name, encoder.revision, encoder.dimension)


def require_same_model(store: Store, encoder: Encoder) -> None:
    """Raise ModelMismatch when the index was made with another model than the one that is loaded."""
    stored, loaded = store.catalog.model, model_key(encoder)
    if stored is not None and stored != loaded:
        raise ModelMismatch(
            f"The index was made with {stored}; the model now is {loaded}.",
            "Run: renglon sync --reembed (or set RENGLON_MODEL back).",
        )


class Syncer:
    """Brings one corpus folder into a store."""

    def __init__(self, store: Store, encoder: Encoder, max_bytes: int) -> None:
        self._store, self._encoder, self._max_bytes = store, encoder, max_bytes

    def sync(self, root: Path, progress: Progress | None = None) -> SyncReport:
        """Index what is new or changed below `root`, forget what is gone.

        `progress` is called with (texts done, texts known so far). Raises CorpusNotFound; NoReadableFile when
        the folder holds nothing that can be indexed (the index is left as it was); ModelMismatch.
        """
        started = time.perf_counter()
        require_same_model(self._store, self._encoder)
        self._store.catch_up()
        report = SyncReport()
        known = {row.file: row for row in self._store.catalog.documents() if row.root == str(root.resolve())}
        seen: set[str] = set()
        changed = self._changed(root, {file: row.sha256 for file, row in known.items()}, seen, report)
        for works in _gathered(changed):
            self._write(works, root, report, progress)
        if not seen:
            raise NoReadableFile(
                f"There is no readable file in {root}." + _reasons(report), "Put .txt or .md files there."
            )
        gone = [row for file, row in known.items() if file not in seen]
        if gone:
            removed = self._store.catalog.remove([row.id for row in gone])
            self._store.project(removed, [])
            report.removed = [row.file for row in gone]
        report.seconds = time.perf_counter() - started
        return report

    def _changed(self, root: Path, known: dict[str, str], seen: set[str], report: SyncReport) -> Iterator[Document]:
        for path in corpus_files(root):
            try:
                document = self._named(read_document(path, root, self._max_bytes), root)
            except FileRefused as refusal:
                report.refused.append((path.relative_to(root).as_posix(), str(refusal)))
                continue
            seen.add(document.file)
            if known.get(document.file) == document.sha256:
                report.unchanged += 1
                continue
            (report.changed if document.file in known else report.added).append(document.file)
            yield document

    def _named(self, document: Document, root: Path) -> Document:
        """A file of the same name in another corpus keeps its name; this one is told apart by its folder's."""
        owner = self._store.catalog.root_of(document.file)
        if owner in (None, str(root.resolve())):
            return document
        return replace(document, file=f"{root.resolve().name}/{document.file}")

    def _write(self, works: list[_Work], root: Path, report: SyncReport, progress: Progress | None) -> None:
        total = sum(work.size for work in works)
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            if progress:
                progress(count, total - done)

        vectors, sentences = self._encoder.encode_documents([text for work in works for text in work.texts], advance)
        model, first, sentence = model_key(self._encoder), 0, 0
        removed, added = [], []
        for work in works:
            last, end = first + len(work.passages), sentence + work.size - len(work.passages)
            old, new = self._store.catalog.replace(
                work.document, str(root.resolve()), work.passages, vectors[first:last], sentences[sentence:end], model
            )
            removed += old
            added += new
            first, sentence = last, end
        self._store.project(removed, added)
        report.passages += len(added)

    def reembed(self, progress: Progress | None = None) -> int:
        """Embed every passage with the model that is loaded, then switch to it in one transaction.

        The old vectors answer until then; an interrupted run goes on where it stopped. Returns passages embedded.
        """
        catalog, model = self._store.catalog, model_key(self._encoder)
        pks = catalog.pks_without_vectors(model)
        for start in range(0, len(pks), GATHER // 8):
            some = pks[start : start + GATHER // 8]
            texts = catalog.texts_of(some)
            vectors, sentences = self._encoder.encode_documents(texts)
            first, rows = 0, []
            for i, pk in enumerate(some):
                last = first + len(texts[i][1])
                rows.append((pk, vectors[i], sentences[first:last]))
                first = last
            catalog.add_vectors(model, rows)
            if progress:
                progress(len(some), len(pks) - start - len(some))
        catalog.switch_model(model)
        self._store.rebuild()
        return len(pks)


def _gathered(documents: Iterable[Document]) -> Iterator[list[_Work]]:
    works: list[_Work] = []
    texts = 0
    for document in documents:
        work = _Work(document, split(document.source))
        works.append(work)
        texts += work.size
        if texts >= GATHER:
            yield works
            works, texts = [], 0
    if works:
        yield works


def _reasons(report: SyncReport) -> str:
    return "".join(f" {file}: {reason}" for file, reason in report.refused[:5])
