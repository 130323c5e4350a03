"""The store of a node whose catalogue is in PostgreSQL. Everything that is the truth changes there in one commit.

Nothing is projected but the words, which each node keeps on its own disk (`storage/postgres/lexical_cache.py`); they
are made from the passages whenever they are not there. The data folder holds them, pictures of pages and the model: it
can be deleted at any time. Any number of nodes read; whoever holds the lock of the database writes.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from index.records import Change, ModelKey
from index.storage import lexical
from index.storage.live_views import View
from index.storage.lock import FolderLock
from index.storage.postgres import schema
from index.storage.postgres.database import PostgresCatalog, PostgresDatabase
from index.storage.postgres.dense import PostgresDense
from index.storage.postgres.job_table import JobTable
from index.storage.postgres.lexical_cache import LexicalCache
from index.storage.postgres.notifications import Notifications
from index.storage.protocol import Kind, LexicalProjection, Projection
from index.storage.rebuild import Progress
from index.writing import WritableStore
from rag.errors import ProjectionDamaged

BEHIND_S = 2.0  # a query waits so long for the words; then it does without them
FIRST_S = 600.0  # the first one waits until they are collected


class DatabaseOriginals:
    """The bytes of uploads, which come and go with their documents."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def read(self, id_: str, sha256: str) -> bytes | None:
        """The bytes of a document; None where they are not kept any more."""
        query = "SELECT content FROM originals WHERE document_id = ? AND sha256 = ?"
        row = self._database.db.execute(query, (id_, sha256)).fetchone()
        return None if row is None else bytes(row[0])

    def drop(self, id_: str, but: str = "") -> None:
        """Nothing to do: they went with the version of the document that they belonged to."""

    def tidy(self, named: Collection[tuple[str, str]], busy: Collection[str] = ()) -> int:
        """Nothing is ever left over."""
        return 0


