from __future__ import annotations

from dataclasses import replace

from rag.evidence.rank import Evidence
from rag.reading.agreement import Agreement, agreement
from rag.reading.result import SentenceReading
from rag.types import Citation
from tests.support.evidence import hit, unit, weigh

QUESTION = "¿Cuántos contenedores envió Corea del Norte a Rusia?"
SAYS = {
    "a": ("Corea del Norte envió 6.700 contenedores a Rusia, según Seúl.", "6.700"),
    "b": ("Corea del Norte envió 11.000 contenedores a Rusia, según Washington.", "11.000"),
    "c": ("Corea del Norte envió 6.700 contenedores a Rusia, dijo la prensa.", "6.700"),
}


def read(*documents: str) -> list[Evidence]:
    found = []
    for document in documents:
        text, answer = SAYS[document]
        (evidence,) = weigh(QUESTION, hit(document, [text], [unit(1, 0.1, 0)], 1))
        start = text.index(answer)
        found.append(replace(evidence, reading=SentenceReading(4.0, start, start + len(answer), 2.0)))
    return found


def cite(evidence: Evidence, n: int) -> Citation:
    document, start = evidence.place
    return Citation(
        n=n, marker=f"[{document}:1]", document_id=document, file=document, file_sha256="s", line_start=1, line_end=1,
        char_start=start, char_end=start + 9, quote="…", answer_start=0, answer_end=1, score=1, verified=True,
        state="valid",
    )  # fmt: skip


def test_another_value_is_cited_beside_the_answers_own() -> None:
    one, two = read("a", "b")
    groups, found = agreement(QUESTION, [[one]], [one, two])
    assert groups == [[one], [two]]
    differing = found.differing([cite(one, 1), cite(two, 2)])
    assert [(d.value, d.citations) for d in differing] == [("6.700", [1]), ("11.000", [2])]


def test_sources_that_agree_are_counted_and_nothing_is_added() -> None:
    one, same = read("a", "c")
    groups, found = agreement(QUESTION, [[one]], [one, same])
    assert groups == [[one]]
    assert found.differing([cite(one, 1)]) == []
    assert found.comparison.agreeing == 2


def test_a_value_whose_sentence_is_not_cited_is_not_claimed() -> None:
    one, two = read("a", "b")
    _, found = agreement(QUESTION, [[one]], [one, two])
    assert found.differing([cite(one, 1)]) == []


def test_without_a_reader_there_is_nothing_to_compare() -> None:
    (evidence,) = weigh(QUESTION, hit("a", [SAYS["a"][0]], [unit(1, 0.1, 0)], 1))
    groups, found = agreement(QUESTION, [[evidence]], [evidence])
    assert groups == [[evidence]]
    assert found == Agreement(())


def test_a_passage_that_was_read_twice_is_one() -> None:
    """Of a document that changes meanwhile, the same passage can come as two objects that hold the same."""
    (one,), (again,) = read("a"), read("a")
    again.passage.id_ = one.passage.id_
    groups, found = agreement(QUESTION, [[one]], [one, again])
    assert [[e.place for e in group] for group in groups] == [[one.place]]
    assert len(found.evidence) == 1
