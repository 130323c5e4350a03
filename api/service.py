"""The service behind the routes: loads the model and the index in a thread of its own, after the port is open."""

from __future__ import annotations

import dataclasses
import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from anyio import to_thread

from api.forwarded_uploads import ForwardedUploads, perform
from api.http.forms import Uploaded
from api.job_info import JobInfo, JobKind
from api.jobs import Advance, Jobs
from api.metrics import Metrics
from api.node import Node
from api.outcome import SyncOutcome, outcome_of
from api.shared_jobs import SharedJobs
from api.threads import limiter
from api.uploading import index_files
from api.workers import Workers
from rag.errors import (
    CorpusNotFound,
    DatabaseAway,
    IndexMissing,
    ModelMismatch,
    NoReadableFile,
    NotReady,
    RenglonError,
)
from rag.scope import Scope
from rag.settings import Settings

if TYPE_CHECKING:
    from index.corpus.globs import Globs
    from index.ingest.uploads import Uploads
    from index.pictures import PagePictures
    from index.renglon import Renglon
    from index.storage.catalog import Catalog
    from index.storage.postgres.job_table import JobTable
    from rag.engine import Engine

UPLOADS = "uploads"  # the root of documents that came over HTTP
BATCHES = 5  # finished ones whose answers are kept, some megabytes each
RETRY_S = 1  # between two tries to reach the database
STOP_S = 10  # a running job ends at its next step, which is a batch of the encoder
WAIT_S = 15  # a sync from the command line may just be under way
State = Literal["starting", "ready", "failed"]
log = logging.getLogger("renglon")


