from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from index.model import bundled
from index.model.encoder import Encoder, load_encoder
from rag.errors import DataFolderUnusable, ModelDamaged
from rag.settings import Settings
from tests.support.paths import MODELS


def test_a_truncated_source_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    source = tmp_path / "e5.bin"
    source.write_bytes(bundled.source_file().read_bytes()[:-1000])
    with pytest.raises(ModelDamaged, match=r"truncated or altered.*Reinstall"):
        bundled.ensure_unpacked(tmp_path / "models", source)
    assert not (tmp_path / "models").exists()


def test_a_whole_folder_is_not_written_again(encoder: Encoder) -> None:
    weights = MODELS / bundled.NAME / "model.safetensors"
    before = weights.stat().st_mtime_ns
    bundled.ensure_unpacked(MODELS)
    assert weights.stat().st_mtime_ns == before


def test_a_truncated_weight_file_is_unpacked_anew(encoder: Encoder, tmp_path: Path) -> None:
    folder = tmp_path / bundled.NAME
    folder.mkdir()
    for path in (MODELS / bundled.NAME).rglob("*"):
        target = folder / path.relative_to(MODELS / bundled.NAME)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        elif path.name != "model.safetensors":
            target.write_bytes(path.read_bytes())
    (folder / "model.safetensors").write_bytes(b"cut")
    bundled.ensure_unpacked(tmp_path)
    assert (folder / "model.safetensors").stat().st_size == (MODELS / bundled.NAME / "model.safetensors").stat().st_size
    assert [p.name for p in tmp_path.iterdir()] == [bundled.NAME]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_models_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataFolderUnusable, match="RENGLON_DATA_DIR"):
        bundled.ensure_unpacked(tmp_path / "models")


def test_a_file_where_the_models_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(DataFolderUnusable, match="can't be written"):
        bundled.ensure_unpacked(tmp_path / "models")


def test_a_damaged_model_folder_of_the_user_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelDamaged, match="RENGLON_MODEL"):
        load_encoder(Settings(model=str(tmp_path)))


def test_vectors_mean_something_across_languages(encoder: Encoder) -> None:
    """Fixed expectations of the real weights: a wrong tensor or tokenizer shows here at once."""
    question = encoder.encode_query("What did Putin give Kim as a present?")
    passages = encoder.encode_passages(
        ["Putin le regaló a Kim una limusina rusa de lujo.", "La paella lleva arroz, azafrán y pollo."]
    )
    cosines = passages @ question
    assert cosines[0] > 0.8
    assert cosines[0] - cosines[1] > 0.06
    assert np.allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-4)
