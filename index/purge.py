"""Removes deleted content from the disk by rewriting every store without it."""

from __future__ import annotations

import shutil

from index.pictures import FOLDER
from index.storage.disk import size_of
from index.writing import WritableStore


def purge(store: WritableStore) -> int:
    """Rewrite catalogue and search indexes; returns the bytes freed. Raises DataFolderUnusable, IndexMissing.

    A deletion marks room as free and leaves the bytes in it; so do Chroma's log and tantivy's segments. Afterwards no
    file of the data folder holds them. Blocks that the file system itself has let go of are out of reach, and so are
    the log and the copies that a database server keeps.
    """
    with store.building, store.writing:
        pictures = store.folder / FOLDER
        before = store.size() + size_of(pictures)
        shutil.rmtree(pictures, ignore_errors=True)  # they show what deleted documents held
        store.vacuum()
        if store.catalog.generation:
            store.rebuild()
        return before - store.size()
