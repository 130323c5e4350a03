"""What isn't a question is recognised, and no question is taken for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.conversation.small_talk import SmallTalk, small_talk
from rag.question import tidy
from tests.support.paths import ROOT

QUESTIONS_OF = ("seeds.jsonl", "followups.jsonl", "natural.jsonl", "differing.jsonl")

TALK = {
    "greeting": [
        ("hola", "es"), ("Hola!!!", "es"), ("HOLAAAAA 👋👋", "es"), ("¡Buenos días!", "es"),
        ("buenas tardes, amigo", "es"),
        ("hola, ¿qué tal?", "es"), ("¿Cómo estás?", "es"), ("hello", "en"), ("Hi there!", "en"), ("helllo", "en"),
        ("hey :)", "en"), ("Good morning!", "en"), ("how are you?", "en"), ("HOW'S IT GOING", "en"), ("hoal", "es"),
    ],
    "thanks": [
        ("gracias", "es"), ("¡Muchas gracias!", "es"), ("grasias", "es"), ("graciaaas 🙏", "es"), ("ok, gracias", "es"),
        ("muchisimas gracais", "es"), ("thanks!", "en"), ("THX", "en"), ("thank you so much", "en"), ("thnaks", "en"),
        ("perfect, thank you!", "en"), ("hello, thanks!", "en"),
    ],
    "farewell": [("adiós", "es"), ("hasta luego!", "es"), ("bye", "en"), ("Goodbye!!", "en")],
    "assent": [("vale", "es"), ("jajaja", "es"), ("Perfecto.", "es"), ("ok", "en"), ("LOL", "en"), ("great!", "en")],
    "test": [
        ("test", "en"), ("Testing 1 2 3", "en"), ("this is a test", "en"), ("is this working?", "en"), ("tset", "en"),
        ("are you there??", "en"), ("prueba", "es"), ("probando, probando", "es"), ("esto es una prueba", "es"),
        ("¿Hay alguien ahí?", "es"), ("hello world", "en"),
    ],
    "nonsense": [
        ("asdf", None), ("ASDFGH", None), ("qwerty", None), ("asdasd", None), ("aaaa", None), ("jkl jkl", None),
        ("lkjh", None), ("xfghjkdtr", None), ("1234", None), ("blablabla", None), ("x", None),
    ],
    "abilities": [
        ("¿Qué puedes hacer?", "es"), ("q puedes aser", "es"), ("hola, ¿qué puedes hacer?", "es"), ("ayuda", "es"),
        ("¿Quién eres?", "es"), ("¿Cómo funciona esto?", "es"), ("¿Qué te puedo preguntar?", "es"),
        ("¿en qué me puedes ayudar?", "es"), ("what can you do?", "en"), ("waht can yuo do", "en"), ("help", "en"),
        ("Who are you?", "en"), ("what can I ask?", "en"), ("how does this work??", "en"), ("What is this?", "en"),
        ("hi! what can you do for me please", "en"), ("are you a robot?", "en"),
        ("¿Eres una persona o una máquina?", "es"), ("what cn u do", "en"),
    ],
    "subject": [
        ("¿De qué trata esto?", "es"), ("de que tratan los articulos", "es"), ("¿Qué temas hay?", "es"),
        ("¿de qué va esto?", "es"), ("¿De qué hablan estos documentos?", "es"), ("what is this about?", "en"),
        ("What's this about", "en"), ("WHAT ARE THE ARTICLES ABOUT?", "en"), ("what are these documents about", "en"),
        ("What topics do you cover?", "en"), ("hello, what is this about?", "en"), ("what is this abuot?", "en"),
    ],
    "documents": [
        ("¿Qué artículos tienes?", "es"), ("cuantos documentos hay", "es"), ("¿Cuáles son tus fuentes?", "es"),
        ("lista los artículos", "es"), ("dime qué artículos tienes", "es"), ("que articulos tienes porfa", "es"),
        ("which articles do you have?", "en"), ("Which artciles do you have", "en"), ("list the documents", "en"),
        ("how many articles are there?", "en"), ("Show me your sources", "en"),
        ("what documents do you have please", "en"),
    ],
}  # fmt: skip

QUESTIONS = [
    "hola, ¿cuántos contenedores envió Corea del Norte?", "who said thanks to Putin?", "Hola, ¿quién es Shoigu?",
    "¿Qué puede hacer Rusia?", "¿De qué trata el acuerdo?", "What is the treaty about?", "gracias a quién ganó Putin",
    "What is this treaty about?", "Who is Kim Jong Un?", "What did the test prove?",
    "¿Qué prueba hizo Corea del Norte?",
    "How many articles mention China?", "¿Qué artículos hablan de Vietnam?",
    "Which articles mention Vietnam?", "Shoigu",
    "Corea del Norte", "6.700", "152", "DPRK", "BRICS", "G-7", "knightsbridge", "Kim", "help for Ukraine",
    "Hello Kitty",
    "what can Kim do?", "How does this sanction work?", "¿Quién eres tú según Putin?", "thanks to whom did Kim travel?",
    "What do the articles say about Vietnam?", "¿Qué dicen los artículos sobre Vietnam?",
    "What can you do in Pyongyang?",
    "¿Cómo funciona el tren blindado?", "what is the Hwasong-11?", "test missiles", "misiles", "Good bye Lenin plot",
    "What news are there about Kim?", "¿Qué noticias hay de Kim?", "Resume los artículos",
    "Summarize the articles", "Are you sure that Putin won?", "¿Eres consciente de la guerra?",
    "¿Y cuándo fue?", "And why?", "¿Por qué?", "who?", "¿Quién?", "¿Cuántos?", "¿Dónde?", "what else?", "how?",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "message", "language"), [(k, *case) for k, cases in TALK.items() for case in cases])
def test_small_talk_is_recognised(kind: str, message: str, language: str | None) -> None:
    found = small_talk(message)
    assert found is not None
    assert (found.kind, found.language) == (kind, language)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_a_question(question: str) -> None:
    assert small_talk(question) is None


def test_no_gold_question_is_small_talk() -> None:
    lines = [line for name in QUESTIONS_OF for line in (ROOT / "eval" / "gold" / name).read_text().splitlines()]
    asked = [json.loads(line)["question"] for line in lines]
    assert len(asked) > 400
    assert [question for question in asked if small_talk(question)] == []


@pytest.mark.parametrize("message", ["🙂", "👍👍", "❤️", " 😀 !"])
def test_a_symbol_alone_is_a_greeting(message: str) -> None:
    assert tidy(message, 100)
    assert small_talk(message) == SmallTalk("greeting", None)


def test_a_word_of_the_corpus_is_not_nonsense() -> None:
    assert small_talk("asdf") == SmallTalk("nonsense", None)
    assert small_talk("asdf", known=lambda word: word == "asdf") is None


def test_the_gold_requests_are_recognised() -> None:
    lines = (ROOT / "eval" / "gold" / "requests.jsonl").read_text().splitlines()
    wanted = [r["request"] for r in map(json.loads, lines) if r["kind"] == "small_talk" and r["split"] == "dev"]
    assert len(wanted) == 10
    assert [request for request in wanted if small_talk(request) is None] == []


@given(st.text(max_size=300))
def test_no_message_breaks_it(message: str) -> None:
    small_talk(message)


@pytest.mark.parametrize("piece", ["hola ", "what is this ", "a", "que ", "😀", "ab", "¿"])
def test_a_huge_message_is_not_looked_at(piece: str) -> None:
    assert small_talk(piece * 100_000) is None
