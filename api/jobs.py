"""The queue of long jobs: one runs at a time, in a thread of its own, and clients can follow its progress."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from typing import Any

from api.job_info import JobInfo, JobKind, Problem, now, problem_of
from api.workers import Workers
from rag.errors import IndexBusy, NotReady, RenglonError, UnknownJob

KEPT = 100  # records of finished jobs; older ones are forgotten
UNEQUAL = frozenset({"upload", "batch"})  # each has contents of its own
WAITING = 8  # jobs in the queue; further ones are refused
TELL_S = 0.1  # how often a follower looks
Advance = Callable[[int, int], None]
Work = Callable[[Advance], dict[str, Any]]
log = logging.getLogger("renglon")


class Jobs:
    """The queue. Records are plain values that are replaced, never changed, so that any thread may read them."""

    def __init__(
        self, waiting: int = WAITING, workers: Workers | None = None, name: str = "jobs", kept: int = KEPT
    ) -> None:
        """`waiting`: how many jobs the queue holds; further ones are refused. `workers` runs the thread, by a name.
        `kept`: records of finished jobs; older ones are forgotten."""
        self._waiting, self._name, self._kept = waiting, name, kept
        self._workers = workers or Workers()
        self._changed = threading.Condition()
        self._records: OrderedDict[str, JobInfo] = OrderedDict()
        self._queue: list[tuple[str, Work]] = []
        self._stopped = False
        self._thread: threading.Thread | None = None

    def submit(self, kind: JobKind, work: Work, about: str = "") -> JobInfo:
        """Queue work, unless an equal job (none of `UNEQUAL`) is waiting already: that one is returned then. `about`
        tells jobs of one kind apart.

        `work` gets `advance(done, left)` to report its progress and returns its report. Raises IndexBusy when the
        queue is full.
        """
        with self._changed:
            for id_, _ in self._queue:
                known = self._records[id_]
                if (known.kind, known.about) == (kind, about) and kind not in UNEQUAL:
                    return known
            if len(self._queue) >= self._waiting or self._stopped:
                raise IndexBusy(f"{len(self._queue)} jobs are waiting.", "GET /v1/jobs/{id} says when one is done.")
            job = JobInfo(id=uuid.uuid4().hex[:16], kind=kind, about=about, state="queued", created_at=now())
            self._queue.append((job.id, work))
            self._put(job)
            if self._thread is None:
                self._thread = self._workers.start(self._name, self._run)
            return job

    def knows(self, id_: str) -> bool:
        """Whether a job of this queue has that id."""
        with self._changed:
            return id_ in self._records

    def get(self, id_: str) -> JobInfo:
        """A job as it is now. Raises UnknownJob."""
        with self._changed:
            if id_ not in self._records:
                raise UnknownJob(f"There is no job {id_[:40]!r}.", f"The last {self._kept} are kept, until a restart.")
            return self._records[id_]

    async def follow(self, id_: str) -> AsyncIterator[JobInfo]:
        """The job at once, then after changes, until it is done or failed. Raises UnknownJob.

        It polls, so that a client that follows a job takes no thread.
        """
        last: JobInfo | None = None
        while last is None or last.state in ("queued", "running"):
            job = self.get(id_)
            if job is not last:
                yield job
            last = job
            await asyncio.sleep(TELL_S)

    def stop(self) -> None:
        """Accept no more jobs. The running one ends at its next step, and waiting ones fail."""
        with self._changed:
            self._stopped = True
            for id_, _ in self._queue:
                problem = Problem(title="Stopped", status=503, detail="The server stopped.", hint="Ask again.")
                self._put(self._records[id_].model_copy(update={"state": "failed", "error": problem}))
            self._queue.clear()
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until the queue is empty and nothing runs; returns whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._running(), seconds)

    def _running(self) -> bool:
        return any(job.state == "running" for job in self._records.values())

    def _put(self, job: JobInfo) -> None:
        self._records[job.id] = job
        done = [id_ for id_, one in self._records.items() if one.state in ("done", "failed")]
        for id_ in done[: -self._kept]:
            del self._records[id_]
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._stopped)
                if self._stopped:
                    return
                id_, work = self._queue.pop(0)
                self._put(self._records[id_].model_copy(update={"state": "running", "started_at": now()}))
            self._work(id_, work)

    def _work(self, id_: str, work: Work) -> None:
        began = time.perf_counter()
        total = 0

        def advance(done: int, left: int) -> None:
            nonlocal total
            if self._stopped:
                raise NotReady("The server is stopping.", "What was committed stays; start it again.")
            total += done
            update: dict[str, Any] = {"done": total, "left": left}
            if total:
                rate = total / max(time.perf_counter() - began, 1e-6)
                update |= {"per_second": round(rate, 1), "seconds_left": round(left / rate, 1)}
            with self._changed:
                self._put(self._records[id_].model_copy(update=update))

        try:
            end: dict[str, Any] = {"state": "done", "report": work(advance), "left": 0, "seconds_left": 0}
        except RenglonError as error:
            log.error("job failed: %s", error)
            end = {"state": "failed", "error": problem_of(error)}
        except BaseException as error:  # a panic of a library written in Rust, too: the next job must be taken up
            self._workers.note(self._name, error)
            end = {"state": "failed", "error": problem_of(error)}
        with self._changed:
            self._put(self._records[id_].model_copy(update={**end, "finished_at": now()}))
