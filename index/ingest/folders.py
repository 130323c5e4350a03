"""Brings the folders of several collections into the index, one collection after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.collections import Collection
from index.ingest.plan import SyncReport
from index.ingest.sync import Progress, Syncer
from rag.errors import CorpusNotFound, NoReadableFile, RenglonError


def sync_collections(
    collections: Sequence[Collection], syncer: Callable[[Collection], Syncer], progress: Progress | None = None
) -> SyncReport:
    """Sync collections; `syncer` gives what brings the files of one into the index. One report for all.

    A collection whose folder is gone or empty is named under `failed`, and the others go on. Raises what Syncer.sync
    raises; CorpusNotFound or NoReadableFile when no collection is left.
    """
    whole = SyncReport()
    first: RenglonError | None = None
    for one in collections:
        try:
            whole.add(syncer(one).sync(one.paths, progress, one.name))
        except (CorpusNotFound, NoReadableFile) as error:
            first = first or error
            whole.failed.append((one.name, str(error)))
    if first is not None and len(whole.failed) == len(collections):
        raise first
    return whole
