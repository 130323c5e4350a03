from __future__ import annotations

import threading
from pathlib import Path

import pytest

from index.storage.sqlite import Database

DESCRIPTORS = Path("/proc/self/fd")


def descriptors(path: Path) -> int:
    """How many descriptors this process holds on a database's files."""
    found = 0
    for link in DESCRIPTORS.iterdir():
        try:
            found += str(link.readlink()).startswith(str(path))
        except OSError:  # the descriptor that listed the folder
            continue
    return found


def burst(database: Database, threads: int) -> int:
    """Read in so many threads at once, and let them end; how many descriptors were open meanwhile."""
    together = threading.Barrier(threads + 1)

    def read() -> None:
        database.db.execute("SELECT 1").fetchone()
        together.wait(10)
        together.wait(10)

    started = [threading.Thread(target=read) for _ in range(threads)]
    for thread in started:
        thread.start()
    together.wait(10)
    most = descriptors(database.path)
    together.wait(10)
    for thread in started:
        thread.join(10)
    return most


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="descriptors can only be listed where there is /proc")
def test_connections_of_ended_threads_are_closed(tmp_path: Path) -> None:
    database = Database(tmp_path / "some.sqlite")
    database.db.execute("CREATE TABLE t (x)")
    before = descriptors(database.path)
    assert before
    assert burst(database, 20) > before + 20
    # SQLite keeps the main file's descriptors of closed connections, and uses them for the next ones.
    first = descriptors(database.path)
    assert first <= before + 20
    for _ in range(3):
        burst(database, 20)
        assert descriptors(database.path) <= first
    database.close()
    assert not descriptors(database.path)


def test_closing_closes_the_connections_of_other_threads_too(tmp_path: Path) -> None:
    database, opened, closed = Database(tmp_path / "some.sqlite"), threading.Event(), threading.Event()
    errors: list[str] = []

    def hold() -> None:
        db = database.db
        opened.set()
        assert closed.wait(10)
        try:
            db.execute("SELECT 1")
        except Exception as error:
            errors.append(str(error))

    thread = threading.Thread(target=hold)
    thread.start()
    assert opened.wait(10)
    database.close()
    closed.set()
    thread.join(10)
    assert errors == ["Cannot operate on a closed database."]
