"""A follower: a second process that reads the data folder while another one writes it. It needs a Chroma server.

Before each query it switches to the projections that the catalogue names at that moment. The writer does not wait for
the follower's queries: one that began before a document is replaced may miss that document for a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from index.reading import ReadableStore
from index.storage.catalog import Catalog
from index.storage.live_views import View
from index.storage.lock import read_holder
from index.storage.originals import FolderOriginals
from index.storage.projections import Projections
from index.storage.protocol import KINDS, Kind
from index.store import CATALOG, UPLOADS, Store
from rag.errors import DatabaseUnusable, IndexBusy, ProjectionDamaged

if TYPE_CHECKING:
    from index.database_store import DatabaseStore


class Follower(ReadableStore):
    """An open data folder that another process holds, to be read only."""

    def __init__(self, folder: Path, chroma_url: str) -> None:
        self.projections = Projections(folder, Catalog.at(folder / CATALOG), chroma_url, writes=False)
        super().__init__(folder, self.projections.catalog, self.projections.open)
        self._seen: dict[str, str | None] = {}

    @property
    def follows(self) -> bool:
        """Always: another process writes."""
        return True

    @property
    def originals(self) -> FolderOriginals:
        """The bytes of uploaded documents."""
        return FolderOriginals(self.folder / UPLOADS)

    @contextmanager
    def reading(self) -> Iterator[View]:
        """Hold one state of the catalogue, and the projections that it names, for the duration of a query."""
        with self.views.looking(), self.catalog.snapshot():
            self._follow()
            yield self.views.current()

    def _follow(self) -> None:
        now = {key: self.catalog.get(key) for key in (*KINDS, "generation")}
        if now == self._seen:
            return
        with self.views.gate:
            for kind in KINDS:
                try:
                    if now[kind] != self._seen.get(kind):
                        # The old one may be in use: it is left to the garbage collector.
                        self.views.exchange({kind: self.projections.open(kind)})
                    else:
                        self.views.projection(kind).reload()
                except ProjectionDamaged as damage:
                    self.views.report(kind, damage)
                    now[kind] = None
            self._seen = now

    def report(self, kind: Kind, damage: ProjectionDamaged, seen: object = None) -> None:
        """Leave out a damaged projection until the catalogue names another one; the writer repairs it."""
        self.views.report(kind, damage, seen)
        self._seen = {}

    def busy(self) -> IndexBusy:
        """The error for whoever wants to write here; it names the process that can."""
        holder = read_holder(self.folder)
        return IndexBusy(
            f"The data folder {self.folder} is written by `{holder.get('command', '?')}` "
            f"(process {holder.get('pid', '?')}); this process only reads.",
            "Ask that one" + (f": {holder['url']}." if holder.get("url") else "."),
        )

    def close(self) -> None:
        """Close what is open here."""
        self.views.close()
        self.catalog.close()


def open_store(
    folder: Path, command: str, wait_s: float, chroma_url: str | None, database_url: str | None = None
) -> Store | Follower | DatabaseStore:
    """The data folder to write and read; where Chroma is a server and another process writes, to read alone.

    With the URL of a database the catalogue is there.
    """
    if database_url is not None:
        return _database_store(folder, command, wait_s, database_url)
    try:
        return Store(folder, command, wait_s if chroma_url is None else 0, chroma_url)
    except IndexBusy:
        if chroma_url is None or not (folder / "catalog.sqlite").exists():
            raise
    return Follower(folder, chroma_url)


def open_to_examine(
    folder: Path, command: str, wait_s: float, chroma_url: str | None, database_url: str | None
) -> Store | DatabaseStore:
    """The store, for `renglon doctor`: a data folder that nobody else has open, or a node over the database."""
    if database_url is None:
        return Store(folder, command, wait_s, chroma_url)
    node = _database_store(folder, command, wait_s, database_url)
    if node.catalog.generation:
        node.catch_up()
    return node


def open_catalog(folder: Path, database_url: str | None) -> Catalog | None:
    """The catalogue alone, to be read; None where nothing was indexed yet."""
    if database_url is not None:
        require_driver()
        from index.storage.postgres.database import PostgresDatabase

        return Catalog(PostgresDatabase(database_url, {}))
    path = folder / CATALOG
    return Catalog.at(path) if path.exists() else None


def _database_store(folder: Path, command: str, wait_s: float, url: str) -> DatabaseStore:
    require_driver()
    from index.database_store import DatabaseStore

    return DatabaseStore(folder, url, command, wait_s)


def require_driver() -> None:
    """Raise DatabaseUnusable when the driver for PostgreSQL is not installed."""
    try:
        import psycopg  # noqa: F401
        import psycopg_pool  # noqa: F401
    except ImportError as error:
        raise DatabaseUnusable(
            "RENGLON_DATABASE_URL is set, and the driver for PostgreSQL is not installed.",
            "Run: pip install 'renglon[postgresql]'",
        ) from error
