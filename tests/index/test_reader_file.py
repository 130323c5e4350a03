"""The bundled reader's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.model.encoder import Encoder
from index.model.reader import load_reader
from rag.errors import ModelDamaged
from rag.settings import Settings
from tests.support.paths import MODELS


def test_a_missing_file_is_said_with_what_to_do(tmp_path: Path, encoder: Encoder) -> None:
    settings = Settings(models_dir=MODELS)
    with pytest.raises(ModelDamaged, match=r"missing from the package\. Reinstall"):
        load_reader(settings, encoder, tmp_path / "reader.safetensors")
    assert load_reader(settings.model_copy(update={"reader": "off"}), encoder, tmp_path / "none") is None
