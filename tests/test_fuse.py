from __future__ import annotations

import numpy as np
import pytest

from rag.fuse import COSINE_BAND, LEXICAL_WEIGHT, coverage, nearness, passage_cosine, passage_score


def test_nearness() -> None:
    assert nearness(0.9, 0.9) == 1
    assert nearness(0.9 - COSINE_BAND, 0.9) == pytest.approx(0)


def test_coverage_counts_words_that_the_corpus_does_not_know() -> None:
    weights = {"a": 2.0, "b": 3.0, "unknown": 5.0}
    assert coverage(weights, {"a", "b", "other"}) == pytest.approx(0.5)
    assert coverage(weights, set()) == 0
    assert coverage({}, {"a"}) == 0


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
