"""The short forms of `make torture`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.renglon import build_engine
from index.storage import disk
from index.store import Store
from rag.errors import DataFolderUnusable
from rag.settings import Settings
from tests.support.folders import copied
from tests.support.paths import MAX_BYTES, MODELS, SEEDS
from tests.support.server import Serve
from tests.support.soundness import unsound
from tests.torture.torture import Torture, fuzz


@pytest.fixture(scope="module")
def torture(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Torture:
    return Torture(tmp_path_factory.mktemp("torture"), encoder)


def test_kills_during_a_sync_lose_nothing(torture: Torture) -> None:
    assert torture.kills(4)["kills"] == 4
    assert torture.wrong == []


def test_kills_during_writes_over_http_lose_nothing(torture: Torture) -> None:
    assert torture.http(1)["acknowledged_writes"] >= 0
    assert torture.wrong == []


def test_the_interface_never_fails_whatever_it_is_asked(seeds_data: Path, serve: Serve, tmp_path: Path) -> None:
    """Schemathesis also uploads and deletes: a server of its own."""
    server, wrong = serve(copied(seeds_data, tmp_path), SEEDS), list[str]()
    figures = fuzz(server.url, tmp_path, 5, wrong, "fuzzing")
    assert wrong == []
    assert figures["cases"] > 50


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 80 MB."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(mount)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a tmpfs can only be mounted by root")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


@pytest.mark.parametrize("spare", [disk.SPARE_BYTES, 0])
def test_a_full_disk_is_told_and_costs_nothing(
    small_disk: Path, corpus: Path, encoder: Encoder, spare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the room that is asked for beforehand, and without: then the disk fills up in the middle of a write."""
    question = "¿Cuándo se abrió el puente de Triana?"
    with Store(small_disk / "data") as store:
        syncer = Syncer(store, encoder, MAX_BYTES)
        syncer.sync(corpus)
        before = store.catalog.documents()
        (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free))
        (corpus / "tres.txt").write_text("El faro de Chipiona mide 69 metros.\n" * 40)
        with monkeypatch.context() as patch:
            patch.setattr(disk, "SPARE_BYTES", spare)
            with pytest.raises(DataFolderUnusable, match=r"full|could not be written"):
                syncer.sync(corpus)
        assert store.catalog.documents() == before
        answer = build_engine(store, encoder, Settings(models_dir=MODELS)).answer(question)
        assert answer.citations[0].file == "uno.txt"
        (small_disk / "filler").unlink()
        assert syncer.sync(corpus).added == ["tres.txt"]
        store.wait_until_mended(60)
        assert unsound(store) == []
