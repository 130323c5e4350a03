"""Whatever goes wrong while an answer is written, the extracted answer follows."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest

from index.model.encoder import Encoder
from index.renglon import indexed
from index.retriever import HybridRetriever
from index.store import Store
from rag.engine import Engine
from rag.evidence.confidence import load_calibration
from rag.messages import NOT_WRITTEN
from rag.settings import Settings
from rag.support.check import SupportCheck
from rag.vectors import Vectors
from rag.written.author import Author
from rag.written.model_server import ModelServer
from tests.support.questions import CONTAINERS
from tests.support.scripted_llm import Script, ScriptedServer, citing


class Broken:
    """An encoder that fails when the support check needs it."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        raise RuntimeError("out of order")


def engine_of(store: Store, encoder: Encoder, model: ScriptedServer, support: SupportCheck | None) -> Engine:
    server = ModelServer.of(Settings(llm_url=model.url, llm_timeout_s=60))
    assert server
    return Engine(
        retriever=HybridRetriever(store, encoder, Settings().passages), encoder=encoder, index=indexed(store),
        calibration=load_calibration(), author=Author(server.open, 60), support=support,
    )  # fmt: skip


def test_a_failing_check_gives_the_extracted_answer(
    seeds_store: Store, encoder: Encoder, engine: Engine, model: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    model.play(Script(citing("Eran unos 6.700 contenedores, dicen [{n}].", "6.700")))
    with caplog.at_level(logging.ERROR, "renglon"):
        answer = engine_of(seeds_store, encoder, model, SupportCheck(Broken())).answer(CONTAINERS)
    assert (answer.mode, answer.notice) == ("extractive", NOT_WRITTEN["failed"]["es"])
    assert answer.text == engine.answer(CONTAINERS).text
    assert "RuntimeError: out of order" in caplog.text


@pytest.mark.parametrize(
    "reply",
    [
        "La vitamina C\u00a0. Es buena [{n}].",
        "Eran " + "mil " * 900 + "cajas [{n}].",
        "Eran " + "9" * 40 + " mil cien cajas [{n}].",
        "Eran 6.700 [1" + "and1" * 60 + "!] cajas [{n}].",
        "Eran " + "a. m. " * 800 + "[{n}].",
    ],
)
def test_hostile_replies_are_read_to_their_end(
    reply: str, seeds_store: Store, encoder: Encoder, model: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    model.play(Script(citing(reply, "6.700")))
    with caplog.at_level(logging.ERROR, "renglon"):
        answer = engine_of(seeds_store, encoder, model, SupportCheck(encoder)).answer(CONTAINERS)
    assert (answer.mode, answer.notice) == ("generative", None)
    assert answer.citations
    assert caplog.text == ""
