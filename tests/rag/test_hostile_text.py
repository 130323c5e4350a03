"""Text of files, questions and models can hold anything: nothing raises, and the time stays linear."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from sentencex import get_sentence_boundaries

from rag.recheck import check
from rag.sentences import SENTENCE_BYTES, sentence_bounds
from rag.support.names import Names
from rag.support.negation import added
from rag.support.numbers import facts
from rag.support.swapped_names import exchanged
from rag.written.assembler import Closed, Draft
from rag.written.marker_parser import MarkerParser
from tests.support.claims import Claim
from tests.support.growth import LINEAR, growth

SPACES = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]


@pytest.mark.parametrize("space", SPACES, ids=ascii)
@pytest.mark.parametrize("end", [".", "!", "?", "…", "。"])
def test_every_space_beside_a_sentence_end(space: str, end: str, capfd: pytest.CaptureFixture[str]) -> None:
    """sentencex panics at a capital letter, a space that isn't ASCII and a full stop."""
    for text in (f"La vitamina C{space}{end} Es buena.", f"C{space}{end}", f"{space}{end}{space}A{end}{space}B{space}"):
        bounds = sentence_bounds(text)
        assert "".join("".join(text[a:b].split()) for a, b in bounds) == "".join(text.split())
    assert capfd.readouterr().err == ""


def test_a_space_that_is_not_ascii_ends_sentences_like_any_other() -> None:
    plain = "Costó 3 euros. El Sr. López llegó a las 3 p. m. y se fue. Nada más."
    for space in SPACES:
        if not space.isascii():
            assert sentence_bounds(plain.replace(" ", space)) == sentence_bounds(plain), ascii(space)


def panicking(language: str, text: str) -> Iterable[Any]:
    """The library with the text that makes it panic."""
    return get_sentence_boundaries(language, "La vitamina C\u00a0. Es buena.")


def incomplete(language: str, text: str) -> Iterable[Any]:
    """The library, if it ever left something out."""
    return get_sentence_boundaries(language, text)[:1]


@pytest.mark.parametrize("segmenter", [panicking, incomplete])
def test_a_plain_splitter_takes_over_when_the_library_fails(segmenter: Any) -> None:
    text = "Uno. «Dos.» ¿Tres? Cuatro"
    bounds = sentence_bounds(text, segmenter=segmenter)
    assert [text[a:b] for a, b in bounds] == ["Uno.", "«Dos.»", "¿Tres?", "Cuatro"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interruption_is_not_taken_for_a_failure(stop: type[BaseException]) -> None:
    def interrupted(language: str, text: str) -> Iterable[Any]:
        raise stop

    with pytest.raises(stop):
        sentence_bounds("Uno. Dos.", segmenter=interrupted)


def test_half_a_surrogate_pair_is_a_character_like_any_other() -> None:
    assert sentence_bounds("A \ud800. B \udfff.") == [(0, 4), (5, 9)]
    pieces = sentence_bounds("\ud800" * 5000)
    assert [b for _, b in pieces[:-1]] == [a for a, _ in pieces[1:]]


def test_a_long_text_is_split_as_its_parts_are() -> None:
    """The library sees a window of the text at a time; where a window ends must not be seen in the result."""
    sentence = "El Sr. López gastó 6.700 euros en EE. UU., según «El País». "
    text = sentence * 1000
    assert sentence_bounds(text) == [(n, n + len(sentence) - 1) for n in range(0, len(text), len(sentence))]


@pytest.mark.parametrize("unit", ["palabra ", "x", "é", "😀", "a\u00a0b", "(", "«"])
def test_long_pieces_are_cut_without_a_gap(unit: str) -> None:
    text = unit * 9000
    bounds = sentence_bounds(text)
    assert max(len(text[a:b].encode()) for a, b in bounds) <= SENTENCE_BYTES
    assert "".join("".join(text[a:b].split()) for a, b in bounds) == "".join(text.split())


def written(text: str) -> None:
    """A reply read as a model server sends it, in pieces."""
    parser, draft = MarkerParser(5), Draft()
    for start in range(0, len(text), 20):
        for token in parser.feed(text[start : start + 20]):
            draft.add(token)
    for token in parser.close():
        draft.add(token)
    draft.close()


def repeated(unit: str) -> Callable[[int], str]:
    return lambda size: unit * (size // len(unit))


UNITS = [
    "(",
    "«",
    "«Hola. ",
    "a. m. ",
    "! ",
    "Sí. ",
    "x",
    "a b ",
    "Mr. ",
    "...",
    '."',
    ". \u00a0",
    "¿",
    "\n",
    " ",
    "1.000.",
]


@pytest.mark.parametrize("unit", UNITS)
def test_splitting_takes_linear_time(unit: str) -> None:
    assert growth(sentence_bounds, repeated(unit), 16_000) < LINEAR


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "[1] ",
        "[a](b) ",
        "<a",
        "<",
        "<think>",
        "http://a ",
        "//",
        "!",
        "]",
        "[1,",
        "a. m. ",
        "...",
        '."',
        "a\n",
        "w",
    ],
)
def test_reading_a_reply_takes_linear_time(unit: str) -> None:
    assert growth(written, repeated(unit), 4_000) < LINEAR


