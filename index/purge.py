"""Removes deleted content from the disk by rewriting every store without it."""

from __future__ import annotations

import shutil
from pathlib import Path

from index.pictures import FOLDER
from index.storage.catalog import COPY
from index.storage.disk import require_space, size_of
from index.store import Store

PARTS = ("catalog.sqlite", "catalog.sqlite-wal", "dense", "lexical", FOLDER)


def purge(store: Store) -> int:
    """Rewrite catalogue and projections; returns the bytes freed. Raises DataFolderUnusable, IndexMissing.

    A deletion marks room as free and leaves the bytes in it; so do Chroma's log and tantivy's segments. Afterwards no
    file of the data folder holds them. Blocks that the file system itself has let go of are out of reach.
    """
    with store.building, store.writing:
        before = _size(store)
        for copy in _copies(store):  # made before a migration: they hold what was deleted since
            copy.unlink()
        require_space(store.folder, before)
        shutil.rmtree(store.folder / FOLDER, ignore_errors=True)  # they show what deleted documents held
        store.catalog.vacuum()
        if store.catalog.generation:
            store.rebuild()
        return before - _size(store)


def _size(store: Store) -> int:
    return sum(size_of(path) for path in [*(store.folder / part for part in PARTS), *_copies(store)])


def _copies(store: Store) -> list[Path]:
    return sorted(store.folder.glob(f"{PARTS[0]}{COPY}*"))
