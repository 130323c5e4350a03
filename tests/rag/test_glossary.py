"""English words and what a Spanish text has for them."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from rag.glossary import in_spanish
from rag.reading.asked_form import asked_form
from rag.reading.values import counts_other


def test_each_line_is_an_english_word_and_its_spanish_ones() -> None:
    lines = (files("rag") / "glossary.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines:
        english, spanish = line.split("\t")
        words = spanish.split("|")
        assert re.fullmatch(r"[a-z][a-z'-]*", english), line
        assert all(re.fullmatch(r"[a-záéíóúüñç-]{2,}", word) for word in words), line
        assert len(set(words)) == len(words), line
    found = [line.split("\t")[0] for line in lines]
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    ("word", "spanish"),
    [
        ("worker", "trabajador"), ("workers", "trabajador"), ("Countries", "país"), ("Russia's", "rusia"),
        ("visited", "visitar"), ("stopped", "parar"), ("using", "usar"), ("won", "ganar"), ("children", "niño"),
        ("glaciers", "glaciar"), ("shells", "proyectil"),
    ],
)  # fmt: skip
def test_regular_forms_lead_to_their_base(word: str, spanish: str) -> None:
    assert spanish in in_spanish(word)


@pytest.mark.parametrize("word", ["", "s", "ed", "the", "trabajador", "Kim", "x" * 10_000, "ings", "es"])
def test_what_is_no_english_word_has_no_translation(word: str) -> None:
    assert in_spanish(word) == ()


SENTENCE = "Corea del Norte envió 6.700 contenedores a Rusia."


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("How many workers are in Russia?", True),
        ("How many containers went to Russia?", False),
        ("How many xyzzies went to Russia?", False),  # nothing is known of these
    ],
)
def test_what_an_english_question_counts_is_compared_with_what_a_spanish_sentence_counts(
    question: str, other: bool
) -> None:
    start = SENTENCE.index("6.700")
    assert counts_other(asked_form(question), SENTENCE, start, start + 5, same_language=False) is other
