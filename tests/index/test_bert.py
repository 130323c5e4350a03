"""The bundled model computed with PyTorch alone, and the models that are left to sentence-transformers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.model.bert import Bert, batches
from index.model.bundled import NAME
from tests.support.folders import copied
from tests.support.paths import MODELS, ROOT

FOLDER = MODELS / NAME
TEXTS = ["query: ¿Quién lo dijo?", "passage: " + "El puente de Triana se abrió en 1852. " * 60, "passage: Sí."]


@pytest.fixture(scope="module")
def bert() -> Bert:
    found = Bert.of(FOLDER)
    assert found is not None
    return found


def linked(folder: Path, **changed: dict[str, object]) -> Path:
    """The bundled model's folder again, with other values in some JSON files, named without their ending."""
    for path in FOLDER.rglob("*.*"):
        target = folder / path.relative_to(FOLDER)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.stem in changed and "Normalize" not in path.parts:
            target.write_text(json.dumps({**json.loads(path.read_text()), **changed[path.stem]}))
        elif path.is_file():
            os.link(path, target) if path.stat().st_dev == folder.stat().st_dev else target.symlink_to(path)
    return folder


def test_vectors_and_states_are_those_of_sentence_transformers(bert: Bert) -> None:
    from index.model.sentence_transformer import AnyModel

    reference = AnyModel(str(FOLDER), local=True)
    assert reference.dimension == bert.dimension
    assert np.abs(reference.vectors(TEXTS, False) - bert.vectors(TEXTS, False)).max() < 1e-5
    wanted, found = reference.pooled(TEXTS, False), bert.pooled(TEXTS, False)
    assert found[0].shape[1] == 512  # cut off where the model ends
    assert (wanted[1] == found[1]).all()
    real = found[1][:, :, 1] > 0  # what stands at padding means nothing
    assert np.abs(wanted[0] - found[0])[real].max() < 1e-4
    assert np.abs(wanted[2] - found[2]).max() < 1e-5
    lower = reference.bert()
    assert lower is not None
    ids = bert.batch(bert.tokens(TEXTS))
    assert (lower.run(ids, False, 4) - bert.run(ids, False, 4)).abs().max() < 1e-5


@pytest.mark.parametrize(
    "changed",
    [
        {"config": {"model_type": "roberta"}},
        {"config": {"num_attention_heads": 6}},
        {"config": {"hidden_act": "relu"}},
        {"config": {"pooling_mode": "cls"}},
        {"config_sentence_transformers": {"default_prompt_name": "query"}},
    ],
)
def test_a_model_of_another_kind_is_not_computed_here(tmp_path: Path, changed: dict[str, dict[str, object]]) -> None:
    assert Bert.of(linked(tmp_path, **changed)) is None


def test_a_limit_of_the_folder_is_kept(tmp_path: Path) -> None:
    short = Bert.of(linked(tmp_path, sentence_bert_config={"max_seq_length": 16}))
    assert short is not None
    assert [len(one.ids) for one in short.tokens(TEXTS)][1] == 16


def test_batches_hold_every_text_once_and_no_more_than_fits() -> None:
    lengths = [5, 100, 7, 64, 3, 9, 200, 8]
    found = list(batches(lengths, 128))
    assert sorted(i for rows in found for i in rows) == list(range(len(lengths)))
    assert all(len(rows) == 1 or len(rows) * max(lengths[i] for i in rows) <= 128 for rows in found)
    assert found[0] == [6]


def test_in_half_precision_the_numbers_of_rows_are_few(bert: Bert) -> None:
    """See `rag.reading.network.ROWS`; what is added changes no vector."""
    rows = set[int]()
    hook = bert.layers[0].query.register_forward_hook(lambda _, given, __: rows.add(given[0].shape[:2].numel()))
    texts = [f"passage: {'agua ' * n}" for n in range(1, 21)]
    try:
        for count in (1, 5):
            for begin in range(0, len(texts), count):
                bert.run(bert.batch(bert.tokens(texts[begin : begin + count])), True, 1)
    finally:
        hook.remove()
    assert len(rows) <= 8  # of the 24 that come
    together, alone = bert.vectors(texts[:5], True), np.concatenate([bert.vectors([text], True) for text in texts[:5]])
    assert np.abs(together - alone).max() < 0.02
    assert np.abs(together - bert.vectors(texts[:5], False)).max() < 0.02


def test_an_answer_needs_no_other_libraries(seeds_data: Path, tmp_path: Path) -> None:
    """Importing those of other models would take longer than everything else that an answer needs."""
    code = (
        "import sys; from index.renglon import Renglon; from rag.settings import Settings\n"
        "with Renglon(Settings()) as renglon: print(renglon.engine().answer('What gift did Putin give Kim?').status)\n"
        "print([name for name in ('transformers', 'sentence_transformers', 'sklearn', 'scipy') if name in sys.modules])"
    )
    own = {"RENGLON_MODELS_DIR": str(MODELS), "RENGLON_DATA_DIR": str(copied(seeds_data, tmp_path))}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **own}, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.split("\n")[:2] == ["answered", "[]"], done.stderr


@pytest.mark.parametrize(("given", "seen"), [({}, "20000"), ({"GOMP_SPINCOUNT": "7"}, "7")])
def test_threads_do_not_spin_for_long_unless_the_user_says_so(given: dict[str, str], seen: str) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    code = "import sys, os, index.model; assert 'torch' not in sys.modules; print(os.environ['GOMP_SPINCOUNT'])"
    said = subprocess.run([sys.executable, "-c", code], env=clean | given, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == seen
