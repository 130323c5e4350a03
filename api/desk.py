"""The writing side of the service: uploads, and the jobs that bring the index up to date."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

from api.forms import JobInfo
from api.jobs import Advance, Jobs
from rag.errors import ModelMismatch

if TYPE_CHECKING:
    from api.service import Service
    from index.uploads import Uploads
    from index.wiring import Renglon

STOP_S = 10  # a running job ends at its next step, which is a batch of the encoder


class Desk:
    """What the writing routes, the watcher and the command line ask of a service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.jobs = Jobs()
        self._stop = threading.Event()
        self._uploads: Uploads | None = None
        self._lock = threading.Lock()

    @property
    def uploads(self) -> Uploads:
        """The uploaded documents. Raises NotReady."""
        renglon = self._service.renglon
        with self._lock:
            if self._uploads is None:
                self._uploads = renglon.uploads
                self._uploads.tidy()
            return self._uploads

    def sync(self) -> JobInfo:
        """Queue a sync of the corpus folder. Raises NotReady, IndexBusy."""
        renglon = self._service.renglon
        return self.jobs.submit("sync", lambda advance: _sync(renglon, advance))

    def rebuild(self) -> JobInfo:
        """Queue a rebuild of both projections. Raises NotReady, IndexBusy."""
        renglon = self._service.renglon
        return self.jobs.submit("rebuild", lambda advance: _rebuild(renglon, advance))

    def purge(self) -> JobInfo:
        """Queue taking what was deleted off the disk. Raises NotReady, IndexBusy."""
        renglon = self._service.renglon
        return self.jobs.submit("purge", lambda _: _purge(renglon, self.uploads))

    def reembed(self) -> JobInfo:
        """Queue embedding everything with the model that is set; what a service that failed for its model needs."""
        if isinstance(self._service.error, ModelMismatch) and self._service.opened is not None:
            return self.jobs.submit("reembed", self._recover)
        renglon = self._service.renglon
        return self.jobs.submit("reembed", lambda advance: self._reembed(renglon, advance))

    def _reembed(self, renglon: Renglon, advance: Advance) -> dict[str, Any]:
        from index.disk import disk_errors

        with disk_errors():
            report = {"reembedded_passages": renglon.reembed(advance)}
        with self._lock:
            self._uploads = None  # the next upload is embedded with the new model
        return report

    def _recover(self, advance: Advance) -> dict[str, Any]:
        assert self._service.opened is not None
        report = self._reembed(self._service.opened, advance)
        self._service.begin()
        return report

    def watch(self) -> None:
        """Keep the corpus folder indexed as it changes, until `stop`."""
        from index.watch import Watcher
        from index.wiring import globs_of

        watcher = Watcher([self._service.settings.corpus], globs_of(self._service.settings), self.sync)
        threading.Thread(target=watcher.run, args=(self._stop,), name="renglon-watch", daemon=True).start()

    def stop(self) -> bool:
        """Stop watching and working; whether nothing is at work any more."""
        self._stop.set()
        self.jobs.stop()
        return self.jobs.wait(STOP_S)


def _sync(renglon: Renglon, advance: Advance) -> dict[str, Any]:
    from index.disk import disk_errors

    with disk_errors():
        return dataclasses.asdict(renglon.syncer.sync(renglon.settings.corpus, advance))


def _rebuild(renglon: Renglon, advance: Advance) -> dict[str, Any]:
    from index.disk import disk_errors

    left = renglon.store.catalog.counts()["passages"]

    def tell(done: int) -> None:
        nonlocal left
        left = max(0, left - done)
        advance(done, left)

    with disk_errors():
        return {"rebuilt_passages": renglon.store.rebuild(tell)}


def _purge(renglon: Renglon, uploads: Uploads) -> dict[str, Any]:
    from index.disk import disk_errors

    with disk_errors():
        uploads.tidy()
        return {"freed_bytes": renglon.store.purge()}
