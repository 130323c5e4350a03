from __future__ import annotations

import threading
from pathlib import Path

import pytest

from index.storage.lock import FolderLock, holder_of, read_holder
from rag.errors import IndexBusy
from tests.support.doomed import hold
from tests.support.processes import run_child


def test_a_lock_taken_in_one_thread_is_released_in_another(tmp_path: Path) -> None:
    taken: list[FolderLock] = []
    thread = threading.Thread(target=lambda: taken.append(FolderLock(tmp_path, "renglon serve")))
    thread.start()
    thread.join(10)
    with pytest.raises(IndexBusy, match="renglon serve"):
        FolderLock(tmp_path, "renglon doctor")
    taken[0].release()
    assert read_holder(tmp_path) == {}
    FolderLock(tmp_path, "renglon doctor").release()


def test_the_holder_is_known_by_the_lock_and_not_by_its_note(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    lock = FolderLock(tmp_path, "renglon serve")
    lock.announce("http://127.0.0.1:1")
    found = holder_of(tmp_path)
    assert found is not None
    assert (found["command"], found["url"]) == ("renglon serve", "http://127.0.0.1:1")
    lock.release()
    assert holder_of(tmp_path) is None
    assert run_child(hold, str(tmp_path)) == 9
    assert read_holder(tmp_path)["pid"]  # a killed process leaves its note
    assert holder_of(tmp_path) is None
