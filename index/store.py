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
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from index.health import healer
from index.records import Change, ModelKey
from index.storage.catalog import Catalog
from index.storage.disk import require_space, size_of
from index.storage.live_views import View
from index.storage.lock import FolderLock
from index.storage.originals import FolderOriginals
from index.storage.projections import Projections
from index.storage.protocol import KINDS, Entry, Kind, Projection
from index.storage.rebuild import BATCH, Progress, build
from index.storage.sqlite import COPY
from index.writing import WritableStore
from rag.errors import ProjectionDamaged, RenglonError

CATALOG, UPLOADS = "catalog.sqlite", "uploads"
PARTS = (CATALOG, f"{CATALOG}-wal", *KINDS)
PATIENCE_S = 5.0  # a rebuild of 10,000 passages takes about that long


class Store(WritableStore):
    """An open data folder, which this process alone writes. One process at a time: a lock holds that."""

    def __init__(
        self, folder: Path, command: str = "renglon", wait_s: float = 0, chroma_url: str | None = None
    ) -> None:
        self.lock = FolderLock(folder, command, wait_s)
        try:
            self.projections = Projections(folder, Catalog.at(folder / CATALOG), chroma_url)
            super().__init__(folder, self.projections.catalog, self.projections.open)
            self._originals = FolderOriginals(folder / UPLOADS)
            self.left_clean = healer.take_mark(self.projections)
        except BaseException:
            self.lock.release()
            raise
        self.checked = False
        self.writing = threading.RLock()
        self.building = threading.RLock()
        self._healer = healer.Healer(self.views, lambda kinds, stop: self.rebuild(kinds=kinds, stop=stop))

    def require_writer(self) -> None:
        """Nothing to do: who holds the folder is the one that writes."""

    @property
    def follows(self) -> bool:
        """Never: this process writes."""
        return False

    @property
    def originals(self) -> FolderOriginals:
        """The bytes of uploaded documents."""
        return self._originals

    # -- reading

    @contextmanager
    def reading(self) -> Iterator[View]:
        """For the duration of a query: one state of the catalogue, and projections that hold all of it."""
        with self.views.looking(), ExitStack() as stack:
            with self.views.gate:
                view = self.views.current()
                stack.enter_context(self.catalog.snapshot())
            yield view

    def report(self, kind: Kind, damage: ProjectionDamaged, seen: object = None) -> None:
        """Leave out a damaged projection from now on, and have it rebuilt in the background."""
        self.views.report(kind, damage, seen)
        self._healer.wake()

    # -- changing

    def replace(self, changes: Sequence[Change], model: ModelKey) -> int:
        """Replace the stored versions of documents; returns the number of new passages.

        Each document is replaced whole or not at all. Raises DataFolderUnusable; ModelMismatch.
        """
        require_space(self.folder, sum(len(change.document.source.text) * 8 for change in changes))
        with self.writing:
            self.require_model(model)
            self._catch_up()
            pks = self.catalog.reserve(sum(len(change.passages) for change in changes))
            texts = [passage for change in changes for passage in _texts(change)]
            vectors = [vector for change in changes for vector in change.vectors]
            entries = [Entry(*row) for row in zip(pks, vectors, texts, strict=True)]
            for change in changes:
                if change.original is not None:
                    self.originals.keep(change.document.id, change.document.sha256, change.original)
            try:
                removed = self._store_all(changes, model, entries)
            except Exception:
                with suppress(RenglonError):  # else the next change, or the next start, clears up
                    self._catch_up()
                raise
            self._retire(removed)
        return len(pks)

    def _store_all(self, changes: Sequence[Change], model: ModelKey, entries: Sequence[Entry]) -> list[int]:
        self._project([], entries)
        first, removed = 0, []
        for change in changes:
            last = first + len(change.passages)
            removed += self.catalog.replace(change, model, [entry.pk for entry in entries[first:last]])
            first = last
        return removed

    def remove(self, ids: Sequence[str]) -> int:
        """Forget documents; returns the number of passages that left. Unknown ids are left out."""
        with self.writing:
            self._catch_up()
            removed = self.catalog.remove(ids)
            self._retire(removed)
        return len(removed)

    def assign(self, folder: str, collection: str) -> None:
        """Let the documents of a folder belong to a collection. The search indexes know nothing of collections."""
        with self.writing:
            self._catch_up()
            self.catalog.assign(folder, collection)
            self._retire([])

    def _retire(self, removed: Sequence[int]) -> None:
        if removed:
            self.views.wait()
            self._project(removed, [])
        self.catalog.put(projected=str(self.catalog.generation))

    def _project(self, removed: Sequence[int], added: Sequence[Entry]) -> None:
        """Bring a change into the projections; one that fails is left out from now on and rebuilt in the background."""
        for kind in KINDS:
            if kind not in self.views.damage:
                try:
                    self.views.projection(kind).change(removed, added)
                except ProjectionDamaged as damage:
                    self.report(kind, damage)

    # -- mending

    def wait_until_mended(self, seconds: float | None = None) -> None:
        """Return when nothing is being rebuilt in the background any more, or after so many seconds."""
        self._healer.wait(seconds)

    def catch_up(self) -> int:
        """Bring the projections into step after a process died or a disk failed; returns the passages changed.

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
            self.checked, suspect = True, healer.inspect(self.projections, self.views, self.left_clean)
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

    def _align(self, kind: Kind, wanted: set[int]) -> set[int]:
        """Give a projection exactly the passages of the catalogue; returns those that were missing or left over."""
        projection = self.views.projection(kind)
        found = projection.pks()
        extra, missing = sorted(found - wanted), sorted(wanted - found)
        for start in range(0, max(len(missing), 1), BATCH):
            added = [Entry(*row) for row in self.catalog.vectors_and_texts(missing[start : start + BATCH])]
            projection.change(extra if start == 0 else [], added)
        return found ^ wanted

    def rebuild(
        self, progress: Progress | None = None, kinds: Sequence[Kind] = KINDS, stop: threading.Event | None = None
    ) -> int:
        """Rebuild projections from the stored vectors in new folders and swap them in. Returns the number of passages.

        Queries go on meanwhile. Raises DataFolderUnusable.
        """
        with self.building:
            self.require_index()
            built = build(self.projections, kinds, None, progress, stop)
            with built.or_discarded(), self.writing:
                built.align(self.catalog)
                whole = {"projected": str(self.catalog.generation)} if set(kinds) == set(KINDS) else {}
                with self.views.gate:
                    self.catalog.put(**built.places, **whole)
                    old = self.views.exchange(built.parts)
            self._drop(old)
        return len(built.pks)

    def switch_model(self, model: ModelKey, progress: Progress | None = None) -> None:
        """Answer with another model's vectors, all of which are stored already. Raises RenglonError.

        The dense projection of the new ones is made beside the old one; the switch is one transaction.
        """
        with self.building:
            built = build(self.projections, ["dense"], model, progress)
            with built.or_discarded(), self.writing:
                self._catch_up()
                built.align(self.catalog)
                with self.views.gate:
                    self.catalog.switch_model(model, **built.places)
                    old = self.views.exchange(built.parts)
            self._drop(old)
            self.catalog.drop_other_vectors()

    def _drop(self, old: Sequence[Projection]) -> None:
        self.views.wait()
        for projection in old:
            projection.discard()
        self.projections.clear()

    def size(self) -> int:
        """Bytes of catalogue and projections, and of copies of the catalogue."""
        return sum(size_of(path) for path in [*(self.folder / part for part in PARTS), *self._copies()])

    def _copies(self) -> list[Path]:
        return sorted(self.folder.glob(f"{CATALOG}{COPY}*"))

    def vacuum(self) -> None:
        """Rewrite the catalogue without what was deleted, and delete the copies made before a migration."""
        for copy in self._copies():  # they hold what was deleted since
            copy.unlink()
        require_space(self.folder, self.size())
        self.catalog.vacuum()

    def close(self) -> None:
        """Close everything and let go of the folder."""
        self._healer.close()
        self.views.close()
        if not self.degraded and (self.left_clean or self.checked):
            healer.leave_mark(self.projections)
        self.catalog.close()
        self.lock.release()


def _texts(change: Change) -> Iterator[str]:
    text = change.document.source.text
    for passage in change.passages:
        yield text[passage.span.char_start : passage.span.char_end]
