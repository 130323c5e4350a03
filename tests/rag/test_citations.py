from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.citations import Writer, marker, verify
from rag.evidence.rank import Evidence
from rag.metadata import Metadata
from rag.passages import PassageNode, Sentence
from rag.types import Printed

TEXT = "Uno dos tres.\nCuatro  cinco\nseis. Uno dos tres."
META = {"document_id": "d", "file": "a.txt", "file_sha256": "s", "line_start": 1, "line_end": 3}


class Stored:
    def __init__(self, text: str | None = TEXT, sha: str = "s") -> None:
        self.found = None if text is None else (text, sha)
        self.calls = 0

    def text(self, id_: str) -> tuple[str, str] | None:
        self.calls += 1
        return self.found

    def about(self, id_: str) -> Metadata:
        return Metadata(title="Un título")

    def printed(self, id_: str, char_start: int, char_end: int) -> Printed | None:
        return None


def evidence(start: int, end: int, lines: tuple[int, int] = (1, 1), quote: str | None = None, **meta: str) -> Evidence:
    sentence = Sentence(TEXT[start:end] if quote is None else quote, start, end, *lines)
    node = PassageNode(text=TEXT, extra_info={**META, **meta})
    return Evidence(sentence, 0, node, np.zeros(2, np.float32), frozenset(), 0.9, 0.5, 1.0)


def test_markers() -> None:
    assert marker("a.txt", 8, 8) == "[a.txt:8]"
    assert marker("a.txt", 8, 9) == "[a.txt:8-9]"
    assert marker("a.pdf", 80, 80, Printed(12, 8, 12, 8)) == "[a.pdf:12:8]"
    assert marker("a.pdf", 80, 81, Printed(12, 8, 12, 9)) == "[a.pdf:12:8-9]"
    assert marker("a.pdf", 80, 81, Printed(12, 40, 13, 2)) == "[a.pdf:12:40-13:2]"


def test_text_markers_and_places_agree() -> None:
    writer = Writer(Stored())
    first, _ = writer.add([evidence(0, 13), evidence(34, 47, (3, 3))])
    second, _ = writer.add([evidence(14, 33, (2, 3))])
    assert writer.text == first + second
    assert writer.text == "Uno dos tres. [a.txt:1] [a.txt:3] Cuatro cinco seis. [a.txt:2-3]"
    assert [c.n for c in writer.citations] == [1, 2, 3]
    for citation in writer.citations:
        assert TEXT[citation.char_start : citation.char_end] == citation.quote
        shown = writer.text[citation.answer_start : citation.answer_end]
        assert shown == " ".join(citation.quote.split())
        assert citation.verified
        assert citation.state == "valid"


def test_what_fails_the_check_is_counted_and_not_written() -> None:
    for stored, item in [
        (Stored(TEXT, "other version"), evidence(0, 13)),
        (Stored(None), evidence(0, 13)),
        (Stored(), evidence(1, 14)),
        (Stored(), evidence(0, 13, quote="Uno dos seis.")),
        (Stored(), evidence(0, 0)),
    ]:
        writer = Writer(stored)
        if item.sentence.char_start == 1:
            item = evidence(1, 14, quote=TEXT[0:13])
        assert writer.add([item]) == ("", [])
        assert (writer.text, writer.citations, writer.invalid) == ("", [], 1)


def test_a_valid_citation_survives_an_invalid_one_beside_it() -> None:
    writer = Writer(Stored())
    writer.add([evidence(0, 13, quote="falso"), evidence(34, 47, (3, 3))])
    assert writer.text == "Uno dos tres. [a.txt:3]"
    assert writer.invalid == 1


def test_a_document_is_fetched_once_an_answer() -> None:
    stored = Stored()
    writer = Writer(stored)
    for _ in range(3):
        writer.add([evidence(0, 13)])
    assert stored.calls == 1


@given(st.text(), st.integers(-5, 60), st.integers(-5, 60), st.text(max_size=5))
def test_verify_accepts_nothing_but_the_exact_slice(text: str, start: int, end: int, quote: str) -> None:
    if verify((text, "s"), "s", start, end, quote):
        assert text[start:end] == quote != ""
