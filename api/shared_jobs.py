"""Jobs of a service whose index is in a database: any node accepts them, and the node that writes does them."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from api.job_info import JobInfo, JobKind, now, problem_of
from api.jobs import UNEQUAL, WAITING, Advance
from api.workers import Workers
from rag.errors import DatabaseAway, IndexBusy, NotReady, RenglonError, UnknownJob

if TYPE_CHECKING:
    from index.storage.postgres.job_table import JobTable, Posted

DONE_S = 0.02  # how often a request looks whether what it waits for is done
TELL_S = 0.3  # how often progress is noted, and how often a follower looks
# A small upload does not wait for a sync, nor does one of them overtake another.
Lane = Literal["long", "short"]
LANES: tuple[Lane, ...] = ("long", "short")
MOST: dict[Lane, int] = {"long": WAITING, "short": 64}
POLL_S = 1.0  # how often it is looked for work that nobody has told of
# What does a job: its kind, what was asked, its files, and a function to report progress.
Perform = Callable[[JobKind, dict[str, Any], Sequence[tuple[str, bytes]], Advance], dict[str, Any]]
log = logging.getLogger("renglon")


class SharedJobs:
    """The queue that all nodes share. What one of them has accepted is done, whichever of them dies."""

    def __init__(self, table: Callable[[], JobTable], perform: Perform, workers: Workers) -> None:
        """`table` raises NotReady until the database is open."""
        self._table, self._perform, self._workers = table, perform, workers
        self._stopped = threading.Event()
        self._wanted = {lane: threading.Event() for lane in LANES}
        self._idle = {lane: threading.Event() for lane in LANES}
        for idle in self._idle.values():
            idle.set()

    def submit(
        self,
        kind: JobKind,
        asked: dict[str, Any] | None = None,
        files: Sequence[tuple[str, bytes]] = (),
        lane: Lane = "long",
    ) -> JobInfo:
        """Put work into the queue, unless equal work is waiting already. Raises IndexBusy, DatabaseAway, NotReady."""
        from index.storage.postgres.job_table import Posted

        if self._stopped.is_set():
            raise NotReady("The server is stopping.", "Ask again.")
        wanted, about = json.dumps(asked or {}), " ".join((asked or {}).get("collections", []))
        if kind not in UNEQUAL and (waiting := self._table().waiting(kind)) and waiting.asked == wanted:
            return _info(waiting)
        job = JobInfo(id=uuid.uuid4().hex[:16], kind=kind, about=about, state="queued", created_at=now())
        self._table().post(Posted(job.id, lane, kind, "queued", job.model_dump_json(), wanted), files, MOST[lane])
        self.wake()
        return job

    def knows(self, id_: str) -> bool:
        """Whether there is a job of that id."""
        return self._table().get(id_) is not None

    def get(self, id_: str) -> JobInfo:
        """A job as it is now. Raises UnknownJob."""
        posted = self._table().get(id_)
        if posted is None:
            raise UnknownJob(f"There is no job {id_[:40]!r}.", "The last 100 are kept.")
        return _info(posted)

    async def follow(self, id_: str) -> AsyncIterator[JobInfo]:
        """The job at once, then after changes, until it is done or failed. Raises UnknownJob."""
        last: JobInfo | None = None
        while last is None or last.state in ("queued", "running"):
            try:
                job = await asyncio.to_thread(self.get, id_)
            except DatabaseAway:  # it comes back, and so does the job
                if last is None:
                    raise
                job = last
            if job != last:
                yield job
            last = job
            await asyncio.sleep(TELL_S)

    def done(self, id_: str, seconds: float) -> JobInfo:
        """A job at its end. Raises NotReady when it takes longer."""
        until = time.monotonic() + seconds
        while (job := self.get(id_)).state not in ("done", "failed"):
            if time.monotonic() > until:
                raise NotReady(
                    f"The node that writes has not come to it yet: job {id_}.",
                    f"GET /v1/jobs/{id_} says when.",
                )
            time.sleep(DONE_S)
        return job

    def wake(self) -> None:
        """Look for work."""
        for wanted in self._wanted.values():
            wanted.set()

    def start(self) -> None:
        """Do what is in the queue while this node writes, until `stop`; each lane in a thread of its own."""
        for lane in LANES:
            self._workers.start(f"{lane} jobs", partial(self._work, lane))

    def _work(self, lane: Lane) -> None:
        wanted, idle = self._wanted[lane], self._idle[lane]
        while not self._stopped.is_set():
            wanted.wait(POLL_S)
            wanted.clear()
            try:
                while not self._stopped.is_set() and (posted := self._table().take(lane)):
                    idle.clear()
                    self._do(posted)
            except (IndexBusy, NotReady, DatabaseAway):  # another node writes, or none can
                continue
            finally:
                idle.set()

    def _do(self, posted: Posted) -> None:
        job = JobInfo(**json.loads(posted.record)).model_copy(update={"state": "running", "started_at": now()})
        job = job.model_copy(update={"done": 0, "left": None})
        began = told = time.perf_counter()
        total = 0

        def advance(done: int, left: int) -> None:
            nonlocal total, told, job
            if self._stopped.is_set():
                raise NotReady("The server is stopping.", "Another node goes on.")
            total += done
            if (moment := time.perf_counter()) - told < TELL_S:
                return
            told, rate = moment, total / max(moment - began, 1e-6)
            update: dict[str, Any] = {"done": total, "left": left, "per_second": round(rate, 1)}
            job = job.model_copy(update=update | ({"seconds_left": round(left / rate, 1)} if rate else {}))
            self._table().note(job.id, "running", job.model_dump_json())

        try:
            self._table().note(job.id, "running", job.model_dump_json())
            report = self._perform(job.kind, json.loads(posted.asked), self._table().files(job.id), advance)
            end: dict[str, Any] = {"state": "done", "report": report, "done": total, "left": 0, "seconds_left": 0}
        except (DatabaseAway, NotReady, IndexBusy):
            with suppress(RenglonError):  # else it is put back when a node begins to write
                self._table().note(job.id, "queued", posted.record)
            raise
        except RenglonError as error:
            log.log(logging.ERROR if posted.lane == "long" else logging.INFO, "job failed: %s", error)
            end = {"state": "failed", "error": problem_of(error)}
        except BaseException as error:  # a panic of a library written in Rust, too
            self._workers.note("jobs", error)
            end = {"state": "failed", "error": problem_of(error)}
        job = job.model_copy(update={**end, "finished_at": now()})
        self._table().note(job.id, job.state, job.model_dump_json())

    def stop(self) -> None:
        """Take up no more work. What was begun is gone on with by the node that writes next."""
        self._stopped.set()
        self.wake()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing runs; returns whether that is so."""
        return all(idle.wait(seconds) for idle in self._idle.values())


def _info(posted: Posted) -> JobInfo:
    """The record with the state of its row, which a change of the writer sets back."""
    return JobInfo(**json.loads(posted.record)).model_copy(update={"state": posted.state})
