"""The bundled reader's file."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import pytest

from index.model.encoder import Encoder
from index.model.reader import WEIGHTS, load_reader
from rag.errors import ModelDamaged
from rag.settings import Settings
from tests.support.paths import MODELS


def test_a_missing_file_is_said_with_what_to_do(tmp_path: Path, encoder: Encoder) -> None:
    settings = Settings(models_dir=MODELS)
    with pytest.raises(ModelDamaged, match=r"missing from the package\. Reinstall"):
        load_reader(settings, encoder, tmp_path / "reader.safetensors")
    assert load_reader(settings.model_copy(update={"reader": "off"}), encoder, tmp_path / "none") is None


@pytest.mark.parametrize("named", ["reader.safetensors", ""])
def test_a_reader_is_named_by_its_file_or_its_folder(tmp_path: Path, encoder: Encoder, named: str) -> None:
    with as_file(files("rag.reading") / WEIGHTS) as shipped:
        (tmp_path / WEIGHTS).symlink_to(shipped)
    settings = Settings(models_dir=MODELS, reader=str(tmp_path / named))
    assert load_reader(settings, encoder) is not None


def test_a_folder_without_a_reader_is_refused(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(ModelDamaged, match="can't be loaded"):
        load_reader(Settings(models_dir=MODELS, reader=str(tmp_path)), encoder)
