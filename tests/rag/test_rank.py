from __future__ import annotations

from rag.evidence.rank import in_order, is_fragment
from rag.evidence.select import choose, same_statement
from tests.support.evidence import hit, unit, weigh


def test_nearness_shared_words_and_passage_all_count() -> None:
    far, near = unit(1, 0.4, 0), unit(1, 0.1, 0)
    found = weigh(
        "otra pregunta",
        hit("a", ["Una frase cualquiera lejana aquí.", "Una frase cualquiera cercana aquí."], [far, near], 1),
    )
    assert [e.sentence.line_start for e in found] == [2, 1]
    found = weigh(
        "cajas enviadas", hit("a", ["Las frases no dicen nada.", "Hubo cajas enviadas por mar."], [near, near], 1)
    )
    assert [e.sentence.line_start for e in found] == [2, 1]
    one, two = (hit(d, ["La misma frase está aquí."], [near], s) for d, s in (("a", 1.0), ("b", 1.5)))
    assert [e.place[0] for e in weigh("nada", one, two)] == ["b", "a"]


def test_what_the_two_sentences_before_say_counts() -> None:
    near = unit(1, 0.1, 0)
    filler, last = "Nada dice esta otra frase.", "Fue un viernes de mucho frío."
    one, two = (hit(d, [first, filler, last], [near] * 3, 1) for d, first in (("a", filler), ("b", "Llegaron cajas.")))
    documents = [e.place[0] for e in weigh("cajas", one, two) if e.sentence.text == last]
    assert documents == ["b", "a"]


def test_passages_stand_in_the_order_of_their_best_sentences() -> None:
    near = unit(1, 0.1, 0)
    found_first = hit("a", ["Nada dice esta primera frase."], [near], 1.1)
    answers = hit("b", ["Nada dice esta otra frase.", "Hubo cajas enviadas por mar."], [near, near], 1.0)
    evidence = weigh("cajas enviadas", found_first, answers)
    ordered = in_order([found_first, answers], evidence)
    assert [h.node.metadata["file"] for h in ordered] == ["b", "a"]
    assert [h.score for h in ordered] == [evidence[0].score, max(e.score for e in evidence if e.place[0] == "a")]
    assert in_order([], []) == []


def test_fragments_stand_behind_sentences() -> None:
    assert is_fragment("China en la valla")
    assert is_fragment("Editor")
    assert is_fragment("La nieta de Donald Trump, Kai, compartió un vistazo íntimo de la celebración de la…")
    assert not is_fragment("Putin le regaló una limusina de lujo.")
    assert not is_fragment("«Es una prueba más de ello», dijo.")


def test_near_duplicates_become_one_sentence_with_both_citations() -> None:
    near = unit(1, 0.1, 0)
    found = weigh(
        "contenedores",
        hit("a", ["Corea envió unos 6700 contenedores a Rusia."], [near], 1.0),
        hit("b", ["Corea envió unos 6700 contenedores a Rusia entonces."], [near], 0.9),
        hit("c", ["Los contenedores eran azules y muy grandes."], [unit(1, 0.2, 0.1)], 0.9),
    )
    groups = choose(found, 3)
    assert [[e.place[0] for e in group] for group in groups] == [["a", "b"], ["c"]]


def test_numbers_that_differ_are_not_the_same_statement() -> None:
    near = unit(1, 0.1, 0)
    a, b = weigh(
        "contenedores",
        hit("a", ["Envió 6700 contenedores."], [near], 1),
        hit("b", ["Envió 11000 contenedores."], [near], 1),
    )
    assert not same_statement(a, b)


def test_weak_sentences_are_left_out_and_the_best_comes_first() -> None:
    found = weigh(
        "cajas enviadas",
        hit("a", ["Antes hubo otra cosa distinta.", "Hubo cajas enviadas por mar.", "Hubo más cajas enviadas ayer."],
            [unit(0, 1, 0), unit(1, 0.1, 0), unit(1, 0, 0.3)], 1),
    )  # fmt: skip
    assert [g[0].sentence.line_start for g in choose(found, 3)] == [2, 3]
    assert choose([], 3) == []
