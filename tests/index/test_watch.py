"""Watching: what asks for a sync and what doesn't, on a real folder with the system's own events."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.corpus.globs import Globs
from index.ingest.watch import Watcher
from tests.support.http import ask, documents
from tests.support.server import Server

PATIENCE_S = 20  # a loaded machine; the 2 s that are promised are measured in the benchmark


class Seen:
    """Counts what the watcher asks for."""

    def __init__(self, *roots: Path, globs: Globs = Globs()) -> None:  # noqa: B008
        self.count = 0
        self.fail = False
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=Watcher(lambda: dict.fromkeys(roots, globs), self.act).run, args=(self.stop,)
        )
        self.thread.start()
        self.wait_for(1)  # the first one comes unasked: what changed before has made no event

    def act(self) -> None:
        self.count += 1
        if self.fail:
            raise OSError("the index is busy")

    def wait_for(self, count: int) -> None:
        end = time.monotonic() + PATIENCE_S
        while self.count < count and time.monotonic() < end:
            time.sleep(0.02)
        assert self.count >= count

    def asks_for(self, change: Callable[[], object]) -> None:
        self.settle(0.6)
        before = self.count
        change()
        self.wait_for(before + 1)

    def settle(self, seconds: float = 1.2) -> None:
        """Wait until nothing more comes."""
        last = -1
        while last != self.count:
            last = self.count
            time.sleep(seconds)


@pytest.fixture
def watching(corpus: Path) -> Iterator[Seen]:
    seen = Seen(corpus)
    yield seen
    seen.stop.set()
    seen.thread.join(10)
    assert not seen.thread.is_alive()


def test_saves_new_files_deletes_and_renames_are_seen(watching: Seen, corpus: Path) -> None:
    def replace() -> None:  # as most editors save
        (corpus / "uno.txt.tmp").write_text("Otra versión.\n")
        (corpus / "uno.txt.tmp").rename(corpus / "uno.txt")

    (corpus.parent / "llega").mkdir()
    (corpus.parent / "llega" / "a.txt").write_text("Una carpeta entera.\n")
    for change in (
        lambda: (corpus / "uno.txt").write_text("Cambiado.\n"),
        replace,
        lambda: (corpus / "nuevo.md").write_text("# Nuevo\n"),
        lambda: (corpus / "nuevo.md").rename(corpus / "otro.md"),
        lambda: (corpus / "otro.md").unlink(),
        lambda: (corpus.parent / "llega").rename(corpus / "carpeta"),
        lambda: (corpus / "carpeta" / "a.txt").write_text("Dentro.\n"),
        lambda: (corpus / "carpeta").rename(corpus.parent / "fuera"),
    ):
        watching.asks_for(change)


def test_what_editors_leave_for_a_moment_is_not(watching: Seen, corpus: Path) -> None:
    watching.settle()
    before = watching.count
    for name in (".uno.txt.swp", "uno.txt~", ".#uno.txt", "#uno.txt#", "4913", "uno.txt.tmp", ".hidden.txt",
                 "x.crdownload", "uno.txt___jb_tmp___", "~$uno.txt"):  # fmt: skip
        (corpus / name).write_text("x")
        (corpus / name).write_text("y")
        (corpus / name).unlink()
    (corpus / ".git").mkdir()
    (corpus / ".git" / "a.txt").write_text("x")
    watching.settle()
    assert watching.count == before


def test_a_burst_is_taken_up_together(watching: Seen, corpus: Path) -> None:
    watching.settle()
    before = watching.count
    for i in range(200):
        (corpus / f"n{i}.txt").write_text("Una.\n")
    watching.settle()
    assert 1 <= watching.count - before <= 10


def test_a_folder_that_is_gone_is_waited_for(watching: Seen, corpus: Path) -> None:
    away = corpus.with_name("away")
    corpus.rename(away)
    time.sleep(1.5)
    watching.asks_for(lambda: away.rename(corpus))
    watching.asks_for(lambda: (corpus / "uno.txt").write_text("Tras volver.\n"))
    shutil.rmtree(corpus)

    def another() -> None:
        corpus.mkdir()
        (corpus / "uno.txt").write_text("Otra carpeta en su sitio.\n")

    watching.asks_for(another)


def test_folders_come_and_go(corpus: Path) -> None:
    other = corpus.with_name("otra")
    other.mkdir()
    wanted, seen = {corpus: Globs()}, threading.Semaphore(0)
    stop = threading.Event()
    thread = threading.Thread(target=Watcher(lambda: wanted, seen.release).run, args=(stop,))
    thread.start()
    try:
        for folders in ([corpus, other], [other]):
            assert seen.acquire(timeout=PATIENCE_S)
            wanted = dict.fromkeys(folders, Globs())
        assert seen.acquire(timeout=PATIENCE_S)
        (other / "nueva.txt").write_text("Una.\n")
        assert seen.acquire(timeout=PATIENCE_S)
    finally:
        stop.set()
        thread.join(10)


def test_what_goes_wrong_once_does_not_end_the_watching(watching: Seen, corpus: Path) -> None:
    watching.fail = True
    watching.asks_for(lambda: (corpus / "uno.txt").write_text("Una.\n"))
    watching.fail = False
    watching.asks_for(lambda: (corpus / "uno.txt").write_text("Dos.\n"))


def test_globs_are_kept_to(corpus: Path) -> None:
    seen = Seen(corpus, globs=Globs.parse("", "borradores"))
    try:
        (corpus / "borradores").mkdir()
        seen.settle()
        before = seen.count
        (corpus / "borradores" / "a.txt").write_text("x")
        seen.settle()
        assert seen.count == before
    finally:
        seen.stop.set()
        seen.thread.join(10)


def test_a_server_that_watches_answers_with_what_was_just_saved(
    start_server: Callable[..., Server], tmp_path: Path, corpus: Path
) -> None:
    server = start_server(tmp_path / "data", corpus, arguments=["--watch"])
    server.wait("/readyz")

    def until(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < end:
            time.sleep(0.05)
        assert condition()

    (corpus / "faro.txt").write_text("El faro de Chipiona mide 69 metros de altura.\n")
    until(lambda: "faro.txt" in documents(server))
    assert "[faro.txt:1]" in ask(server)["text"]
    (corpus / "faro.txt").unlink()
    until(lambda: "faro.txt" not in documents(server))
    assert "faro.txt" not in str(ask(server))
    for path in corpus.iterdir():
        path.unlink()
    time.sleep(2)
    assert set(documents(server)) == {"uno.txt", "dos.txt"}  # an empty folder is taken for a mistake
