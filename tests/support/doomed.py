"""Work that ends its own process in the middle. Each function runs in a child (`tests.support.processes.run_child`)."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from index.ingest import sync
from index.model.encoder import load_encoder
from index.store import Store
from rag.settings import Settings
from tests.support.models import Turned
from tests.support.paths import MAX_BYTES
from tests.support.remembering import Remembering

EXIT = 9


def reembed_until(data: str, memory: str, moment: str) -> None:
    """A change of model that ends when the catalogue's method `moment` is called."""
    store = Store(Path(data))
    setattr(store.catalog, moment, lambda *_, **__: os._exit(EXIT))
    sync.Syncer(store, Turned(Remembering.recall(Path(memory))), MAX_BYTES).reembed()


def sync_until(data: str, corpus: str, texts: int) -> None:
    """A sync in groups of twenty files that is killed once so many texts are embedded."""
    sync.GATHER, seen = 60, 0

    def progress(done: int, _: int) -> None:
        nonlocal seen
        seen += done
        if seen > texts:
            os.kill(os.getpid(), signal.SIGKILL)

    sync.Syncer(Store(Path(data)), load_encoder(Settings()), MAX_BYTES).sync(Path(corpus), progress)


def hold(data: str) -> None:
    """Take the lock of a data folder, and die with it."""
    Store(Path(data))
    os._exit(EXIT)