class Service:
    """State of the server: `starting`, `ready` or `failed`, and what it is doing."""

    def __init__(
        self, settings: Settings, watch: bool = False, wait_s: float = WAIT_S, command: str = "renglon serve"
    ) -> None:
        """`wait_s`: how long to wait for another process to let go of the data folder; it learns the `command`."""
        self.settings = settings
        self._command = command
        self._wait_s = wait_s
        self.watching = watch
        self.state: State = "starting"
        self.phase = "starting"
        self.error: RenglonError | None = None
        self.last_sync: SyncOutcome | None = None
        self.url = ""
        self.instance = secrets.token_hex(16)
        self.opened: Renglon | None = None
        self.workers = Workers()
        self.metrics = Metrics()
        self.desk = Desk(self)
        self._thread: threading.Thread | None = None
        self._node: Node | None = None

    def start(self) -> None:
        """Begin loading. What fails unexpectedly is tried again, after a while."""
        self._thread = self.workers.start("start", self._begin)

    def _begin(self) -> None:
        """Load; a node of several waits for the database, and for the one that writes to index something."""
        self.begin()
        while isinstance(self.error, DatabaseAway | IndexMissing) and self.settings.database_url is not None:
            if self.workers.stopped.wait(RETRY_S):
                return
            self.begin()

    def begin(self) -> None:
        """Load, or load again what loading failed on, in the calling thread. Raises what is not a RenglonError."""
        self.state, self.error = "starting", None
        began = time.perf_counter()
        try:
            self._load()
        except RenglonError as error:
            self.error, self.state, self.phase = error, "failed", str(error)
            log.error("not ready: %s", error)
        except BaseException as error:
            what = f"Loading failed ({type(error).__name__})."
            self.error = NotReady(what, "The server's log says more; it tries again by itself.")
            self.state, self.phase = "failed", str(self.error)
            raise
        else:
            self.state, self.phase = "ready", "ready"
            log.info("ready after %.1f s", time.perf_counter() - began)
            if self.opened is not None and self.opened.coming is not None and not self.opened.store.follows:
                self.desk.reembed()

    def _load(self) -> None:
        self._enter("opening the index")
        from index.renglon import Renglon

        if self.opened is None:
            self.opened = Renglon(self.settings, self._command, wait_s=self._wait_s)
        renglon = self.opened
        if self.url:
            renglon.announce(self.url, self.instance)
        self._join(renglon)
        self._enter("loading the model")
        renglon.encoder()
        self._enter("indexing the corpus")
        self._sync(renglon)
        self._enter("warming up")
        renglon.engine()
        _give_back_memory()
        if self.watching:
            self.desk.watch()

    def _join(self, renglon: Renglon) -> None:
        """Become one of the nodes over a database, where there is one."""
        if self.settings.database_url is None:
            return
        from index.database_store import DatabaseStore

        assert isinstance(renglon.store, DatabaseStore)
        renglon.store.lead()
        if self._node is None:
            jobs = self.desk.jobs
            assert isinstance(jobs, SharedJobs)
            self._node = Node(renglon.store, self._took_over, jobs.wake)
            node = self._node
            self.workers.start("node", lambda: node.run(self.workers.stopped))
            jobs.start()

    def _took_over(self) -> None:
        """This node writes from now on: see what the one before has missed. Its jobs wait in the queue again."""
        if self.state == "ready":
            self.desk.sync()

    @property
    def away(self) -> RenglonError | None:
        """Why nothing can be answered now although everything is loaded: the database does not answer."""
        return self._node.away if self._node else None

    def _enter(self, phase: str) -> None:
        self.phase = phase
        log.info("%s ...", phase)

    def _sync(self, renglon: Renglon) -> None:
        if renglon.store.follows:
            log.info("another process writes the index; this one only answers")
            return
        try:
            report = renglon.sync((), self._progress)
        except (CorpusNotFound, NoReadableFile) as error:
            if not renglon.store.catalog.generation:
                raise
            log.warning("%s Answering from the index.", error.detail)
            return
        self.last_sync = outcome_of(report)
        for name, reason in report.failed:
            log.warning("the collection %s: %s Answering from the index.", name, reason)
        for file, reason in report.refused:
            log.warning("refused %s: %s", file, reason)
        log.info(
            "%s: %d added, %d changed, %d unchanged, %d removed, %d refused",
            ", ".join(folder for one in renglon.collections() for folder in one.folders), len(report.added),
            len(report.changed), report.unchanged, len(report.removed), len(report.refused),
        )  # fmt: skip
        folders = {folder for one in renglon.collections() for folder in one.folders}
        others = {row.root for row in renglon.store.catalog.documents()} - {UPLOADS, *folders}
        if others:
            log.warning("answers also come from %s, which this data folder holds since an earlier sync; "
                        "RENGLON_DATA_DIR keeps folders apart", ", ".join(sorted(others)))  # fmt: skip

    def _progress(self, done: int, left: int) -> None:
        self.phase = f"indexing the corpus: {left:,} passages and sentences left"

    @property
    def open_phase(self) -> str:
        """`phase` for those who show no key: an error is named by its kind, since its words may hold a path."""
        error = self.error or self.away
        return f"failed: {type(error).__name__}" if error else self.phase

    @property
    def renglon(self) -> Renglon:
        """The open data folder with its model, to be written to. Raises what `engine` raises."""
        if self.state == "ready" and self.opened is not None:
            return self.opened
        if self.error is not None:
            raise self.error
        raise NotReady(f"Not ready yet: {self.phase}.", "GET /readyz says when.")

    @property
    def jobs(self) -> Jobs | SharedJobs:
        """Long work that is under way, and the last that was."""
        return self.desk.jobs

    @property
    def batches(self) -> Jobs:
        """Batches of questions, likewise."""
        return self.desk.batches

    @property
    def engine(self) -> Engine:
        """What answers. Raises NotReady while loading, or the error that loading ended with."""
        return self.renglon.engine()

    async def within(self, scope: Scope) -> Engine:
        """What answers from the documents in a scope. Raises UnknownCollection, UnknownDocument, what `engine` raises.

        It looks into the catalogue, which the event loop does not wait for.
        """
        _ = self.engine  # what it raises does not wait for a thread
        return await to_thread.run_sync(self.renglon.within, scope, limiter=limiter("reading"))

    @property
    def catalog(self) -> Catalog:
        """The catalogue, readable before the model is loaded. Raises NotReady."""
        if self.opened is not None:
            return self.opened.store.catalog
        raise self.error or NotReady(f"Not ready yet: {self.phase}.", "GET /readyz says when.")

    @property
    def pictures(self) -> PagePictures:
        """The pages of documents as pictures. Raises NotReady while the index is opening."""
        if self.opened is not None:
            return self.opened.pictures()
        raise self.error or NotReady(f"Not ready yet: {self.phase}.", "GET /readyz says when.")

    def stop(self) -> None:
        """Close the data folder, unless a job or a request still uses it."""
        self.workers.stop()
        idle = self.desk.stop()
        if self.opened is not None and idle and not (self._thread and self._thread.is_alive()):
            self.opened.close()


