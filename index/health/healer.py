"""Finds damaged projections before they are opened, and rebuilds them in the background while queries are answered."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence

from index.health import probe
from index.storage.disk import sync_folder
from index.storage.library_errors import MEND
from index.storage.live_views import Views
from index.storage.projections import Projections
from index.storage.protocol import KINDS, Kind
from rag.errors import ProjectionDamaged

log = logging.getLogger("renglon")

MARK = "clean"
# A probe takes about a second, and Chroma replays its last changes at 0.3 ms a passage.
PROBE_S, PROBE_S_PER_PASSAGE = 30.0, 0.002
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 10.0


def take_mark(projections: Projections) -> bool:
    """Whether the last holder closed the folder properly and nobody has changed a projection since.

    The mark is removed: a process that dies from now on leaves none. Removing it needs no room on the disk.
    """
    path = projections.folder / MARK
    try:
        left = path.read_text()
        path.unlink()
        sync_folder(projections.folder)
    except FileNotFoundError:
        return not projections.catalog.generation
    except (OSError, ValueError):
        return False
    return left == _fingerprint(projections)


def leave_mark(projections: Projections) -> None:
    """Write the mark of a clean shutdown, unless the projections are behind the catalogue."""
    catalog, path = projections.catalog, projections.folder / MARK
    if catalog.get("projected") in (str(catalog.generation), None):
        try:
            path.write_text(_fingerprint(projections))
        except OSError:
            path.unlink(missing_ok=True)


def _fingerprint(projections: Projections) -> str:
    """Names, sizes and times of the projections' files, and the generation that they show."""
    digest = hashlib.sha256(str(projections.catalog.generation).encode())
    for kind in KINDS:
        for path in sorted(projections.path(kind).rglob("*")):
            if path.is_file():
                stat = path.stat()
                name = path.relative_to(projections.folder)
                digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def inspect(projections: Projections, views: Views, left_clean: bool) -> bool:
    """Check the projections before they are opened; returns whether their passages must be compared one by one.

    After a clean shutdown nothing is probed and only the numbers of passages are compared.
    """
    suspect = not left_clean
    passages = projections.catalog.counts()["passages"]
    for kind in KINDS:
        if not left_clean and projections.is_local(kind):
            problem = probe.ask(projections.folder, kind, PROBE_S + PROBE_S_PER_PASSAGE * passages)
            if problem:
                views.report(kind, ProjectionDamaged(problem, MEND))
        if kind not in views.damage:
            try:
                suspect = suspect or views.projection(kind).count() != passages
            except ProjectionDamaged as damage:
                views.report(kind, damage)
    for kind, found in views.damage.items():
        log.warning("the %s projection is damaged and will be rebuilt: %s", kind, found.detail)
    return suspect


class Healer:
    """Rebuilds what is damaged, in a thread that lives as long as there is work."""

    def __init__(self, views: Views, rebuild: Callable[[Sequence[Kind], threading.Event], int]) -> None:
        """`rebuild` is called with the kinds that are damaged, and an event that stops it when set."""
        self._views, self._rebuild = views, rebuild
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def wake(self) -> None:
        """Start rebuilding, unless a rebuild is already running."""
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
        """Stop the thread; an unfinished rebuild is abandoned."""
        self._stop.set()
        self.wait()

    def _run(self) -> None:
        delay = FIRST_RETRY_S
        while self._more():
            kinds = [kind for kind in KINDS if kind in self._views.damage]
            try:
                count = self._rebuild(kinds, self._stop)
                log.info("rebuilt %s: %d passages", " and ".join(kinds), count)
                delay = FIRST_RETRY_S
            except BaseException as error:  # a full disk, or a panic of a library written in Rust: tried again
                log.warning("%s can't be rebuilt yet: %s: %s", " and ".join(kinds), type(error).__name__, error)
                self._stop.wait(delay)
                delay = min(2 * delay, LAST_RETRY_S)

    def _more(self) -> bool:
        with self._lock:
            if self._views.damage and not self._stop.is_set():
                return True
            self._thread = None
            return False
