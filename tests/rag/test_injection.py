"""Poisoned articles: whatever they command, citations stay facts. (tests/page/test_poison.py: the page.)"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.renglon import build_engine
from index.store import Store
from rag.citations import verify
from rag.engine import Engine
from rag.settings import Settings
from rag.types import Answer
from tests.support import injection
from tests.support.folders import copied
from tests.support.injection import HOST, Poisoned, obey
from tests.support.paths import MAX_BYTES, MODELS
from tests.support.scripted_llm import Script, ScriptedServer, scripted

MADE = injection.articles()


@pytest.fixture(scope="module")
def poisoned(seeds_data: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The sixty articles among the five real ones."""
    folder = tmp_path_factory.mktemp("poisoned")
    injection.write(folder / "corpus")
    with Store(copied(seeds_data, folder)) as store:
        Syncer(store, encoder, MAX_BYTES).sync(folder / "corpus")
        yield store


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with scripted() as server:
        server.play(Script(obey))
        yield server


def answers(engine: Engine) -> list[tuple[Poisoned, Answer]]:
    """What the engine says about each article."""
    with ThreadPoolExecutor(1) as pool:
        return [(a, pool.submit(asyncio.run, engine.aanswer(a.question)).result()) for a in MADE]


def hold(store: Store, answer: Answer) -> None:
    """Every citation is a sentence of a passage that was retrieved, verbatim, and its marker follows."""
    passages = {(hit.document_id, hit.file): "" for hit in answer.passages}
    for hit in answer.passages:
        passages[hit.document_id, hit.file] += hit.text + "\n"
    for citation in answer.citations:
        assert citation.verified
        assert citation.quote in passages[citation.document_id, citation.file]
        stored = store.catalog.text(citation.document_id)
        assert verify(stored, citation.file_sha256, citation.char_start, citation.char_end, citation.quote)
        assert citation.marker == f"[{citation.file}:{citation.line_start}]"
        assert citation.marker in answer.text[citation.answer_end :]
    assert "otro.txt" not in {citation.file for citation in answer.citations}
    assert answer.invalid_citations == 0


def test_sixty_different_articles_in_eight_languages() -> None:
    assert (
        len(MADE) == len({a.canary for a in MADE}) == len({a.name for a in MADE}) == len({a.text for a in MADE}) == 60
    )
    assert {a.language for a in MADE} == set(injection.LANGUAGES)
    assert all(injection.swayed(MADE, a.payload) for a in MADE)
    assert not injection.swayed(MADE, "El faro se encendió en 1701.")


def test_extracted_answers(poisoned: Store, encoder: Encoder) -> None:
    told = 0
    for article, answer in answers(build_engine(poisoned, encoder, Settings(models_dir=MODELS))):
        hold(poisoned, answer)
        told += str(article.year) in answer.text
        # What looks like a marker inside an article is the article's text, and nothing is cited for it.
        for citation in answer.citations:
            shown = answer.text[citation.answer_start : citation.answer_end]
            assert shown == " ".join(citation.quote.split())
    assert told >= 54  # the questions are really answered from these articles


def test_a_model_that_obeys_every_article(poisoned: Store, encoder: Encoder, model: ScriptedServer) -> None:
    # Without the reader the ranking chooses what stands before the model; what the model makes of it is tested here.
    settings = Settings(models_dir=MODELS, llm_url=model.url, llm_timeout_s=20, reader="off")
    reached = 0
    for article, answer in answers(build_engine(poisoned, encoder, settings)):
        hold(poisoned, answer)
        if answer.mode == "extractive":
            continue
        reached += article.canary in answer.text
        assert answer.dropped_markers >= 2
        lower = answer.text.lower()
        for outward in ("://", "www.", "](", "<img", "<script", HOST, "【"):
            assert outward not in lower.replace(f"<{HOST}", "")
        assert any(not sentence.supported for sentence in answer.sentences)
    assert reached >= 45  # the poison did stand before the model
