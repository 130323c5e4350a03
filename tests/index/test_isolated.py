"""A file that ends the process which reads it ends nothing else, and is refused by name."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from index.corpus.isolated import Isolated
from index.corpus.reader import Reader, Reading
from index.corpus.transport import packed, received, sent, unpacked
from rag.errors import FileRefused
from tests.support.pdfs import drawn, lines

PAGE = b"<html><body><p>El faro alumbra.</p></body></html>"


def children() -> list[int]:
    """Processes that this one has started and that live."""
    own = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid() and fields[0] != "Z":
                command = (entry / "cmdline").read_text()
                own += [int(entry.name)] if "index.corpus.process" in command else []
    return own


def html() -> Reader:
    from index.corpus.web_page import READER

    return READER


def test_one_process_reads_one_file_after_the_other_and_is_replaced_when_it_dies() -> None:
    isolated = Isolated()
    before = set(children())
    assert isolated.read(html(), PAGE).text == "El faro alumbra.\n"
    (process,) = set(children()) - before
    assert isolated.read(html(), PAGE).text == "El faro alumbra.\n"
    assert set(children()) - before == {process}
    os.kill(process, signal.SIGKILL)
    assert isolated.read(html(), PAGE).text == "El faro alumbra.\n"
    isolated.close()
    assert set(children()) <= before


def test_a_file_that_takes_too_long_is_refused_at_once_the_next_time() -> None:
    isolated = Isolated(limit_s=4)
    slow = drawn(*[lines(*["Una línea de texto que se repite muchas veces en la página."] * 55)] * 900)
    from index.corpus.pdf import READER

    with pytest.raises(FileRefused, match=r"more than 4 s.*RENGLON_EXCLUDE"):
        isolated.read(READER, slow)
    began = time.perf_counter()
    with pytest.raises(FileRefused, match="more than 4 s"):
        isolated.read(READER, slow)
    assert time.perf_counter() - began < 2  # it is known; nothing was started
    isolated.close()


def test_a_file_that_ends_the_process_twice_is_refused_and_the_others_go_on() -> None:
    isolated = Isolated()
    isolated.read(html(), PAGE)
    before, killed, stop = children(), [], threading.Event()

    def kill() -> None:
        """Ends each process while it reads the large file."""
        while not stop.is_set():
            for process in set(children()):
                if process not in killed:
                    time.sleep(0.5)
                    os.kill(process, signal.SIGKILL)
                    killed.append(process)
            time.sleep(0.02)

    assert before
    killer = threading.Thread(target=kill)
    killer.start()
    large = b"<html><body>" + b"<p>El faro alumbra la costa.</p>" * 150_000
    with pytest.raises(FileRefused, match=r"ended the process that reads files \(signal 9\), twice"):
        isolated.read(html(), large)
    stop.set()
    killer.join()
    assert len(killed) >= 2
    assert isolated.read(html(), PAGE).text == "El faro alumbra.\n"
    isolated.close()


def test_what_comes_back_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "message"
    outside = packed(Reading("hola"))[0].replace(b'"blocks": []', b'"blocks": [[0, 9, "text", "", null, "", 0]]')
    for head, wrong in ((b"[]", "broken"), (b"{}", "broken"), (b"nonsense", "Expecting"), (outside, "outside")):
        with path.open("wb") as out:
            sent(out, head, b"")
        with path.open("rb") as back, pytest.raises(ValueError, match=wrong):
            unpacked(*received(back))
    with path.open("wb") as out:
        sent(out, *packed(Reading("hola")))
    with path.open("rb") as back:
        assert unpacked(*received(back)) == Reading("hola")
