"""A damaged projection is noticed before it does harm, and mended while the rest goes on answering."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from index.health import probe
from index.storage.library_errors import MEND
from index.storage.live_views import KINDS
from rag.errors import ProjectionDamaged

if TYPE_CHECKING:
    from index.store import Store

log = logging.getLogger("renglon")

MARK = "clean"
# A probe takes about a second, and Chroma replays its last changes at 0.3 ms a passage.
PROBE_S, PROBE_S_PER_PASSAGE = 30.0, 0.002
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 10.0


def take_mark(store: Store) -> bool:
    """Whether the last holder closed the folder properly and nobody has changed a projection since.

    The mark is removed: whoever dies from now on leaves none. Removing it needs no room on the disk.
    """
    path = store.folder / MARK
    try:
        left = path.read_text()
        path.unlink()
        _flush(store.folder)
    except FileNotFoundError:
        return not store.catalog.generation
    except (OSError, ValueError):
        return False
    return left == _fingerprint(store)


def leave_mark(store: Store) -> None:
    """Say that all is closed properly, if it is."""
    in_step = store.catalog.get("projected") in (str(store.catalog.generation), None)
    if in_step and not store.degraded and (store.left_clean or store.checked):
        try:
            (store.folder / MARK).write_text(_fingerprint(store))
        except OSError:
            (store.folder / MARK).unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fingerprint(store: Store) -> str:
    """Names, sizes and times of the projections' files, and the generation that they show."""
    digest = hashlib.sha256(str(store.catalog.generation).encode())
    for kind in KINDS:
        place = store.folder / kind / (store.catalog.get(kind) or "none")
        for path in sorted(place.rglob("*")):
            if path.is_file():
                stat = path.stat()
                digest.update(f"{path.relative_to(store.folder)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def inspect(store: Store) -> bool:
    """Look at the projections before they are opened here; whether their passages must be compared one by one.

    After a clean close nothing is probed and only the numbers of passages are compared.
    """
    suspect = not store.left_clean
    passages = store.catalog.counts()["passages"]
    for kind in KINDS:
        local = kind == "lexical" or not store.chroma_url
        if not store.left_clean and local:
            problem = _doubt(store, kind) or probe.ask(store.folder, kind, PROBE_S + PROBE_S_PER_PASSAGE * passages)
            if problem:
                store.views.report(kind, ProjectionDamaged(problem, MEND))
        if kind not in store.views.damage:
            try:
                count = store.dense.count() if kind == "dense" else store.lexical.count()
                suspect = suspect or count != passages
            except ProjectionDamaged as damage:
                store.views.report(kind, damage)
    for kind, found in store.views.damage.items():
        log.warning("the %s projection is damaged and will be rebuilt: %s", kind, found.detail)
    return suspect


def _doubt(store: Store, kind: str) -> str | None:
    """Why a projection is made anew without being opened. Chroma reads its graph from files without checksums, and
    one damaged byte can end the process at the first search that comes by it: no sample would show that."""
    place = store.folder / kind / (store.catalog.get(kind) or "none")
    if kind == "dense" and any(place.glob("*/index_metadata.pickle")):  # written last, when the graph is
        return "The data folder was not closed properly, and Chroma had written its graph to disk."
    return None


class Healer:
    """Rebuilds what is damaged, in a thread that lives as long as there is work."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def wake(self) -> None:
        """Begin, unless it is at work."""
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="renglon-heal", daemon=True)
                self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Return when nothing is left to mend, or after so many seconds."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(seconds)

    def close(self) -> None:
        """Stop; an unfinished rebuild is abandoned."""
        self._stop.set()
        self.wait()

    def _run(self) -> None:
        delay = FIRST_RETRY_S
        while self._more():
            kinds = [kind for kind in KINDS if kind in self._store.views.damage]
            try:
                count = self._store.rebuild(kinds=kinds, stop=self._stop)
                log.info("rebuilt %s: %d passages", " and ".join(kinds), count)
                delay = FIRST_RETRY_S
            except Exception as error:  # a full disk, say: tried again, since nobody is there to be told
                log.warning("%s can't be rebuilt yet: %s", " and ".join(kinds), error)
                self._stop.wait(delay)
                delay = min(2 * delay, LAST_RETRY_S)

    def _more(self) -> bool:
        with self._lock:
            if self._store.views.damage and not self._stop.is_set():
                return True
            self._thread = None
            return False
