from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from api.jobs import KEPT, Advance, Jobs
from api.workers import Workers
from rag.errors import DataFolderUnusable, IndexBusy, UnknownJob
from tests.support.models import Panic


def report(**values: Any) -> Any:
    return lambda advance: values


def ended(jobs: Jobs, id_: str) -> Any:
    assert jobs.wait(10)
    return jobs.get(id_)


def test_a_job_runs_and_keeps_its_report() -> None:
    jobs = Jobs()
    job = jobs.submit("sync", report(added=["a.txt"]))
    assert job.state == "queued"
    done = ended(jobs, job.id)
    assert (done.state, done.report, done.left) == ("done", {"added": ["a.txt"]}, 0)
    assert done.created_at <= done.started_at <= done.finished_at


def test_one_at_a_time_and_an_equal_one_that_waits_is_the_same() -> None:
    jobs, go, running = Jobs(), threading.Event(), threading.Event()
    most, now = 0, 0

    def work(_: Advance) -> dict[str, Any]:
        nonlocal most, now
        now += 1
        most = max(most, now)
        running.set()
        assert go.wait(10)
        now -= 1
        return {}

    first = jobs.submit("sync", work)
    assert running.wait(10)
    second = jobs.submit("sync", work)  # the first may have read the folder already
    assert second.id != first.id
    assert jobs.submit("sync", work).id == second.id
    third = jobs.submit("rebuild", work)
    assert jobs.get(third.id).state == "queued"
    go.set()
    assert ended(jobs, third.id).state == "done"
    assert most == 1


def test_progress_rate_and_time_left() -> None:
    jobs, seen = Jobs(), []

    def work(advance: Advance) -> dict[str, Any]:
        advance(0, 40)
        assert jobs.get(job.id).seconds_left is None
        for left in (30, 20, 10):
            advance(10, left)
            seen.append(jobs.get(job.id))
        return {}

    ready = threading.Lock()
    with ready:
        job = jobs.submit("sync", lambda advance: (ready.acquire(), work(advance))[1])
    assert ended(jobs, job.id).state == "done"
    assert [(one.done, one.left) for one in seen] == [(10, 30), (20, 20), (30, 10)]
    assert all(one.per_second > 0 and one.seconds_left >= 0 for one in seen)


def test_failures_are_told_as_problems() -> None:
    jobs = Jobs()

    def full(_: Advance) -> dict[str, Any]:
        raise DataFolderUnusable("The disk is full.", "Free space.")

    def broken(_: Advance) -> dict[str, Any]:
        raise ValueError("secret detail")

    failed = ended(jobs, jobs.submit("sync", full).id)
    assert (failed.state, failed.error.status, failed.error.hint) == ("failed", 507, "Free space.")
    unexpected = ended(jobs, jobs.submit("sync", broken).id)
    assert unexpected.error.status == 500
    assert "secret" not in unexpected.model_dump_json()
    assert ended(jobs, jobs.submit("sync", report()).id).state == "done"  # the thread lives on


def test_a_panic_fails_its_job_and_not_the_next_one() -> None:
    workers = Workers()
    jobs = Jobs(workers=workers)

    def panic(_: Advance) -> dict[str, Any]:
        raise Panic("a secret detail")

    failed = ended(jobs, jobs.submit("sync", panic).id)
    assert (failed.state, failed.error.status) == ("failed", 500)
    assert "secret" not in failed.model_dump_json()
    assert workers.faults["jobs"].startswith("Panic at ")
    assert ended(jobs, jobs.submit("sync", report()).id).state == "done"


@pytest.mark.parametrize("fault", [ValueError, Panic, SystemExit])
def test_a_worker_that_something_ends_begins_again(fault: type[BaseException]) -> None:
    workers, began, came_back = Workers(first_wait_s=0.01), [], threading.Event()

    def work() -> None:
        began.append(True)
        if len(began) < 3:
            raise fault("some reason")
        came_back.set()

    thread = workers.start("watch", work)
    assert came_back.wait(30)
    thread.join(30)
    assert len(began) == 3
    assert workers.faults["watch"].startswith(f"{fault.__name__} at ")


def test_uploads_that_wait_are_all_kept() -> None:
    jobs, go = Jobs(), threading.Event()
    jobs.submit("sync", lambda _: {"waited": go.wait(10)})
    first, second = jobs.submit("upload", report(n=1)), jobs.submit("upload", report(n=2))
    assert first.id != second.id
    go.set()
    assert (ended(jobs, first.id).report, ended(jobs, second.id).report) == ({"n": 1}, {"n": 2})


def test_records_are_bounded() -> None:
    jobs = Jobs()
    ids = [ended(jobs, jobs.submit("sync", report()).id).id for _ in range(KEPT + 20)]
    for forgotten in ids[:19]:  # one more is kept than is finished: the last was running when records were dropped
        with pytest.raises(UnknownJob):
            jobs.get(forgotten)
    assert all(jobs.get(id_) for id_ in ids[20:])


def test_the_queue_is_bounded() -> None:
    jobs, go, running = Jobs(waiting=1), threading.Event(), threading.Event()
    jobs.submit("sync", lambda _: {"waited": running.set() or go.wait(10)})
    assert running.wait(10)
    jobs.submit("sync", report())
    with pytest.raises(IndexBusy):
        jobs.submit("rebuild", report())
    go.set()
    assert jobs.wait(10)


def test_followers_see_the_end() -> None:
    jobs, go = Jobs(), threading.Event()
    job = jobs.submit("sync", lambda _: {"waited": go.wait(10)})

    async def follow() -> list[str]:
        states = []
        async for step in jobs.follow(job.id):
            states.append(step.state)
            go.set()
        return states

    found: list[list[str]] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(follow())))
    thread.start()
    thread.join(10)
    assert found[0][-1] == "done"
    assert found[0][0] in ("queued", "running")


def test_stopping_ends_what_runs_at_its_next_step_and_fails_what_waits() -> None:
    jobs, running = Jobs(), threading.Event()

    def work(advance: Advance) -> dict[str, Any]:
        running.set()
        while True:
            advance(1, 1)

    job = jobs.submit("sync", work)
    assert running.wait(10)
    waits = jobs.submit("rebuild", report())
    jobs.stop()
    assert jobs.wait(10)
    assert (jobs.get(job.id).state, jobs.get(waits.id).state) == ("failed", "failed")
    with pytest.raises(IndexBusy):
        jobs.submit("sync", report())
