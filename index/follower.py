"""A second process over the same data folder, which only reads. Possible where Chroma is a server.

It follows what the writer does: before each query it takes up the projections that the catalogue names now. What it
can't have is the writer's patience: for the milliseconds in which the writer takes an old passage away, a query that
began before may miss a document that is being replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.storage.lexical import LexicalIndex
from index.storage.live_views import View
from index.storage.lock import read_holder
from index.store import Store
from rag.errors import IndexBusy, ProjectionDamaged


class NoLock:
    """What a follower has in the place of the folder's lock."""

    def announce(self, *_: object) -> None:
        """The holder is another process; it is the one to be announced."""

    def release(self) -> None:
        """Nothing is held."""


class Follower(Store):
    """An open data folder that another process holds. Everything that changes it raises IndexBusy."""

    follows = True

    def __init__(self, folder: Path, chroma_url: str) -> None:
        self._open(folder, chroma_url)
        self.lock: Any = NoLock()
        self._seen: dict[str, str | None] = {}

    @contextmanager
    def reading(self) -> Iterator[View]:
        """For the length of a query: one state of the catalogue, and the projections that it names."""
        with self.views.looking(), self.catalog.snapshot():
            self._follow()
            yield self.views.current()

    def _follow(self) -> None:
        now = {key: self.catalog.get(key) for key in ("dense", "lexical", "generation")}
        if now == self._seen:
            return
        with self.views.gate:
            for kind in ("dense", "lexical"):
                try:
                    if now[kind] != self._seen.get(kind):
                        part = self._open_dense() if kind == "dense" else self._open_lexical()
                        self.views.exchange(**{kind: part})  # the old one may be in use: it is left to the collector
                    elif kind == "lexical":
                        self.views.lexical.reload()
                except ProjectionDamaged as damage:
                    self.views.report(kind, damage)
                    now[kind] = None
            self._seen = now

    def _open_lexical(self) -> LexicalIndex:
        place = self.folder / "lexical" / self._place("lexical")
        if not place.is_dir():
            raise ProjectionDamaged(f"{place} is gone.", "The writer is exchanging it.")
        return LexicalIndex(place)

    def report(self, kind: str, damage: ProjectionDamaged, seen: object = None) -> None:
        """Do without a projection until the catalogue names another one; mending is the writer's."""
        self.views.report(kind, damage, seen)
        self._seen = {}

    def catch_up(self) -> int:
        """The writer does that."""
        return 0

    def _refused(self, *_: object, **__: object) -> Any:
        holder = read_holder(self.folder)
        raise IndexBusy(
            f"The data folder {self.folder} is written by `{holder.get('command', '?')}` "
            f"(process {holder.get('pid', '?')}); this process only reads.",
            "Ask that one" + (f": {holder['url']}." if holder.get("url") else "."),
        )

    replace = remove = rebuild = switch_model = purge = _refused

    def _place(self, kind: str) -> str:
        return self.catalog.get(kind) or self._refused()

    def close(self) -> None:
        """Close what is open here."""
        self.views.close()
        self.catalog.close()


def open_store(folder: Path, command: str, wait_s: float, chroma_url: str | None) -> Store:
    """The data folder to write and read; where Chroma is a server and another process writes, to read alone."""
    try:
        return Store(folder, command, wait_s if chroma_url is None else 0, chroma_url)
    except IndexBusy:
        if chroma_url is None or not (folder / "catalog.sqlite").exists():
            raise
    return Follower(folder, chroma_url)