@pytest.mark.parametrize("inner", ["1" + "and1" * 60 + "!", "1" + " a1" * 90 + "x", "." * 290, "1" + " " * 280 + "x"])
def test_a_marker_of_ambiguous_separators_is_read_at_once(inner: str) -> None:
    assert growth(lambda text: MarkerParser(5).feed(text), repeated(f"[{inner}] "), 6_000) < LINEAR


NAMED = [
    "Al b ",
    "B' c( ",
    "Kim ",
    "Ab-",
    "Corea del Norte ",
    "EE. UU. ",
    "a",
    "'",
    "Én ",
    "A.",
    "U.S.A.b",
    "EE UU",
    "corea del ",
    "República Popular Democrática de ",
    "Islas Georgia del Sur y ",
    "St. Vincent & ",
    "Paris ",
    "russian's ",
    "rusia",
]


@pytest.mark.parametrize("unit", NAMED)
def test_names_are_found_in_linear_time(unit: str) -> None:
    assert growth(Names, repeated(unit), 8_000) < LINEAR


@pytest.mark.parametrize(
    "unit", ["mil ", "1", "1.111.", "1,", "treinta y ", "cien ", "2024-01-", "última ", "n't ", "nieg"]
)
def test_numbers_and_denials_are_found_in_linear_time(unit: str) -> None:
    assert growth(lambda text: (facts(text), added(text, ["a"])), repeated(unit), 8_000) < LINEAR


@pytest.mark.parametrize("unit", ["\r\n", "\n", "\r", "a", "a\n"])
def test_a_quote_is_looked_for_in_linear_time(unit: str) -> None:
    def find(text: str) -> None:
        check(Claim(text[: len(text) // 2] + "x"), (text + "y", "new"))

    assert growth(find, repeated(unit), 16_000) < LINEAR


def test_names_by_the_thousand_are_compared_within_bounds() -> None:
    """A sentence of nothing but names, all of them near to those of its quote but not the same."""

    def compare(text: str) -> None:
        quote = " ".join(f"Kimab{n}" for n in range(200))
        list(Names(text).missing([Names(quote)]))
        exchanged(text, quote)

    assert growth(compare, lambda size: " o ".join(f"Kimabc{n % 200}" for n in range(size)), 300, runs=2) < LINEAR


@pytest.mark.parametrize(
    "text",
    [
        "mil " * 3000,
        "mil " * 12 + "cien cinco",
        "1" * 40 + " mil cien",
        "٣" * 40 + " mil",
        "1." + "111." * 40 + "111",
        "0," + "0" * 60 + "1",
        "9" * 5000,
        "treinta mil millones billones de billones ciento uno",
    ],
)
def test_numbers_of_any_length_have_a_value(text: str) -> None:
    asked, held = facts(text)
    assert asked
    assert {fact.key for fact in asked} <= held


def test_long_numbers_differ_in_their_last_digit() -> None:
    assert facts("1" * 40)[1] != facts("1" * 39 + "2")[1]
    assert facts("1" * 40)[1] == facts("٠" * 3 + "1" * 40)[1]


def test_a_reply_whose_sentence_would_make_the_splitter_panic() -> None:
    parser, draft = MarkerParser(1), Draft()
    tokens = parser.feed("La vitamina C\u00a0. Es buena [1]. Sí.") + parser.close()
    steps = [step for token in tokens for step in draft.add(token)] + draft.close()
    assert "Es buena." in " ".join(step.text for step in steps if isinstance(step, Closed))
