from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rag.evidence.answer_type import Cue
from rag.evidence.overlap import Overlap, QuestionTerms
from rag.evidence.scores import COSINE_BAND, LEXICAL_WEIGHT, nearness, passage_cosine, passage_score


def test_nearness() -> None:
    assert nearness(0.9, 0.9) == 1
    assert nearness(0.9 - COSINE_BAND, 0.9) == pytest.approx(0)


def test_words_that_the_corpus_does_not_know_count() -> None:
    overlap = Overlap({"a": 2.0, "b": 3.0, "unknown": 5.0, "=a": 2.0, "=b": 3.0, "=unknown": 5.0})
    assert overlap.share({"a", "b", "other", "=a", "=b"}) == pytest.approx(0.5)
    assert overlap.share({"a", "b"}) == pytest.approx(0.25)
    assert overlap.share({"a", "b", "unknown", "=a", "=b", "=unknown"}) == pytest.approx(1)
    assert overlap.share(set()) == 0
    assert Overlap({}).share({"a"}) == 0


def test_near_forms_get_part_of_the_credit_and_numbers_none() -> None:
    assert Overlap({"ucrani": 1.0, "=ucrania": 1.0}).share({"ucraniano"}) == pytest.approx(6 / 9 / 2)
    assert Overlap({"2019": 1.0, "=2019": 1.0}).share({"2018", "=2018"}) == 0
    assert Overlap({"caso": 1.0, "=caso": 1.0}).share({"casona de campo larga"}) == 0


def test_a_passage_is_as_near_as_its_best_sentence_mostly() -> None:
    question = np.array([1, 0], np.float32)
    sentences = np.array([[0, 1], [0.8, 0.6]], np.float32)
    assert passage_cosine(question, np.array([0.4, 0.9], np.float32), sentences) == pytest.approx(
        0.25 * 0.4 + 0.75 * 0.8
    )


def test_scores_are_absolute() -> None:
    assert passage_score(0.9, 0.9, 1.0) == 1 + LEXICAL_WEIGHT
    # «Putin» is the one word that an English question shares with many passages: it must not outvote the cosine.
    assert passage_score(0.90, 0.90, 0.0) > passage_score(0.87, 0.90, 0.1)


@pytest.mark.parametrize(
    ("question", "kind", "yes", "no"),
    [
        ("¿Cuántas cajas llegaron?", "number", "Llegaron 300 cajas.", "Llegaron las cajas."),
        ("¿Cuántas cajas llegaron?", "number", "Llegaron dos cajas.", "Llegaron cajas rojas."),
        ("When did it open?", "date", "Se abrió en mayo.", "Se abrió por fin."),
        ("¿Cuándo fue, en 1852?", "date", "Fue en 1853.", "Fue en 1852."),
        ("¿Quién lo diseñó?", "name", "Lo diseñó Gustave Steinacher.", "Lo diseñó alguien."),
        ("Where is the bridge?", "name", "Está en Sevilla.", "Está en el río."),
    ],
)
def test_cues(question: str, kind: str, yes: str, no: str) -> None:
    cue = Cue(question)
    assert cue.kind == kind
    assert cue.found_in(yes)
    assert not cue.found_in(no)


def test_a_question_without_a_cue_favours_nothing() -> None:
    assert not Cue("¿Por qué se abrió?").found_in("Se abrió en 1852 en Sevilla.")


def test_a_year_counts_twice_where_when_is_asked() -> None:
    when = Cue("¿Cuándo se abrió la fábrica de 1852?")
    assert when.found_in("La abrieron en 1914.") == 2
    assert when.found_in("La abrieron en mayo.") == 1
    assert when.found_in("La abrieron con 9000 obreros.") == 1
    assert when.found_in("La de 1852 se abrió antes.") == 0
    assert Cue("¿Cuántos eran?").found_in("Eran 1914.") == 1


class Words:
    """A lexicon in which a stem is the word itself; all but the words of its text are unknown to the corpus."""

    def __init__(self, text: str) -> None:
        self._known = set(self.terms(text))

    def terms(self, text: str) -> list[str]:
        words = [word for word in text.lower().split() if word not in ("the", "of")]
        return [*words, *("=" + word for word in words)]

    def idf(self, terms: Sequence[str]) -> dict[str, float]:
        return {term: 2.0 if term in self._known else 5.0 for term in terms}


def test_the_words_of_an_english_question_are_held_where_their_translations_stand() -> None:
    lexicon = Words("los trabajadores rusia envió soldado trabajador")
    terms = QuestionTerms.of("where do the workers of Russia live", lexicon)
    assert {"trabajador", "rusia"} <= set(terms.all)
    overlap = terms.overlap(lexicon)
    assert overlap.share({"trabajador", "rusia"}) > overlap.share({"rusia"}) > overlap.share({"soldado"})
    assert overlap.share({"workers", "rusia"}) == pytest.approx(overlap.share({"trabajador", "rusia"}))


def test_a_spanish_question_is_not_looked_up() -> None:
    terms = QuestionTerms.of("¿dónde viven los trabajadores?", Words("trabajadores"))
    assert terms.instead == {}
    assert "=trabajadores?" in terms.all
