from __future__ import annotations

import pytest

from rag.errors import InvalidQuestion
from rag.question import language_of, tidy


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "¿?", "…", "?!"])
def test_blank_questions(question: str) -> None:
    with pytest.raises(InvalidQuestion, match="empty"):
        tidy(question, 2000)


@pytest.mark.parametrize("question", ["a\x00b", "a\x1bb", "\ud800 qué", "qué \udfff", "a\x7f"])
def test_control_characters_and_lone_surrogates(question: str) -> None:
    with pytest.raises(InvalidQuestion, match="control characters or broken Unicode"):
        tidy(question, 2000)


def test_length_and_tidying() -> None:
    with pytest.raises(InvalidQuestion, match="20,000 characters; the limit is 2,000"):
        tidy("a" * 20_000, 2000)
    assert tidy("  ¿Qué\n pasó?\u00a0", 2000) == "¿Qué pasó?"


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("¿Qué regaló Putin a Kim?", "es"),
        ("quien es Shoigu", "es"),
        ("regalo de Putin", "es"),
        ("¿Who?", "es"),
        ("What gift did Putin give Kim?", "en"),
        ("Who is Shoigu?", "en"),
        ("Is Hwasong-11 a ballistic missile?", "en"),
        ("How do I cook paella valenciana?", "en"),
    ],
)
def test_language(question: str, language: str) -> None:
    assert language_of(question) == language
