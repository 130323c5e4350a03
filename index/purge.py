"""What was deleted leaves the disk, too: every store is rewritten without it."""

from __future__ import annotations

from index.storage.disk import require_space, size_of
from index.store import Store

PARTS = ("catalog.sqlite", "catalog.sqlite-wal", "dense", "lexical")


def purge(store: Store) -> int:
    """Rewrite catalogue and projections; the bytes that this freed. Raises DataFolderUnusable, IndexMissing.

    A deletion marks room as free and leaves the bytes in it; so do Chroma's log and tantivy's segments. Afterwards no
    file of the data folder holds them. Blocks that the file system itself has let go of are out of reach.
    """
    with store.building, store.writing:
        before = _size(store)
        require_space(store.folder, before)
        store.catalog.vacuum()
        if store.catalog.generation:
            store.rebuild()
        return before - _size(store)


def _size(store: Store) -> int:
    return sum(size_of(store.folder / part) for part in PARTS)
