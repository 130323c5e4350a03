"""A change of model in a running service: the old one answers until the new one is complete."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from index.ingest.sync import Syncer, model_key
from index.model.encoder import Encoder, load_encoder
from index.model.previous import former_encoder
from index.records import ModelKey
from index.renglon import Renglon
from index.store import Store
from rag.settings import Settings
from tests.support.folders import copied
from tests.support.loops import run
from tests.support.models import Turned
from tests.support.paths import MAX_BYTES, MODELS, SEEDS
from tests.support.server import Server

GIFT, FILE = {"question": "What gift did Putin give Kim?"}, "004_6b36a17d40a337a5.txt"
# The bundled weights as a folder of the user's own: another model to the index, loaded from elsewhere.
FOLDER = MODELS / "multilingual-e5-small-q4"


@pytest.fixture(scope="module")
def indexed(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Data and corpus of one article: it is embedded again and again here."""
    folder = tmp_path_factory.mktemp("one")
    (folder / "corpus").mkdir()
    shutil.copy(SEEDS / FILE, folder / "corpus")
    with Store(folder / "data") as store:
        Syncer(store, encoder, MAX_BYTES).sync(folder / "corpus")
    return folder / "data", folder / "corpus"


def test_the_old_model_answers_until_the_new_one_is_complete(
    start_server: Callable[..., Server], indexed: tuple[Path, Path], tmp_path: Path, encoder: Encoder
) -> None:
    old = str(model_key(encoder))
    server = start_server(copied(indexed[0], tmp_path), indexed[1], RENGLON_MODEL=str(FOLDER))
    server.wait("/readyz")
    models, answers = [], []
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for _ in range(2000):
            models.append(client.get("/v1/index").json()["model"])
            response = client.post("/v1/query", json=GIFT)
            assert response.is_success, response.text
            answers.append(response.json())
            if models[-1] != old:
                break
        assert models[0] == old
        assert models[-1].startswith(str(FOLDER))
        assert all(a["citations"][0]["line_start"] == 11 and "limusina" in a["text"] for a in answers)
        assert client.post("/v1/query", json=GIFT).json()["citations"][0]["line_start"] == 11
        sent = client.post("/v1/documents", files={"files": ("faro.txt", b"El faro se encendi\xc3\xb3 en 1839.\n")})
        assert sent.status_code == 201


def test_a_question_in_the_middle_of_the_switch_is_answered_with_the_new_model(
    indexed: tuple[Path, Path], tmp_path: Path, encoder: Encoder
) -> None:
    settings = Settings(models_dir=MODELS, data_dir=copied(indexed[0], tmp_path))
    with Renglon(settings, encoder=encoder) as renglon:
        before = renglon.engine()
        renglon.coming = Turned(encoder)
        assert renglon.reembed() > 0
        assert renglon.store.catalog.model == model_key(renglon.encoder()) != model_key(encoder)
        assert renglon.engine() is not before
        assert before.answer(GIFT["question"]).citations[0].line_start == 11
        assert (
            before.search(GIFT["question"]).passages[0].file
            == renglon.engine().search(GIFT["question"]).passages[0].file
        )
        summary = before.answer("Resume los artículos")
        assert summary.citations
        again = run(before.aanswer(GIFT["question"]))
        assert again.citations[0].line_start == 11


@pytest.mark.parametrize(
    "key", [ModelKey("somebody/model", "hub", 384), ModelKey("multilingual-e5-small-q4", "x", 384)]
)
def test_a_model_that_is_not_at_hand_or_has_changed(key: ModelKey, encoder: Encoder) -> None:
    settings = Settings(models_dir=MODELS, model=str(FOLDER))
    assert former_encoder(key, encoder, settings) is None


def test_the_bundled_model_is_found_again() -> None:
    settings = Settings(models_dir=MODELS, model=str(FOLDER))
    wanted = load_encoder(settings)
    bundled = model_key(load_encoder(Settings(models_dir=MODELS)))
    former = former_encoder(bundled, wanted, settings)
    assert former is not None
    assert model_key(former) == bundled
    assert former_encoder(model_key(wanted), wanted, settings) is None
