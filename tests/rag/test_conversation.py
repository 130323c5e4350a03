"""Small talk and summaries on the five articles: friendly, honest, in the asker's language, and never boilerplate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.conversation.articles import Listed, named
from rag.conversation.conversation import Conversation
from rag.engine import Engine
from rag.events import Finished, PassagesFound
from rag.passages import PassageNode
from rag.scope import Scope
from rag.types import Answer
from tests.support.paths import SEEDS
from tests.support.seed_boilerplate import SEED_LINES


def verify(answer: Answer) -> None:
    """Every citation stands in the file as quoted, and none is boilerplate."""
    for citation in answer.citations:
        text = (SEEDS / citation.file).read_bytes().decode()
        assert text[citation.char_start : citation.char_end] == citation.quote
        assert text.count("\n", 0, citation.char_start) + 1 == citation.line_start
        assert citation.line_start not in SEED_LINES[citation.file]
        assert citation.verified


@pytest.mark.parametrize(
    ("message", "language", "words"),
    [
        ("hola", "es", "Hay 5 artículos."), ("¡Gracias!", "es", "De nada"), ("thanks!", "en", "There are 5 articles."),
        ("what can you do?", "en", "which file and line"), ("test", "en", "It works"), ("asdf", None, "5 art"),
        ("¿De qué trata esto?", "es", "Resume los artículos"),
    ],
)  # fmt: skip
def test_small_talk_gets_a_reply_without_citations(
    engine: Engine, message: str, language: str | None, words: str
) -> None:
    answer = engine.answer(message)
    assert (answer.status, answer.citations, answer.passages) == ("none_asked", [], [])
    assert words in answer.text
    assert language in (None, answer.language)


def test_the_articles_are_listed_by_name(engine: Engine) -> None:
    text = engine.answer("which articles do you have?").text
    assert all(path.name in text for path in SEEDS.iterdir())


@pytest.mark.parametrize("message", ["hola", "hello"])
def test_what_is_suggested_is_answered(engine: Engine, message: str) -> None:
    answer = engine.answer(message)
    assert 1 <= len(answer.suggestions) <= 3
    assert [engine.answer(question).status for question in answer.suggestions] == ["answered"] * len(answer.suggestions)
    assert all(question in answer.text for question in answer.suggestions)


@pytest.mark.parametrize(
    ("topic", "file"),
    [
        ("el articulo 003", "003_a.txt"),
        ("001_b.txt", "001_b.txt"),
        ("el 002", None),
        ("el 2024", None),
        ("Corea", None),
    ],
)
def test_a_document_is_named_by_the_number_that_its_name_begins_with(topic: str, file: str | None) -> None:
    files = ["001_b.txt", "002_a.txt", "002_c.txt", "003_a.txt", "2024-06.txt"]
    found = named([Listed(file, file) for file in files], topic)
    assert (found and found.file) == file


class Counted:
    """One article without a sentence, which counts how often it is read."""

    def __init__(self) -> None:
        self.read = 0

    def within(self, scope: Scope) -> Counted:
        return self

    def listed(self) -> list[Listed]:
        return [Listed("a", "a.txt")]

    def passages(self, ids: Sequence[str], most: int) -> list[PassageNode]:
        self.read += 1
        return []

    def terms(self, text: str) -> list[str]:
        return []

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        return dict.fromkeys(terms, 1.0)


def test_what_can_be_asked_within_some_documents_is_sought_once() -> None:
    articles = Counted()
    conversation = Conversation(articles, lambda: articles, lambda *_: {}, lambda: 1)

    def greet(scope: Scope) -> None:
        assert conversation.within(scope).small_talk("hola", pytest.fail) is not None

    for _ in range(3):
        greet(Scope(language="es"))
    assert articles.read == 1
    greet(Scope(language="en"))
    assert articles.read == 2


@pytest.mark.parametrize("message", ["Resume los artículos", "Summarize the articles", "tl;dr"])
def test_a_summary_covers_every_article(engine: Engine, message: str) -> None:
    answer = engine.answer(message)
    verify(answer)
    assert answer.status == "answered"
    assert 5 <= len(answer.citations) <= 8
    assert {citation.file for citation in answer.citations} == set(SEED_LINES)
    places = [(citation.file, citation.char_start) for citation in answer.citations]
    assert places == sorted(places)
    assert len({citation.quote for citation in answer.citations}) == len(answer.citations)


@pytest.mark.parametrize(
    ("message", "file"),
    [
        ("Resume el primer artículo", "000_60289b1f0715d09a.txt"),
        ("Summarize 003_aea391b7b29aaf7b.txt", "003_aea391b7b29aaf7b.txt"),
        ("Summarize 002_1044bc92f2743a46", "002_1044bc92f2743a46.txt"),
    ],
)
def test_a_summary_of_one_article(engine: Engine, message: str, file: str) -> None:
    answer = engine.answer(message)
    verify(answer)
    assert {citation.file for citation in answer.citations} == {file}
    assert len(answer.citations) >= 5


@pytest.mark.parametrize("message", ["Summarize the last one", "resúmeme la noticia sobre Shoigu"])
def test_a_summary_of_one_that_is_described(engine: Engine, message: str) -> None:
    answer = engine.answer(message)
    verify(answer)
    assert {citation.file for citation in answer.citations} == {"004_6b36a17d40a337a5.txt"}


def test_a_summary_of_a_subject(engine: Engine) -> None:
    answer = engine.answer("Resume lo que dicen de Vietnam")
    verify(answer)
    assert answer.status == "answered"
    assert any("Vietnam" in citation.quote for citation in answer.citations)


@pytest.mark.parametrize("message", ["Resume la receta de la paella", "Resume el noveno artículo"])
def test_no_summary_of_what_isnt_there(engine: Engine, message: str) -> None:
    answer = engine.answer(message)
    assert (answer.status, answer.citations) == ("no_evidence", [])


def test_steps_come_in_order_either_way(engine: Engine) -> None:
    async def steps(message: str) -> list[object]:
        return [event async for event in engine.astream(message)]

    for message in ("hola", "Resume los artículos"):
        with ThreadPoolExecutor(1) as pool:  # this thread may have a loop of its own
            later = pool.submit(asyncio.run, steps(message)).result()
        for events in (list(engine.stream(message)), later):
            assert isinstance(events[0], PassagesFound)
            assert isinstance(events[-1], Finished)


def test_a_greeting_before_a_question_is_a_question(engine: Engine) -> None:
    answer = engine.answer("Hola, ¿cuántos contenedores envió Corea del Norte a Rusia?")
    assert answer.status == "answered"
    assert "6.700" in answer.text
