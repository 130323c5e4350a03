"""Watches corpus folders and asks for a sync when a file of theirs changed."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from watchfiles import Change, watch

from index.corpus.documents import belongs
from index.corpus.globs import Globs
from index.corpus.sidecar import SUFFIX

QUIET_MS = 200  # a burst is over when nothing happened for this long
LONGEST_BURST_MS = 1000  # a burst that does not end is taken up after this long
LOOK_MS = 500  # how often it is looked whether the folder is still the same
# What editors and downloads leave beside a file for a moment. Hidden files are left out anyway.
_TEMPORARY = re.compile(r"[.#].*|~.*|.*~|4913|.*#|.*\.(sw[a-z]|tmp|temp|bak|part|crdownload)|.*___jb_\w+___")
log = logging.getLogger("renglon")


class Watcher:
    """Calls `act` after each burst of changes below the folders, and after a folder that was gone came back.

    `act` brings the index up to date by comparing all files, so that no single event matters. What it raises is
    logged; the watching goes on.
    """

    def __init__(self, roots: Callable[[], Mapping[Path, Globs]], act: Callable[[], object]) -> None:
        """`roots` gives the folders, each with what is wanted of it; it is asked again and again."""
        self._roots, self._act = roots, act
        self._globs: dict[Path, Globs] = {}

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set."""
        while not stop.is_set():
            self._globs = {root.resolve(): globs for root, globs in self._roots().items()}
            before = self._identities()
            if not before:
                stop.wait(LOOK_MS / 1000)
                continue
            try:
                self._watch(before, stop)
            except (OSError, RuntimeError) as error:  # the folder went away while the watching began
                log.warning("watching broke off: %s", error)
                stop.wait(LOOK_MS / 1000)

    def _watch(self, before: dict[Path, tuple[int, int]], stop: threading.Event) -> None:
        """Watch exactly these folders; returns when one of them is gone, was replaced by another one, or came back, and
        when other ones are to be watched."""
        changes: Iterator[set[tuple[Change, str]]] = watch(
            *before, watch_filter=self._wanted, debounce=LONGEST_BURST_MS, step=QUIET_MS, rust_timeout=LOOK_MS,
            yield_on_timeout=True, stop_event=stop, raise_interrupt=False, ignore_permission_denied=True,
        )  # fmt: skip
        first = True
        for changed in changes:
            if self._identities() != before:
                log.warning("a watched folder is gone, was replaced or came back")
                return
            if {root.resolve() for root in self._roots()} != self._globs.keys():
                return
            # What changed before the watching began has made no event.
            if changed or first:
                self._sync()
            first = False

    def _sync(self) -> None:
        try:
            self._act()
        except Exception as error:
            log.warning("not brought up to date: %s", error)

    def _identities(self) -> dict[Path, tuple[int, int]]:
        """The folders that are there now."""
        return {root: found for root in self._globs if (found := _identity(root))}

    def _wanted(self, change: Change, path: str) -> bool:
        """Whether a change can matter to the index: it is of a folder, or of a file that is indexed."""
        root = next((root for root in self._globs if Path(path).is_relative_to(root)), None)
        if root is None or Path(path) == root:
            return False
        parts = Path(path).relative_to(root).parts
        if any(part.startswith(".") for part in parts) or _TEMPORARY.fullmatch(parts[-1]):
            return False
        if belongs(parts[-1].removesuffix(SUFFIX)):
            return self._globs[root].admits("/".join(parts).removesuffix(SUFFIX))
        # A folder that was moved in or out brings or takes its files without an event for each.
        return change != Change.modified and (not Path(path).exists() or Path(path).is_dir())


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        found = root.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if root.is_dir() else None
