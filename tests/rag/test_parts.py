from __future__ import annotations

from pathlib import Path

import pytest

from rag.parts import Part, parts_of
from rag.types import Answer, AnswerSentence
from tests.support.answers import answer_of, citation_of


@pytest.fixture
def answer(corpus: Path) -> Answer:
    quotes = ["El puente de Triana se abrió en 1852.", "Lo diseñó Gustave Steinacher."]
    return answer_of([citation_of(corpus / "uno.txt", corpus, quote) for quote in quotes])


def test_sentences_without_markers_and_with_their_citations(answer: Answer) -> None:
    first, between, second = parts_of(answer)
    assert (first.text, first.citations) == ("El puente de Triana se abrió en 1852.", (answer.citations[0],))
    assert between == Part(" ")
    assert (second.text, second.citations) == ("Lo diseñó Gustave Steinacher.", (answer.citations[1],))


def test_two_citations_of_one_sentence_share_a_marker(answer: Answer) -> None:
    one = answer.citations[0]
    twice = answer.model_copy(update={"citations": [one, one.model_copy(update={"n": 2})]})
    part, rest = parts_of(twice)
    assert [citation.n for citation in part.citations] == [1, 2]
    assert rest.text.startswith(" Lo diseñó")


def test_what_was_written_without_a_citation_is_a_part_too(answer: Answer) -> None:
    text = "Dicen que sí. Y más."
    said = AnswerSentence(answer_start=0, answer_end=13, supported=False, reason="no cita nada")
    written = answer.model_copy(update={"text": text, "citations": [], "sentences": [said]})
    assert parts_of(written) == [Part("Dicen que sí."), Part(" Y más.")]
    assert parts_of(written.model_copy(update={"sentences": [], "text": ""})) == []


def test_spans_that_overlap_or_leave_the_text(answer: Answer) -> None:
    """An answer may come from a file that somebody wrote by hand."""
    one, two = answer.citations
    odd = [one.model_copy(update={"answer_end": 10**9}), two.model_copy(update={"answer_start": 3})]
    parts = parts_of(answer.model_copy(update={"citations": odd}))
    assert "".join(part.text for part in parts) == answer.text
    assert sum(len(part.citations) for part in parts) == 2
