from __future__ import annotations

import math

import pytest

from rag.fuse import COSINE_BAND, LEXICAL_WEIGHT, fuse, lexical_ceiling


def test_the_nearest_vector_without_a_shared_word_scores_one() -> None:
    assert fuse(0.9, 0.9, 0.0) == 1
    assert fuse(0.9 - COSINE_BAND, 0.9, 0.0) == pytest.approx(0)
    assert fuse(0.9, 0.9, 1.0) == 1 + LEXICAL_WEIGHT


def test_ceiling_counts_unknown_words_and_repeats_once() -> None:
    idf = {"a": 2.0, "unknown": 5.0}
    assert lexical_ceiling(["a", "unknown", "a"], idf) == pytest.approx(7 * 2.2)


def test_words_of_another_language_leave_the_order_to_the_vectors() -> None:
    # «Putin» is the one word that an English question shares with many passages: it must not outvote the cosine.
    share = 1 / (1 + 5 * math.log(100))
    assert fuse(0.90, 0.90, 0.0) > fuse(0.86, 0.90, share)
