"""The data folder: catalogue, its two projections, and the rule that keeps them in step.

New passages go to the projections first, under keys that the catalogue does not know yet and queries therefore drop;
then the catalogue changes (one durable transaction a document); then the old passages leave the projections, once
the queries that may still need them are done. So a query sees a document as it was or as it is, never neither. Only
then is `projected` set to the catalogue's generation: by that number the next opening finds a process that died.

Threads: any number may read (`reading`). Whoever changes something holds `writing`, one at a time: a sync, an upload,
the last step of a rebuild. A rebuild does its long work outside it.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np

from index import purge
from index.health import healer
from index.model.encoder import Vectors
from index.records import Change, ModelKey
from index.storage.catalog import Catalog
from index.storage.dense import DenseIndex
from index.storage.disk import require_space
from index.storage.lexical import Analysis, LexicalIndex
from index.storage.live_views import KINDS, View, Views
from index.storage.lock import FolderLock
from index.storage.rebuild import BATCH, Progress, build, clear
from rag.errors import IndexMissing, ModelMismatch, ProjectionDamaged, RenglonError

PATIENCE_S = 5.0  # a rebuild of 10,000 passages takes about that long


class Store:
    """An open data folder. Projections are opened when first needed, so that damaged ones can be rebuilt."""

    follows = False  # whether another process writes

    def __init__(
        self, folder: Path, command: str = "renglon", wait_s: float = 0, chroma_url: str | None = None
    ) -> None:
        self.lock = FolderLock(folder, command, wait_s)
        try:
            self._open(folder, chroma_url)
            self.left_clean = healer.take_mark(self)
        except BaseException:
            self.lock.release()
            raise

    def _open(self, folder: Path, chroma_url: str | None) -> None:
        self.folder, self.chroma_url = folder, chroma_url
        self.catalog = Catalog(folder / "catalog.sqlite")
        self.views = Views(self._open_dense, self._open_lexical)
        self.writing = threading.RLock()
        self.building = threading.RLock()
        self._healer = healer.Healer(self)
        self.checked = False

    # -- reading

    def _open_dense(self) -> DenseIndex:
        return self.dense_at(self._place("dense"))

    def _open_lexical(self) -> LexicalIndex:
        return LexicalIndex(self.folder / "lexical" / self._place("lexical"))

    def dense_at(self, place: str) -> DenseIndex:
        """A dense projection by its place. Raises ProjectionDamaged."""
        return DenseIndex(self.folder / "dense" / place, "passages", self.chroma_url)

    def _place(self, kind: str) -> str:
        place = self.catalog.get(kind)
        if place is None:
            place = uuid.uuid4().hex[:8]
            self.catalog.put(**{kind: place})
        return place

    @property
    def dense(self) -> DenseIndex:
        """The Chroma projection that answers now. Raises ProjectionDamaged."""
        return self.views.dense

    @property
    def lexical(self) -> LexicalIndex:
        """The tantivy projection that answers now. Raises ProjectionDamaged."""
        return self.views.lexical

    @property
    def lexicon(self) -> Analysis:
        """How texts become terms: the lexical projection, or what is left of it while it is being mended."""
        return self.views.current().lexical or self.views.analysis

    @property
    def degraded(self) -> bool:
        """Whether a projection is damaged and queries do without it."""
        return bool(self.views.damage)

    @contextmanager
    def reading(self) -> Iterator[View]:
        """For the length of a query: one state of the catalogue, and projections that hold all of it."""
        with self.views.looking(), ExitStack() as stack:
            with self.views.gate:
                view = self.views.current()
                stack.enter_context(self.catalog.snapshot())
            yield view

    def report(self, kind: str, damage: ProjectionDamaged, seen: object = None) -> None:
        """Do without a damaged projection from now on, and have it rebuilt in the background."""
        self.views.report(kind, damage, seen)
        self._healer.wake()

    def require_index(self) -> None:
        """Raise IndexMissing when nothing was indexed yet."""
        if not self.catalog.generation:
            raise IndexMissing("Nothing is indexed yet.", "Run: renglon sync FOLDER")

    # -- changing

    def replace(self, changes: Sequence[Change], model: ModelKey) -> int:
        """Put versions of documents in the place of the ones before; returns the number of new passages.

        Each document is replaced whole or not at all. Raises DataFolderUnusable; ModelMismatch.
        """
        require_space(self.folder, sum(len(change.document.source.text) * 8 for change in changes))
        with self.writing:
            self._require_model(model)
            self._catch_up()
            pks = self.catalog.reserve(sum(len(change.passages) for change in changes))
            texts = [passage for change in changes for passage in _texts(change)]
            vectors = [vector for change in changes for vector in change.vectors]
            rows = list(zip(pks, vectors, texts, strict=True))
            try:
                removed = self._store_all(changes, model, rows)
            except Exception:
                with suppress(RenglonError):  # else the next change, or the next start, clears up
                    self._catch_up()
                raise
            self._retire(removed)
        return len(pks)

    def _store_all(
        self, changes: Sequence[Change], model: ModelKey, rows: Sequence[tuple[int, Vectors, str]]
    ) -> list[int]:
        self._project([], rows)
        first, removed = 0, []
        for change in changes:
            last = first + len(change.passages)
            removed += self.catalog.replace(change, model, [pk for pk, _, _ in rows[first:last]])
            first = last
        return removed

    def remove(self, ids: Sequence[str]) -> int:
        """Forget documents; returns the number of passages that left. Unknown ids are left out."""
        with self.writing:
            self._catch_up()
            removed = self.catalog.remove(ids)
            self._retire(removed)
        return len(removed)

    def _require_model(self, model: ModelKey) -> None:
        answers = self.catalog.model
        if answers not in (None, model):
            raise ModelMismatch(f"The index answers with {answers}, not with {model}.", "Run: renglon sync --reembed")

    def _retire(self, removed: Sequence[int]) -> None:
        if removed:
            self.views.wait()
            self._project(removed, [])
        self.catalog.put(projected=str(self.catalog.generation))

    def _project(self, removed: Sequence[int], added: Sequence[tuple[int, Vectors, str]]) -> None:
        """Bring a change into the projections; one that fails is left out from now on, and mended in the background."""
        for kind in KINDS:
            if kind not in self.views.damage:
                try:
                    self._project_into(kind, removed, added)
                except ProjectionDamaged as damage:
                    self.report(kind, damage)

    def _project_into(self, kind: str, removed: Sequence[int], added: Sequence[tuple[int, Vectors, str]]) -> None:
        if kind == "lexical":
            if removed or added:
                self.lexical.change(removed, [(pk, text) for pk, _, text in added])
            return
        if removed:
            self.dense.remove(removed)
        if added:
            self.dense.add([pk for pk, _, _ in added], np.stack([vector for _, vector, _ in added]))

    # -- mending

    def wait_until_mended(self, seconds: float | None = None) -> None:
        """Return when nothing is being rebuilt in the background any more, or after so many seconds."""
        self._healer.wait(seconds)

    def catch_up(self) -> int:
        """Make good what a process left behind that died, or a disk that failed; returns passages changed.

        The first call looks at the projections before they are opened. Damaged ones are rebuilt in the background;
        a small index is waited for, so that its first answer is whole.
        """
        if not self.catalog.generation:
            return 0
        with self.writing:
            changed = self._catch_up()
        if self.degraded:
            self._healer.wake()
            self._healer.wait(PATIENCE_S)
        return changed

    def _catch_up(self) -> int:
        suspect = False
        if not self.checked:
            self.checked, suspect = True, healer.inspect(self)
        if not suspect and self.catalog.get("projected") in (str(self.catalog.generation), None):
            return 0
        wanted, changed = self.catalog.pks(), set[int]()
        for kind in KINDS:
            if kind in self.views.damage:
                continue
            try:
                changed |= self._align(kind, wanted)
            except ProjectionDamaged as damage:
                self.report(kind, damage)
        self.catalog.put(projected=str(self.catalog.generation))
        return len(changed)

    def _align(self, kind: str, wanted: set[int]) -> set[int]:
        """Give a projection exactly the passages of the catalogue; those that were missing or left over."""
        found = self.dense.pks() if kind == "dense" else self.lexical.pks()
        extra, missing = sorted(found - wanted), sorted(wanted - found)
        for start in range(0, max(len(missing), 1), BATCH):
            added = self.catalog.vectors_and_texts(missing[start : start + BATCH])
            self._project_into(kind, extra if start == 0 else [], added)
        return found ^ wanted

    def rebuild(
        self, progress: Progress | None = None, kinds: Sequence[str] = KINDS, stop: threading.Event | None = None
    ) -> int:
        """Make projections anew from stored vectors, in new places, and swap them in. Returns passages.

        Queries go on meanwhile. Raises DataFolderUnusable.
        """
        with self.building:
            self.require_index()
            built = build(self, kinds, None, progress, stop)
            with built.or_discarded(), self.writing:
                built.align(self.catalog)
                whole = {"projected": str(self.catalog.generation)} if set(kinds) == set(KINDS) else {}
                with self.views.gate:
                    self.catalog.put(**built.places, **whole)
                    old = self.views.exchange(**built.parts)
            self._drop(old)
        return len(built.pks)

    def switch_model(self, model: ModelKey, progress: Progress | None = None) -> None:
        """Answer with another model's vectors, all of which are stored already. Raises RenglonError.

        The dense projection of the new ones is made beside the old one; the switch is one transaction.
        """
        with self.building:
            built = build(self, ["dense"], model, progress)
            with built.or_discarded(), self.writing:
                self._catch_up()
                built.align(self.catalog)
                with self.views.gate:
                    self.catalog.switch_model(model, **built.places)
                    old = self.views.exchange(**built.parts)
            self._drop(old)
            self.catalog.drop_other_vectors()

    def _drop(self, old: Sequence[DenseIndex | LexicalIndex]) -> None:
        self.views.wait()
        for part in old:
            if isinstance(part, DenseIndex):
                part.discard()
        clear(self)

    def purge(self) -> int:
        """Take what was deleted off the disk: all stores are written anew. Returns the bytes freed."""
        return purge.purge(self)

    def close(self) -> None:
        """Close everything and let go of the folder."""
        self._healer.close()
        self.views.close()
        healer.leave_mark(self)
        self.catalog.close()
        self.lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _texts(change: Change) -> Iterator[str]:
    text = change.document.source.text
    for passage in change.passages:
        yield text[passage.span.char_start : passage.span.char_end]
