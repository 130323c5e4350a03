"""The wire form: what an answer may hold, and that it survives the way through JSON."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rag.types import Answer, AnswerSpan, Citation, Differing


def cited(**more: object) -> Citation:
    place = {"line_start": 8, "line_end": 8, "char_start": 10, "char_end": 30, "answer_start": 0, "answer_end": 20}
    return Citation.model_validate(
        {
            **{"n": 1, "marker": "[a.txt:8]", "document_id": "a.txt", "file": "a.txt", "file_sha256": "0" * 64},
            **{"quote": "6.700 contenedores…", "score": 1.0, "verified": True, "state": "valid", **place, **more},
        }
    )


def whole(**more: object) -> Answer:
    least = {"id": "1", "question": "?", "status": "answered", "language": "es", "text": "…", "citations": []}
    return Answer.model_validate(
        {**least, "passages": [], "confidence": 0.5, "timings_ms": {}, "index_version": 1, **more}
    )


@pytest.mark.parametrize("status", ["answered", "unsure", "no_evidence", "none_asked"])
def test_the_four_states(status: str) -> None:
    assert whole(status=status).status == status


def test_any_other_state_is_refused() -> None:
    with pytest.raises(ValidationError):
        whole(status="maybe")


def test_spans_differences_and_suggestions_survive_json() -> None:
    span = AnswerSpan(char_start=10, char_end=15, text="6.700")
    answer = whole(
        status="unsure",
        citations=[cited(near=True, answer_span=span)],
        differing=[Differing(value="6.700", citations=[1]), Differing(value="11.000", citations=[2])],
        agreeing=2,
        suggestions=["¿Cuántos contenedores envió?"],
    )
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


def test_an_answer_of_before_reads_as_nothing_new() -> None:
    answer, citation = whole(), cited()
    assert (answer.differing, answer.agreeing, answer.suggestions) == ([], None, [])
    assert (citation.near, citation.answer_span) == (False, None)
