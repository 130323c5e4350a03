from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.purge import purge
from index.store import Store
from tests.support.machine import Life, LifeInDatabase, machine_settings
from tests.support.paths import MAX_BYTES
from tests.support.remembering import Remembering

RUNS_IN_DATABASE = 8  # each step costs commits and files of its own
RUNS = 40  # `make torture` runs 2,000, of twice as many steps


@pytest.fixture(scope="module")
def remembering(encoder: Encoder) -> Remembering:
    Life.encoder = Remembering(encoder)
    return Life.encoder


def test_the_index_is_a_dictionary_whatever_happens(remembering: Remembering) -> None:
    run_state_machine_as_test(Life, settings=machine_settings(RUNS))


def test_a_database_is_a_dictionary_whatever_happens(remembering: Remembering, postgres: str) -> None:
    LifeInDatabase.encoder, LifeInDatabase.postgres = remembering, postgres
    run_state_machine_as_test(LifeInDatabase, settings=machine_settings(RUNS_IN_DATABASE, 20))


def test_purged_bytes_are_in_no_file(tmp_path: Path, corpus: Path, encoder: Encoder) -> None:
    secret = "Zarzaparrilla quebrantahuesos."
    (corpus / "secreto.txt").write_text(f"{secret}\nY una línea más.\n")

    words = [word.encode() for word in secret.lower()[:-1].split()]

    def holders() -> list[str]:
        files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
        return [path.name for path in files if any(word in path.read_bytes().lower() for word in words)]

    with Store(tmp_path / "data") as store:
        syncer = Syncer(store, encoder, MAX_BYTES)
        syncer.sync(corpus)
        assert holders()
        (corpus / "secreto.txt").unlink()
        syncer.sync(corpus)
        assert holders()  # deleted, and still on the disk: that is what purge is for
        assert purge(store) > 0
        assert holders() == []
    assert holders() == []
    with Store(tmp_path / "data") as store:
        assert store.left_clean
        assert syncer_unchanged(store, encoder, corpus) == 2


def syncer_unchanged(store: Store, encoder: Encoder, corpus: Path) -> int:
    return Syncer(store, encoder, MAX_BYTES).sync(corpus).unchanged
