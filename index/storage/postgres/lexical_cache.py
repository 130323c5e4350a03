"""The words of all passages on this node's disk: a tantivy index that follows the database.

Passages get their keys in the order of their commits, so what is new is what has a higher key than any passage here;
what has left is in the table of removals. A query waits until the index holds all of what its snapshot sees. What has
left is taken out afterwards, when no query that may still see it is running.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from index.storage.catalog import Catalog
from index.storage.postgres.database import KEPT_REMOVALS, PostgresDatabase
from index.storage.protocol import Entry, Projection
from rag.errors import NotReady, ProjectionDamaged, RenglonError

BATCH = 5000
RETRY_S = 1.0
_NONE = np.zeros(0, np.float32)  # the lexical index looks at texts only
log = logging.getLogger("renglon")


@dataclass(frozen=True)
class Mark:
    """How far the index on the disk has come. `place` is its folder, `era` counts the rebuilds of all nodes."""

    database: str
    era: str
    place: str
    generation: int = 0
    last: int = 0


class LexicalCache:
    """Keeps the index in step in a thread of its own. `settle` returns when no query of before is running."""

    def __init__(
        self,
        folder: Path,
        database: PostgresDatabase,
        open_at: Callable[[Path], Projection],
        settle: Callable[[], None],
    ) -> None:
        self._folder, self._database, self._open_at, self._settle = folder, database, open_at, settle
        self._catalog = Catalog(database)
        self._changed = threading.Condition()
        self._wanted = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._holds = -1  # the generation of which everything is in the index
        self._whole = -1  # the generation of which that is so, and nothing else is in it
        self._failure: RenglonError | None = None
        self._exchange: Callable[[Projection], None] = lambda _: None
        self._writing = threading.Lock()
        self._mark: Mark | None = None
        self._index: Projection | None = None

    def begin(self, exchange: Callable[[Projection], None]) -> None:
        """Begin to follow. `exchange` is given each index that is to answer from then on."""
        self._exchange = exchange
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="renglon-words", daemon=True)
                self._thread.start()

    def wake(self) -> None:
        """Look whether something has changed."""
        self._wanted.set()

    def wait(self, generation: int, seconds: float) -> bool:
        """Wait until the index holds everything of a generation; whether it does. Raises ProjectionDamaged."""
        with self._changed:
            if self._holds >= generation:
                return True
            self._wanted.set()
            self._changed.wait_for(lambda: self._holds >= generation or self._failure, seconds)
            if self._holds >= generation:
                return True
            if isinstance(self._failure, ProjectionDamaged):
                raise self._failure
            return False

    def wait_for_all(self, generation: int, seconds: float) -> None:
        """Wait until what had left by a generation is gone too. Never within a query: it would wait for itself."""
        with self._changed:
            self._wanted.set()
            self._changed.wait_for(lambda: self._whole >= generation or self._failure, seconds)
            if self._whole < generation and self._failure:
                raise self._failure

    def renew(self) -> None:
        """Make the index from nothing, as after damage."""
        with self._writing, self._changed:
            self._mark, self._failure = None, None
            self._holds = self._whole = -1
            (self._folder / "mark.json").unlink(missing_ok=True)
        self.wake()

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        self._wanted.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
                failure = None
            except RenglonError as error:
                failure = error
            except Exception as error:
                log.exception("the words of the passages can't be followed")
                failure = ProjectionDamaged(f"tantivy can't follow ({type(error).__name__}).", "It is tried again.")
            with self._changed:
                self._failure = failure
                self._changed.notify_all()
            if failure is None:
                self._wanted.wait()
            else:
                self._stop.wait(RETRY_S)
            self._wanted.clear()

    def _follow(self) -> None:
        """Bring the index up to the latest commit; what has left goes when no running query may still need it."""
        with self._database.snapshot():
            generation, era, database = self._state()
            mark = self._mark or self._read()
            if mark is None or (mark.database, mark.era) != (database, era):
                mark = Mark(database, era, uuid.uuid4().hex[:8])
                self._mark = None
            if self._mark is None or self._index is None:
                self._index = self._opened(mark)
                mark = replace(mark, last=0, generation=0) if self._index.count() == 0 else mark
            elif self._holds == generation:
                return
            removed = self._removed(mark, generation)
            with self._writing:
                last = self._add(self._index, mark.last, fresh=not mark.last)
        self._mark = replace(mark, last=last)
        self._exchange(self._index)
        self._holding(generation)
        if removed:
            # In a thread of its own: a query that must be waited for may itself wait for what is committed next.
            work = threading.Thread(target=self._retire, args=(self._index, removed, generation), daemon=True)
            work.start()
        else:
            self._retire(self._index, [], generation)

    def _retire(self, index: Projection, removed: list[int], generation: int) -> None:
        """Take out what had left by a generation, and note on the disk that the index is whole."""
        try:
            if removed:
                self._settle()
            with self._writing:
                if self._index is not index or self._mark is None or self._stop.is_set():
                    return
                index.change(removed, [])
                if generation > self._mark.generation:
                    self._mark = replace(self._mark, generation=generation)
                self._write(self._mark)
        except (RenglonError, OSError) as error:
            log.warning("what has left is not yet out of the words: %s", error)
            return
        with self._changed:
            self._whole = max(self._whole, generation)
            self._changed.notify_all()

    def _holding(self, generation: int) -> None:
        with self._changed:
            self._holds = generation
            self._changed.notify_all()

    def _state(self) -> tuple[int, str, str]:
        kept = dict(
            self._database.db.execute("SELECT key, value FROM meta WHERE key IN ('generation', 'era', 'renglon')")
        )
        return int(kept.get("generation", 0)), kept.get("era", "0"), kept["renglon"]

    def _opened(self, mark: Mark) -> Projection:
        """The index on the disk, or an empty one where there is none or it is damaged."""
        for other in self._folder.iterdir() if self._folder.is_dir() else ():
            if other.name != mark.place:
                shutil.rmtree(other, ignore_errors=True) if other.is_dir() else other.unlink()
        try:
            return self._open_at(self._folder / mark.place)
        except ProjectionDamaged as damage:
            log.warning("the words on this node's disk are damaged and are collected again: %s", damage.detail)
            shutil.rmtree(self._folder / mark.place, ignore_errors=True)
            return self._open_at(self._folder / mark.place)

    def _add(self, index: Projection, last: int, fresh: bool) -> int:
        """Add what is new; the highest key."""
        if fresh:
            with index.adding() as add:
                return self._batches(last, add)
        # Removed before they are added: a process may have died between adding them and noting it.
        return self._batches(last, lambda entries: index.change([entry.pk for entry in entries], entries))

    def _batches(self, last: int, add: Callable[[Sequence[Entry]], None]) -> int:
        while rows := self._catalog.texts_after(last, BATCH):
            if self._stop.is_set():
                raise NotReady("The node stops.", "Start it again.")
            add([Entry(int(pk), _NONE, text) for pk, text in rows])
            last = int(rows[-1][0])
        return last

    def _removed(self, mark: Mark, generation: int) -> list[int]:
        """The keys of the passages that left since the mark. A node that was away for long compares all of them."""
        if not mark.last:
            return []
        if mark.generation >= generation - KEPT_REMOVALS:
            rows = self._database.db.execute("SELECT pk FROM removals WHERE generation > ?", (mark.generation,))
            return [int(row[0]) for row in rows]
        assert self._index is not None
        return sorted(self._index.pks() - self._catalog.pks())

    def _read(self) -> Mark | None:
        try:
            return Mark(**json.loads((self._folder / "mark.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _write(self, mark: Mark) -> None:
        part = self._folder / "mark.json.part"
        part.write_text(json.dumps(asdict(mark)))
        part.replace(self._folder / "mark.json")
