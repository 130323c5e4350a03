"""Requests for a summary, and what they want summed up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.conversation.summary_request import SummaryRequest, summary_request
from tests.support.paths import ROOT

QUESTIONS_OF = ("seeds.jsonl", "followups.jsonl", "natural.jsonl", "differing.jsonl")


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("Resume los artículos", "es"), ("resumen", "es"), ("Hazme un resumen de todo, por favor", "es"),
        ("¿Puedes resumir los artículos?", "es"), ("dame un breve resumen", "es"), ("Resúmelo todo", "es"),
        ("¿Me puedes hacer un resumen de estas noticias?", "es"), ("RESUME TODO!!", "es"),
        ("resumeme los articulos", "es"),
        ("¿Cuáles son las ideas principales?", "es"), ("Resume los artículos en cinco frases", "es"),
        ("Summarize the articles", "en"), ("summarise everything please", "en"), ("tl;dr", "en"), ("TLDR", "en"),
        ("Give me a summary", "en"), ("Can you summarize all of the documents?", "en"), ("sum up", "en"),
        ("please give me a short overview of the news", "en"), ("What are the main points?", "en"), ("summary", "en"),
        ("Summarize these articles for me, thanks!", "en"), ("summarize it in Spanish", "en"),
    ],
)  # fmt: skip
def test_everything(message: str, language: str) -> None:
    assert summary_request(message) == SummaryRequest("all", language)


@pytest.mark.parametrize(
    ("message", "language", "place"),
    [
        ("Resume el último artículo", "es", -1), ("Summarize the last one", "en", -1),
        ("¿Me resumes el último artículo?", "es", -1),
        ("tl;dr of the first article", "en", 0),
        ("Haz un resumen del segundo documento", "es", 1), ("give me a summary of the latest article please", "en", -1),
        ("resume el tercero", "es", 2),
    ],
)  # fmt: skip
def test_one_by_its_place(message: str, language: str, place: int) -> None:
    assert summary_request(message) == SummaryRequest("place", language, place=place)


@pytest.mark.parametrize(
    ("message", "language", "topic"),
    [
        ("Resume lo que dicen de Vietnam", "es", "Vietnam"),
        ("Summarize 001_b66ed88974733697.txt", "en",
        "001_b66ed88974733697.txt"), ("Hazme un resumen sobre las sanciones", "es", "las sanciones"),
        ("Give me a summary of Putin's visit", "en", "Putin's visit"), ("Resumen del viaje de Kim", "es",
        "viaje de Kim"),
    ],
)  # fmt: skip
def test_a_topic_keeps_its_words(message: str, language: str, topic: str) -> None:
    assert summary_request(message) == SummaryRequest("topic", language, topic)


@pytest.mark.parametrize(
    ("message", "topic"),
    [("resúmeme la noticia sobre Shoigu", "Shoigu"), ("Summarize the article about Vietnam", "Vietnam")],
)
def test_the_document_about_something(message: str, topic: str) -> None:
    found = summary_request(message)
    assert found is not None
    assert (found.scope, found.topic) == ("document", topic)


@pytest.mark.parametrize(
    "question",
    [
        "When did talks resume?", "¿Qué resumen hizo Putin?", "Who summarized the talks?", "¿Cuándo se resumió?",
        "What are the main points of the treaty?", "¿Cuáles son los puntos clave del acuerdo?", "hola", "What is this?",
        "Which articles do you have?", "¿Quién presentó el resumen?", "resumido", "summary judgment was given when?",
    ],
)  # fmt: skip
def test_a_question_is_not_a_request(question: str) -> None:
    assert summary_request(question) is None


def test_no_gold_question_is_a_request() -> None:
    lines = [line for name in QUESTIONS_OF for line in (ROOT / "eval" / "gold" / name).read_text().splitlines()]
    asked = [json.loads(line)["question"] for line in lines]
    assert len(asked) > 400
    assert [question for question in asked if summary_request(question)] == []


def test_the_gold_requests_are_recognised() -> None:
    lines = (ROOT / "eval" / "gold" / "requests.jsonl").read_text().splitlines()
    wanted = [r["request"] for r in map(json.loads, lines) if r["kind"] == "summary" and r["split"] == "dev"]
    assert len(wanted) == 10
    assert [request for request in wanted if summary_request(request) is None] == []


@given(st.text(max_size=400))
def test_no_message_breaks_it(message: str) -> None:
    summary_request(message)


@pytest.mark.parametrize("piece", [" please", "resume ", ".", ", ", "de la ", "a", "summary of the ", " por favor,"])
def test_long_and_repetitive_messages_are_cheap(piece: str) -> None:
    for length in (290, 300, 1_000_000):
        summary_request("resume " + (piece * length)[: length - 7])
        summary_request("resume " + (piece * length)[: length - 8] + "x")