def _give_back_memory() -> None:
    """Return what loading and indexing freed to the system; glibc keeps it otherwise. Nothing where there is none."""
    import ctypes
    import gc

    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        log.debug("no malloc_trim here")


class Desk:
    """What the writing routes, the watcher and the command line ask of a service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        shared = service.settings.database_url is not None
        self.jobs = (
            SharedJobs(self._job_table, self._perform, service.workers) if shared else Jobs(workers=service.workers)
        )
        # Questions don't wait for a sync, nor a sync for questions. Each report holds all of its answers.
        self.batches = Jobs(workers=service.workers, name="batches", kept=BATCHES)
        self._uploads: Uploads | None = None
        self._lock = threading.Lock()
        self._watching = False
        # Each gets the names of the collections that it is about, none for all.
        self._works: dict[str, Callable[[Renglon, Sequence[str], Advance], dict[str, Any]]] = {
            "sync": self._sync, "remove": lambda _, names, __: self._remove(names),
            "rebuild": lambda renglon, _, advance: _rebuild(renglon, advance),
            "reembed": lambda renglon, _, advance: self._reembed(renglon, advance),
            "purge": lambda renglon, *_: _purge(renglon, self._own_uploads()),
        }  # fmt: skip

    def _job_table(self) -> JobTable:
        from index.database_store import DatabaseStore

        opened = self._service.opened
        if opened is None or not isinstance(opened.store, DatabaseStore):
            raise NotReady("The database is not open yet.", "GET /readyz says when.")
        return opened.store.jobs

    def _perform(
        self, kind: JobKind, asked: dict[str, Any], files: Sequence[tuple[str, bytes]], advance: Advance
    ) -> dict[str, Any]:
        """Do a job of the queue that all nodes share."""
        if kind == "upload":
            return self._upload(asked, files, advance)
        if kind == "reembed" and isinstance(self._service.error, ModelMismatch):
            return self._recover(advance)
        return self._works[kind](self._service.renglon, asked.get("collections", ()), advance)

    def _upload(self, asked: dict[str, Any], files: Sequence[tuple[str, bytes]], advance: Advance) -> dict[str, Any]:
        uploads, limit = self._own_uploads(), self._service.settings.max_file_bytes
        if asked["call"] != "files":
            return perform(uploads, asked, [content for _, content in files])
        sources = [(name, BytesIO(content)) for name, content in files]
        collection = asked["options"]["collection"]
        results, _ = index_files(sources, uploads, limit, collection, lambda: advance(0, 0))
        return Uploaded(files=results, index_version=self._service.catalog.generation).model_dump()

    def _begin(self, kind: JobKind, names: Sequence[str] = ()) -> JobInfo:
        renglon, about = self._service.renglon, sorted(set(names))
        if isinstance(self.jobs, SharedJobs):
            return self.jobs.submit(kind, {"collections": about} if about else None)
        return self.jobs.submit(kind, lambda advance: self._works[kind](renglon, about, advance), " ".join(about))

    def uploads(self) -> Uploads | ForwardedUploads:
        """The uploaded documents; of several nodes, the one that writes does what is asked of them. Raises NotReady."""
        if isinstance(self.jobs, SharedJobs):
            _ = self._service.renglon
            return ForwardedUploads(self.jobs)
        return self._own_uploads()

    def _own_uploads(self) -> Uploads:
        """The uploads; what a cut-off request left behind is deleted at the first call. Raises NotReady."""
        renglon = self._service.renglon
        with self._lock:
            if self._uploads is None:
                self._uploads = renglon.uploads()
                self._uploads.tidy()
            return self._uploads

    def sync(self, names: Sequence[str] = ()) -> JobInfo:
        """Queue a sync of the folders of some collections, by default of all. Raises NotReady, IndexBusy."""
        return self._begin("sync", names)

    def _sync(self, renglon: Renglon, names: Sequence[str], advance: Advance) -> dict[str, Any]:
        from index.storage.disk import disk_errors

        with disk_errors():
            report = renglon.sync(names, advance)
        self._service.last_sync = outcome_of(report)
        return dataclasses.asdict(report)

    def rebuild(self) -> JobInfo:
        """Queue a rebuild of both projections. Raises NotReady, IndexBusy."""
        return self._begin("rebuild")

    def purge(self) -> JobInfo:
        """Queue a purge, which removes what was deleted from the disk. Raises NotReady, IndexBusy."""
        return self._begin("purge")

    def remove_collection(self, name: str) -> JobInfo:
        """Queue the removal of a collection, behind the syncs that may be bringing in its files."""
        return self._begin("remove", [name])

    def _remove(self, names: Sequence[str]) -> dict[str, Any]:
        return {"removed": sum(self._own_uploads().remove_collection(name) for name in names)}

    def reembed(self) -> JobInfo:
        """Queue embedding everything with the model that is set; what a service that failed for its model needs."""
        if isinstance(self._service.error, ModelMismatch) and self._service.opened is not None:
            if isinstance(self.jobs, SharedJobs):
                return self.jobs.submit("reembed")
            return self.jobs.submit("reembed", self._recover)
        return self._begin("reembed")

    def _reembed(self, renglon: Renglon, advance: Advance) -> dict[str, Any]:
        from index.storage.disk import disk_errors

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
        """Keep the folders indexed as they change, until the service stops."""
        from index.ingest.watch import Watcher

        if self._watching:  # loading has begun again
            return
        self._watching = True
        watcher = Watcher(self._folders, self.sync)
        workers = self._service.workers
        workers.start("watch", lambda: watcher.run(workers.stopped))

    def _folders(self) -> dict[Path, Globs]:
        from index.collections import kept

        settings = self._service.settings
        collections = kept(self._service.catalog, settings)
        return {folder: one.globs(settings) for one in collections for folder in one.paths}

    def stop(self) -> bool:
        """Stop working; whether nothing is at work any more."""
        self.jobs.stop()
        self.batches.stop()
        return self.jobs.wait(STOP_S) and self.batches.wait(STOP_S)


def _rebuild(renglon: Renglon, advance: Advance) -> dict[str, Any]:
    from index.storage.disk import disk_errors

    left = renglon.store.catalog.counts()["passages"]

    def rebuilt(done: int) -> None:
        nonlocal left
        left = max(0, left - done)
        advance(done, left)

    with disk_errors():
        return {"rebuilt_passages": renglon.writable().rebuild(rebuilt)}


def _purge(renglon: Renglon, uploads: Uploads) -> dict[str, Any]:
    from index.purge import purge
    from index.storage.disk import disk_errors

    with disk_errors():
        uploads.tidy()
        return {"freed_bytes": purge(renglon.writable())}
