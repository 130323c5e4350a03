"""The service behind the routes: loads the model and the index in a thread of its own, after the port is open."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Literal

from rag.errors import NotReady, RenglonError
from rag.settings import Settings

if TYPE_CHECKING:
    from index.catalog import Catalog
    from index.wiring import Renglon
    from rag.engine import Engine

State = Literal["starting", "ready", "failed"]
log = logging.getLogger("renglon")


class Service:
    """State of the server: `starting`, `ready` or `failed`, and what it is doing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.state: State = "starting"
        self.phase = "starting"
        self.error: RenglonError | None = None
        self.url = ""
        self._renglon: Renglon | None = None
        self._thread = threading.Thread(target=self._start, name="renglon-start", daemon=True)

    def start(self) -> None:
        """Begin loading."""
        self._thread.start()

    def _start(self) -> None:
        began = time.perf_counter()
        try:
            self._load()
        except RenglonError as error:
            self.error, self.state, self.phase = error, "failed", str(error)
            log.error("not ready: %s", error)
        except Exception:
            self.error = NotReady("Loading failed.", "The server's log says more.")
            self.state, self.phase = "failed", str(self.error)
            log.exception("loading failed")
        else:
            self.state, self.phase = "ready", "ready"
            log.info("ready after %.1f s", time.perf_counter() - began)

    def _load(self) -> None:
        self._enter("opening the index")
        from index.wiring import Renglon

        self._renglon = renglon = Renglon(self.settings, "renglon serve", wait_s=5)
        if self.url:
            renglon.store.lock.announce(self.url)
        self._enter("loading the model")
        _ = renglon.encoder
        self._enter(f"indexing {self.settings.corpus}")
        self._sync(renglon)
        self._enter("warming up")
        _ = renglon.engine
        _give_back_memory()

    def _enter(self, phase: str) -> None:
        self.phase = phase
        log.info("%s ...", phase)

    def _sync(self, renglon: Renglon) -> None:
        if not self.settings.corpus.is_dir() and renglon.store.catalog.generation:
            log.warning("the corpus folder %s is gone; answering from the index", self.settings.corpus)
            return
        report = renglon.syncer.sync(self.settings.corpus)
        for file, reason in report.refused:
            log.warning("refused %s: %s", file, reason)
        log.info(
            "%s: %d added, %d changed, %d unchanged, %d removed, %d refused",
            self.settings.corpus, len(report.added), len(report.changed), report.unchanged, len(report.removed),
            len(report.refused),
        )  # fmt: skip

    @property
    def engine(self) -> Engine:
        """What answers. Raises NotReady while loading, or the error that loading ended with."""
        if self.state == "ready" and self._renglon is not None:
            return self._renglon.engine
        if self.error is not None:
            raise self.error
        raise NotReady(f"Not ready yet: {self.phase}.", "GET /readyz says when.")

    @property
    def catalog(self) -> Catalog:
        """The catalogue, readable before the model is loaded. Raises NotReady."""
        if self._renglon is not None:
            return self._renglon.store.catalog
        raise self.error or NotReady(f"Not ready yet: {self.phase}.", "GET /readyz says when.")

    def stop(self) -> None:
        """Let go of the data folder."""
        if self._renglon is not None and not self._thread.is_alive():
            self._renglon.close()


def _give_back_memory() -> None:
    """Return what loading and indexing freed to the system; glibc keeps it otherwise. Nothing where there is none."""
    import ctypes
    import gc

    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        log.debug("no malloc_trim here")
