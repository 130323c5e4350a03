"""By-lines, credits, comment forms and teasers are recognised in the text by their nature."""

from __future__ import annotations

import numpy as np
import pytest

from index.corpus.documents import SourceText
from index.corpus.passages import split
from index.model.encoder import Encoder
from rag.evidence.boilerplate import BOILERPLATE, boilerplate
from rag.passages import Sentence
from tests.support.paths import SEEDS
from tests.support.seed_boilerplate import SEED_LINES


def sentences(text: str) -> list[Sentence]:
    source = SourceText(text)
    spans = [span for passage in split(source) for span in passage.sentences]
    return [
        Sentence(text[s.char_start : s.char_end], s.char_start, s.char_end, s.line_start, s.line_end) for s in spans
    ]


def found(text: str, **more: object) -> list[str]:
    parts = sentences(text)
    scores = boilerplate(parts, **more)  # type: ignore[arg-type]
    return [part.text for part, score in zip(parts, scores, strict=True) if score >= BOILERPLATE]


@pytest.mark.parametrize("file", sorted(SEED_LINES))
def test_the_lines_of_the_five_articles(file: str, encoder: Encoder) -> None:
    parts = sentences((SEEDS / file).read_bytes().decode())
    scores = boilerplate(parts, encoder.encode_passages([part.text for part in parts]))
    marked = {part.line_start for part, score in zip(parts, scores, strict=True) if score >= BOILERPLATE}
    assert marked == SEED_LINES[file]


PROSE = """The old harbour of Bilbao was moved to the coast in the nineties.
The estuary that had carried the ships was given back to the city and its museums.
Today more than a million people visit the riverside each year, most of them on foot.
"""


def test_credits_and_forms_of_another_site() -> None:
    text = f"{PROSE}\nReporting by Jane Doe and John Smith\n\nRelated\n\nLeave a reply\n\nShare this\n"
    assert found(text) == ["Reporting by Jane Doe and John Smith", "Related", "Leave a reply", "Share this"]


def test_a_heading_is_part_of_the_text() -> None:
    assert found(f"{PROSE}\nThe new tram\n\n{PROSE}") == []


def test_a_sentence_that_trails_off_is_part_of_the_text() -> None:
    assert found(f"{PROSE}\nNobody had thought of the tide…\n\n{PROSE}") == []


def test_what_other_documents_repeat() -> None:
    line = "All the news of the estuary in your pocket, free of charge"
    assert found(f"{PROSE}\n{line}\n\n{PROSE}") == []
    assert found(f"{PROSE}\n{line}\n\n{PROSE}", repeated=lambda text: text == line) == [line]


def test_a_list_alone_is_not_boilerplate() -> None:
    assert found("Apples\nPears\nPlums\nCherries\n") == []


@pytest.mark.parametrize("text", ["", "\n\n", "…", "a", "¡", "\u3000日本語\n", "x" * 20_000, "1,2,3\n" * 500])
def test_any_text(text: str) -> None:
    scores = boilerplate(sentences(text))
    assert np.all((scores >= 0) & (scores <= 1))


@pytest.mark.parametrize("piece", ["a…", "… ", "' ", "Aa-", "leer mas ", ". . .", "ed by "])
def test_long_repetitive_lines(piece: str) -> None:
    """No pattern backtracks: this would not come to an end."""
    parts = sentences(piece * 20_000)
    assert len(boilerplate(parts)) == len(parts)