class DatabaseStore(WritableStore):
    """An open database, and this node's data folder."""

    libraries: ClassVar[dict[Kind, str]] = {"dense": "pgvector", "lexical": "tantivy"}

    start_over = "Restore the database from a copy, or use an empty one; then: renglon sync FOLDER"

    def __init__(self, folder: Path, url: str, command: str = "renglon", wait_s: float = 0) -> None:
        """Raises DatabaseAway, DatabaseUnusable; IndexBusy when another process of this machine has the folder."""
        self.lock = FolderLock(folder, command, wait_s)
        try:
            who: dict[str, Any] = {"command": command, "pid": os.getpid(), "host": socket.gethostname()}
            self.database = PostgresDatabase(url, who)
        except BaseException:
            self.lock.release()
            raise
        super().__init__(folder, PostgresCatalog(self.database), self._open)
        self.writing, self.building = threading.RLock(), threading.RLock()
        self._originals = DatabaseOriginals(self.database)
        self._lexical_cache = LexicalCache(folder / "words", self.database, _open_words, self.views.wait)
        self._first = True
        self.jobs = JobTable(self.database)
        self._notifications = Notifications(self.database, self.database.channel)

    def _open(self, kind: Kind) -> Projection:
        if kind == "dense":
            return PostgresDense(self.database, self.catalog)
        raise ProjectionDamaged("The words are being collected.", "Ask again in a moment.")

    @property
    def follows(self) -> bool:
        """Whether another node writes, or none does."""
        return not self.database.leadership.held

    @property
    def originals(self) -> DatabaseOriginals:
        """The bytes of uploaded documents."""
        return self._originals

    # -- reading

    @contextmanager
    def reading(self) -> Iterator[View]:
        """For the duration of a query: one state of the catalogue, and words that hold all of it."""
        with self.views.looking(), self.catalog.snapshot(), self.database.kept() as kept:
            schema.require_known(kept["schema"])
            self._follow(int(kept["generation"] or 0))
            yield self.views.current()

    def _follow(self, generation: int) -> None:
        self._lexical_cache.begin(lambda index: _none(self.views.exchange({"lexical": index})))
        seconds, self._first = FIRST_S if self._first else BEHIND_S, False
        try:
            if not self._lexical_cache.wait(generation, seconds):
                self.views.report("lexical", ProjectionDamaged("The words are behind.", "They are being collected."))
        except ProjectionDamaged as damage:
            self.views.report("lexical", damage)

    @property
    def lexical(self) -> LexicalProjection:
        """The words, with everything that is committed by now and nothing else."""
        self.catch_up()
        return self.views.lexical

    def report(self, kind: Kind, damage: ProjectionDamaged, seen: object = None) -> None:
        """Leave out damaged words from now on, and have them collected again."""
        self.views.report(kind, damage, seen)
        self._lexical_cache.renew()

    def look(self) -> None:
        """See what other nodes have committed."""
        self._lexical_cache.wake()

    def hear(self, seconds: float) -> None:
        """Return when another node has committed something, or after so many seconds. Raises DatabaseAway."""
        self._notifications.wait(seconds)

    def announce(self, url: str, corpus: Path | None, instance: str) -> None:
        """Let other processes of this machine, and other nodes, know where this one can be asked."""
        super().announce(url, corpus, instance)
        self.database.leadership.who["url"] = url

    # -- changing

    def lead(self) -> bool:
        """Become the node that writes, if none is; whether this one writes. Raises DatabaseAway."""
        return self.database.leadership.take()

    def require_writer(self) -> None:
        """Become the node that writes. Raises IndexBusy, which names the one that does; DatabaseAway."""
        if not self.lead():
            raise self.database.leadership.busy()

    def catch_up(self) -> int:
        """Wait until this node's words hold everything that is committed."""
        with self.reading():
            generation = self.catalog.generation
        self._lexical_cache.wait_for_all(generation, FIRST_S)
        return 0

    def replace(self, changes: Sequence[Change], model: ModelKey) -> int:
        """Replace the stored versions of documents; all of them, in one commit. Returns the new passages.

        Raises IndexBusy, DatabaseAway, ModelMismatch.
        """
        count = sum(len(change.passages) for change in changes)
        with self.writing:
            self.require_model(model)
            if self.catalog.model is None:
                self.database.index_model(model)
            with self.database.transaction() as db:
                keys, removed = iter(self.catalog.reserve(count)), list[int]()
                for change in changes:
                    removed += self.catalog.replace(change, model, [next(keys) for _ in change.passages])
                    if change.original is not None:
                        self.database.keep_original(db, change.document.id, change.document.sha256, change.original)
                self.database.note_removed(db, removed)
        self._lexical_cache.wake()
        return count

    def remove(self, ids: Sequence[str]) -> int:
        """Forget documents; returns the number of passages that left. Unknown ids are left out."""
        with self.writing, self.database.transaction() as db:
            removed = self.catalog.remove(ids)
            self.database.note_removed(db, removed)
        self._lexical_cache.wake()
        return len(removed)

    def assign(self, folder: str, collection: str) -> None:
        """Let the documents of a folder belong to a collection."""
        with self.writing:
            self.catalog.assign(folder, collection)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build the graph of vectors again, and have each node collect its words again. Returns the passages."""
        with self.building:
            self.require_index()
            model = self.catalog.model
            assert model is not None
            self.database.index_model(model)
            self.database.rebuild_graph(model)
            with self.writing, self.database.transaction():
                self.catalog.put(era=str(int(self.catalog.get("era") or 0) + 1))
            self._lexical_cache.renew()
            self.catch_up()
            count = self.catalog.counts()["passages"]
            if progress:
                progress(count)
            return count

    def switch_model(self, model: ModelKey, progress: Progress | None = None) -> None:
        """Answer with another model's vectors, all of which are stored already. Raises RenglonError."""
        with self.building:
            self.database.index_model(model)
            with self.writing:
                self.catalog.switch_model(model)
            self.catalog.drop_other_vectors()
            self.database.drop_other_graphs(model)

    def size(self) -> int:
        """Bytes of the tables and of what belongs to them."""
        return self.database.size()

    def vacuum(self) -> None:
        """Rewrite the tables without what was deleted."""
        self.database.vacuum()

    def wait_until_mended(self, seconds: float | None = None) -> None:
        """Return when the words hold everything again."""
        self.catch_up()

    def close(self) -> None:
        """Close everything, and let go of the folder and of the right to write."""
        self._lexical_cache.close()
        self._notifications.close()
        self.views.close()
        self.database.close()
        self.lock.release()


def _open_words(folder: Path) -> Projection:
    if folder.is_dir() and (found := lexical.flaw(folder)):
        raise ProjectionDamaged(found, "It is made from the database again.")
    return lexical.LexicalIndex(folder)


def _none(_: object) -> None:
    return None
