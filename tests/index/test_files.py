from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from index.corpus.documents import corpus_files, read_document
from index.corpus.files import read_bytes
from index.corpus.globs import Globs
from index.ingest.plan import survey
from rag.errors import FileRefused, FileUnreadable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "uno.txt").write_text("El puente de Triana se abrió en 1852.\n")
    (tmp_path / "fuera.txt").write_text("Lo que está fuera de la carpeta.\n")
    return folder


def within(seconds: float, work: object, *arguments: object) -> BaseException | None:
    """What a call raises; fails when it does not return in time."""
    raised: list[BaseException | None] = []

    def run() -> None:
        try:
            work(*arguments)  # type: ignore[operator]
        except BaseException as error:
            raised.append(error)
        else:
            raised.append(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert raised, "it hangs"
    return raised[0]


def test_pipes_and_devices_are_refused_by_name_and_the_rest_goes_on(root: Path) -> None:
    os.mkfifo(root / "tubo.txt")
    os.mkfifo(root.parent / "tubo")
    (root / "enlace.txt").symlink_to(root / "tubo.txt")
    (root / "enlace-fuera.txt").symlink_to(root.parent / "tubo")
    (root / "ceros.txt").symlink_to("/dev/zero")
    found: list[object] = []
    assert within(30, lambda: found.append(survey([], [root], 1000, Globs()))) is None
    report = found[0].report  # type: ignore[attr-defined]
    assert report.added == ["uno.txt"]
    refused = dict(report.refused)
    assert set(refused) == {"tubo.txt", "enlace.txt", "enlace-fuera.txt", "ceros.txt"}
    assert all("not a regular file" in reason for reason in refused.values())


def test_a_pipe_that_takes_the_place_of_a_file_does_not_hang(root: Path) -> None:
    paths = list(corpus_files(root))
    (root / "uno.txt").unlink()
    os.mkfifo(root / "uno.txt")
    assert isinstance(within(30, read_document, paths[0], root, 1000), FileRefused)


def test_links_are_judged_by_what_they_lead_to(root: Path) -> None:
    (root / "dentro.txt").symlink_to("uno.txt")
    (root / "fuera.txt").symlink_to(root.parent / "fuera.txt")
    assert read_bytes(root / "dentro.txt", root, 1000) == (root / "uno.txt").read_bytes()
    with pytest.raises(FileRefused, match="leaves the corpus"):
        read_bytes(root / "fuera.txt", root, 1000)


def test_a_link_that_is_exchanged_while_it_is_read_shows_nothing_from_outside(root: Path) -> None:
    link, stop = root / "enlace.txt", threading.Event()
    link.symlink_to("uno.txt")

    def exchange() -> None:
        targets = [root.parent / "fuera.txt", root / "uno.txt"]
        while not stop.is_set():
            for target in targets:
                new = root / ".nuevo"
                new.symlink_to(target)
                new.replace(link)

    thread = threading.Thread(target=exchange)
    thread.start()
    read, refused = set(), 0
    try:
        for _ in range(3000):
            try:
                read.add(read_bytes(link, root, 1000))
            except FileRefused:
                refused += 1
    finally:
        stop.set()
        thread.join(10)
    assert read <= {(root / "uno.txt").read_bytes()}
    assert refused


def test_no_more_than_the_limit_is_read(root: Path) -> None:
    (root / "largo.txt").write_bytes(b"a" * 1001)
    with pytest.raises(FileRefused, match="1,001 bytes; the limit is 1,000"):
        read_bytes(root / "largo.txt", root, 1000)
    with pytest.raises(FileUnreadable):
        read_bytes(root / "nada.txt", root, 1000)
    if Path("/proc/self/maps").exists():  # says that it has no bytes, and has some
        with pytest.raises(FileRefused, match="the limit is 10"):
            read_bytes(Path("/proc/self/maps"), Path("/proc"), 10)
