"""How much memory some work takes, measured in a process of its own."""

from __future__ import annotations

import json
import resource
from pathlib import Path

from index.ingest.sync import Syncer
from index.store import Store
from tests.support.models import Tiny
from tests.support.paths import MAX_BYTES


def sync(data: str, corpus: str, result: str) -> None:
    """Sync a corpus with vectors of the usual size; writes megabytes taken, and the report, to a file."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Store(Path(data)) as store:
        report = Syncer(store, Tiny(384), MAX_BYTES).sync(Path(corpus))
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    Path(result).write_text(json.dumps({"mb": taken / 1024, "added": report.added, "refused": report.refused}))
