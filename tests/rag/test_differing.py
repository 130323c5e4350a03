"""Whether sources differ: the five articles' own sentences with their spans, values one by one, and hostile text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.reading.asked_form import asked_form
from rag.reading.differing import Candidate, Comparison, compare
from rag.reading.values import Relation, counts_other, relation, value_of
from tests.support.paths import SEEDS

ARTICLES = {path.name[:3]: path.read_text(encoding="utf-8") for path in SEEDS.iterdir()}


def said(article: str, sentence: str, span: str, score: float = 5.0) -> Candidate:
    """The sentence of an article that begins so, with its span."""
    text = ARTICLES[article]
    start = text.index(sentence)
    end = min(at for at in (text.find(". ", start), text.find("\n", start), len(text)) if at >= 0)
    whole = text[start : end + 1]
    at = whole.index(span)
    return Candidate(article, whole, at, at + len(span), score)


def values(comparison: Comparison) -> dict[str, tuple[int, ...]]:
    """What differs, each value with who says it."""
    return {group.value: group.candidates for group in comparison.differing}


SEOUL_000 = said("000", "Entre agosto y febrero, Corea del Norte envió", "6.700", 6.0)
SEOUL_001 = said("001", "Según un informe del Ministerio", "alrededor de 6.700 contenedores", 7.0)
AMERICANS = said("001", "Funcionarios estadounidenses también", "cerca de 11.000 contenedores", 5.0)
FIRST = said("001", "El presidente ruso, Vladimir Putin", "primera visita al país en 24 años", 6.0)
FIRST_SINCE = said("001", "Esta visita a Corea del Norte es la primera", "la primera de Putin desde el año 2000", 5.0)
SECOND = said("004", "Putin visitó recientemente Corea del Norte", "por segunda vez", 5.0)


@pytest.mark.parametrize(
    "question",
    [
        "¿Cuántos contenedores envió Corea del Norte a Rusia?",
        "cuantos contenedores mando corea del norte a rusia",
        "How many containers did North Korea send to Russia?",
        "how many containers has north korea sent to russia",
    ],
)
def test_the_containers_differ_and_who_agrees_is_counted(question: str) -> None:
    found = compare(question, [SEOUL_000, AMERICANS, SEOUL_001])
    assert values(found) == {"6.700": (0, 2), "11.000": (1,)}
    assert found.agreeing == 2


def test_first_and_second_visit_differ() -> None:
    for question in ("¿Es la primera visita de Putin a Corea del Norte?", "Is it Putin's first visit to North Korea?"):
        found = compare(question, [FIRST, SECOND])
        assert values(found) == {"primera visita al país en 24 años": (0,), "por segunda vez": (1,)}


def test_who_quotes_whom_is_no_other_person() -> None:
    minister = Candidate("000", "El ministro de Defensa ruso, Sergei Shoigu, visitó Corea del Norte.", 29, 43, 6.0)
    text = "Un informe de Bloomberg, citando al ministerio de Defensa de Corea del Sur, implica al ruso."
    bloomberg = Candidate("004", text, 14, 74, 5.0)
    assert values(compare("who is the russian defense minister", [minister, bloomberg])) == {}


def test_one_source_or_the_same_value_does_not_differ() -> None:
    question = "¿Cuántos contenedores envió Corea del Norte a Rusia?"
    assert compare(question, [SEOUL_000, SEOUL_001]) == Comparison(agreeing=2)
    assert compare(question, [AMERICANS]) == Comparison(agreeing=1)
    assert compare(question, [AMERICANS, AMERICANS]) == Comparison(agreeing=1)
    assert compare(question, []) == Comparison()


def test_a_sentence_does_not_contradict_itself_in_a_copy() -> None:
    text = "En 2019 hubo en la capital 12 contenedores rusos o 40 contenedores rusos."
    spans = [(text.index(span), text.index(span) + len(span)) for span in ("12", "40")]
    candidates = [Candidate(str(i), text, *span, 5.0) for i, span in enumerate(spans)]
    assert compare("¿Cuántos contenedores rusos hubo en la capital?", candidates) == Comparison(agreeing=1)


def test_a_value_changed_in_another_document_is_found() -> None:
    copy = AMERICANS.sentence.replace("11.000", "13.400").replace("También", "Además")
    changed = replace(AMERICANS, document_id="copy", sentence=copy)
    found = compare("¿Cuántos contenedores envió Corea del Norte a Rusia?", [AMERICANS, changed])
    # Both are said to be approximate, but are further apart than that explains.
    assert values(found) == {"11.000": (0,), "13.400": (1,)}


def test_a_sentence_that_the_reader_hardly_believes_does_not_count() -> None:
    question = "¿Cuántos contenedores envió Corea del Norte a Rusia?"
    assert values(compare(question, [SEOUL_001, replace(AMERICANS, score=-6.0)])) == {}


@pytest.mark.parametrize(
    ("question", "candidates"),
    [
        # Shells, at different times: each sentence counts something of its own.
        ("¿Cuántos contenedores envió Corea del Norte a Rusia?",
         [SEOUL_001, said("004", "Un reciente informe de Bloomberg", "casi cinco millones de proyectiles")]),
        ("¿Cuántos proyectiles suministró Corea del Norte a Rusia?",
         [said("004", "Un reciente informe de Bloomberg", "casi cinco millones de proyectiles"), SEOUL_001]),
        # Two visits by different people.
        ("¿Cuándo visitó Kim a Putin en Vladivostok?",
         [said("001", "Funcionarios estadounidenses también", "septiembre"),
          said("003", "La última cumbre entre Kim y Putin", "abril de 2019")]),
        # Several people may have gone.
        ("¿Quién visitó Pyongyang?",
         [said("004", "El alto funcionario de seguridad ruso", "Sergei Shoigu"),
          said("000", "Putin últimamente puso pie", "Putin")]),
        # A city and its country; a weekday and a date.
        ("¿Dónde se reunieron Kim y Putin?",
         [said("003", "La última cumbre entre Kim y Putin", "Vladivostok"),
          said("002", "El líder norcoreano Kim Jong-Un emprendió", "Rusia")]),
        ("¿Cuándo llega Putin a Corea del Norte?",
         [said("000", "En una conferencia de prensa el lunes", "el lunes"),
          said("004", "Desde el inicio de la guerra", "en junio")]),
        # The same year, more or less precise.
        ("¿Cuándo visitó Putin Corea del Norte por primera vez?",
         [said("004", "Putin visitó recientemente Corea del Norte", "2000"),
          said("000", "Putin últimamente puso pie", "en el año 2000")]),
        # "In 24 years" and "since 2000" are both the first.
        ("¿Es la primera visita de Putin a Corea del Norte?", [FIRST, FIRST_SINCE]),
    ],
)  # fmt: skip
def test_what_is_not_the_same_thing_is_not_compared(question: str, candidates: list[Candidate]) -> None:
    assert values(compare(question, candidates)) == {}


def one(question: str, text: str) -> object:
    """The value of [the part in brackets] of a sentence."""
    before, _, rest = text.partition("[")
    inside, _, after = rest.partition("]")
    return value_of(asked_form(question), before + inside + after, len(before), len(before) + len(inside))


HOW_MANY = "¿Cuántos contenedores?"
WHEN, WHO, HOW_MUCH = "¿Cuándo fue?", "¿Quién es el presidente?", "How much does it cost?"


@pytest.mark.parametrize(
    ("question", "a", "b", "expected"),
    [
        (HOW_MANY, "[6.700] contenedores", "[6,700] containers", Relation.UNKNOWN),  # units too far apart to be sure
        (HOW_MANY, "[6.700] contenedores", "unos [6700] contenedores", Relation.SAME),
        (HOW_MANY, "[11 mil] contenedores", "[más de 11.000] contenedores", Relation.SAME),
        (HOW_MANY, "[11 mil contenedores]", "[once mil] contenedores", Relation.SAME),
        (HOW_MANY, "[casi 7.000] contenedores", "[6.700] contenedores", Relation.UNKNOWN),
        (HOW_MANY, "[7.000] contenedores", "[6.700] contenedores", Relation.UNKNOWN),  # rounded
        (HOW_MANY, "más de [11.000] contenedores", "[12.500] contenedores", Relation.UNKNOWN),
        (HOW_MANY, "más de [11.000] contenedores", "[6.700] contenedores", Relation.EXCLUDES),
        (HOW_MANY, "menos de [5.000] contenedores", "[6.700] contenedores", Relation.EXCLUDES),
        (HOW_MANY, "[6.700] contenedores", "[6.700] proyectiles", Relation.UNKNOWN),
        (HOW_MANY, "[de 10 a 20] contenedores", "[40] contenedores", Relation.UNKNOWN),
        (HOW_MANY, "en 2019 [12] muertos", "el 5 de junio [14] muertos", Relation.EXCLUDES),
        (HOW_MUCH, "cuesta [$50 mil millones]", "cuesta [50.000 millones de dólares]", Relation.SAME),
        (HOW_MUCH, "cuesta [20 euros]", "cuesta [€30]", Relation.EXCLUDES),
        (HOW_MUCH, "cuesta [20 euros]", "cuesta [30 dólares]", Relation.UNKNOWN),
        ("¿Qué porcentaje?", "el [30%]", "un [treinta por ciento]", Relation.SAME),
        ("¿Qué porcentaje?", "el [30%]", "un [40 por ciento]", Relation.EXCLUDES),
        (WHEN, "[el 25 de abril de 2019]", "[abril de 2019]", Relation.SAME),
        (WHEN, "[25 de abril de 2019]", "[on April 25, 2019]", Relation.SAME),
        (WHEN, "[2019-04-25]", "[25 de abril]", Relation.SAME),
        (WHEN, "[25 de abril de 2019]", "[el 26 de abril de 2019]", Relation.EXCLUDES),
        (WHEN, "[2000]", "[en 2001]", Relation.EXCLUDES),
        (WHEN, "[septiembre]", "[abril de 2019]", Relation.UNKNOWN),
        (WHEN, "[el lunes]", "[el martes]", Relation.UNKNOWN),
        (WHEN, "[siglo XV]", "[1450]", Relation.SAME),
        (WHEN, "[siglo XV]", "[el siglo XVI]", Relation.EXCLUDES),
        (WHEN, "[de 1961 a 2000]", "[2005]", Relation.UNKNOWN),
        (WHO, "dijo [Kim]", "dijo [Kim Jong Un]", Relation.SAME),
        (WHO, "dijo [Kim Jong-un]", "dijo [Kim Jong Un]", Relation.SAME),
        (WHO, "dijo [Kim Jong Il]", "dijo [Kim Jong Un]", Relation.EXCLUDES),
        (WHO, "dijo [el presidente ruso Vladimir Putin]", "dijo [Putin]", Relation.SAME),
        (WHO, "dijo [Vladimir Putin]", "dijo [Volodymyr Zelensky]", Relation.EXCLUDES),
        (WHO, "dijo [Bill Clinton]", "dijo [William Clinton]", Relation.UNKNOWN),
        ("¿Quién fue?", "fue [Sergei Shoigu]", "fue [Vladimir Putin]", Relation.UNKNOWN),  # both may have been there
        ("What is the agency?", "la [CIA] dijo", "la [Langley Intelligence] dijo", Relation.UNKNOWN),  # an acronym
        ("¿Cuál es la capital?", "es [Hanoi]", "es [Vladivostok]", Relation.EXCLUDES),
        ("¿Qué visita es?", "[segunda visita]", "[primera visita en 24 años]", Relation.EXCLUDES),
        ("¿Qué visita es?", "por [segunda vez]", "su [2.ª visita]", Relation.SAME),
    ],
)  # fmt: skip
def test_how_two_values_stand_to_each_other(question: str, a: str, b: str, expected: Relation) -> None:
    first, second = one(question, a), one(question, b)
    assert first is not None
    assert second is not None
    assert relation(first, second) is relation(second, first) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["9" * 40, "9" * 2_000_000, "mil mil mil", "mil " * 300_000, "A" * 100_000,
                                  "Kim Jong Un " * 9_000, "5 de junio de 2020 " * 5_000, "\ud800\x00"])  # fmt: skip
@pytest.mark.parametrize("question", [HOW_MANY, WHEN, WHO, "Is it true?"])
def test_hostile_sentences_are_bounded(question: str, text: str) -> None:
    spans = [(0, len(text)), (0, 150), (len(text) // 2, len(text) // 2 + 20), (-4, 3), (9, 2), (len(text), 10**9)]
    candidates = [Candidate(str(i), text, start, end, 1.0) for i, (start, end) in enumerate(spans)]
    assert values(compare(question, candidates * 20)) == {}


@settings(max_examples=100)
@given(st.text(max_size=60), st.lists(st.tuples(st.text(max_size=60), st.integers(-2, 70), st.integers(-2, 70))))
def test_no_text_raises(question: str, sentences: list[tuple[str, int, int]]) -> None:
    compare(question, [Candidate("a", text, start, end, 0.0) for text, start, end in sentences])


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("¿Cuántos contenedores envió Corea del Norte?", False),
        ("¿Cuántos trabajadores hay en Rusia?", True),
        ("¿Cuánto envió Corea del Norte?", False),
    ],
)
def test_a_number_of_other_things(question: str, other: bool) -> None:
    sentence = "Corea del Norte envió 6.700 contenedores a Rusia."
    assert counts_other(asked_form(question), sentence, 22, 27) is other
