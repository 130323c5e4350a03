"""Metrics against cases worked by hand, and what must hold for any input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import (
    Bin,
    Cited,
    StatusRates,
    calibration_bins,
    citation_hit,
    contains_gold,
    differing_scores,
    expected_calibration_error,
    line_scores,
    matched_values,
    mrr_at_k,
    ndcg_at_k,
    normalise,
    percentile,
    quote_exact,
    recall_at_k,
    refusal_scores,
    risk_coverage,
    roc_auc,
    scores,
    span_exact_match,
    span_f1,
    status_rates,
    token_f1,
)
from eval.stats import bootstrap, bootstrap_ratio, paired_test, ratio

RANKINGS = st.lists(st.booleans(), max_size=15)
SHARES = st.floats(0, 1, allow_nan=False)
CASES = st.lists(st.tuples(SHARES, st.booleans()), min_size=1, max_size=30)


def test_recall_and_mrr_by_hand() -> None:
    ranking = [False, False, True, False, True]
    assert [recall_at_k(ranking, k) for k in (1, 2, 3, 10)] == [0, 0, 1, 1]
    assert mrr_at_k(ranking) == pytest.approx(1 / 3)
    assert mrr_at_k([False] * 10 + [True]) == 0
    assert recall_at_k([], 5) == mrr_at_k([]) == 0


def test_ndcg_by_hand() -> None:
    # Relevant at ranks 2 and 3 of two: (1/log2 3 + 1/log2 4) / (1/log2 2 + 1/log2 3)
    got = ndcg_at_k([False, True, True], total=2)
    assert got == pytest.approx((1 / math.log2(3) + 0.5) / (1 + 1 / math.log2(3)))
    assert ndcg_at_k([True], total=1) == 1
    assert ndcg_at_k([True], total=2) == pytest.approx(1 / (1 + 1 / math.log2(3)))
    assert ndcg_at_k([], total=0) == 0
    with pytest.raises(ValueError, match="corpus has 1"):
        ndcg_at_k([True, True], total=1)


@given(RANKINGS)
def test_ranking_scores_agree(ranking: list[bool]) -> None:
    total = max(1, sum(ranking))
    assert 0 <= ndcg_at_k(ranking, total) <= 1 + 1e-12
    assert recall_at_k(ranking, 1) <= mrr_at_k(ranking) <= recall_at_k(ranking, 10)
    best = sorted(ranking, reverse=True)
    assert ndcg_at_k(best, total) >= ndcg_at_k(ranking, total) - 1e-12


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("La OTAN, ¿y los Estados Unidos?", "otan y estados unidos"),
        ("6.700 contenedores", "6700 contenedores"),
        ("6,700", "6700"),
        ("$50 mil millones", "50 mil millones"),
        ("Kim-Putin", "kim putin"),
        ("«apoyo inquebrantable»…", "apoyo inquebrantable"),
        ("cafe\u0301", "café"),
        ("la", ""),
    ],
)
def test_normalise_by_hand(text: str, plain: str) -> None:
    assert normalise(text) == plain


@given(st.text())
def test_normalise_is_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_token_f1_by_hand() -> None:
    # 3 of 4 predicted words, 3 of 3 gold ones (the article doesn't count): F1 = 2·3 / (4 + 3)
    assert token_f1("una limusina rusa de lujo", ["limusina de lujo"]) == pytest.approx(6 / 7)
    assert token_f1("Hanoi", ["París", "Hanoi"]) == 1
    assert token_f1("Hanoi", []) == 0
    assert token_f1("", ["Hanoi"]) == 0


def test_contains_gold_wants_whole_words() -> None:
    assert contains_gold("Envió 6.700 contenedores.", ["6,700 contenedores"])
    assert not contains_gold("Envió 16.700 contenedores.", ["6.700 contenedores"])
    assert not contains_gold("El año 2000", ["200"])
    assert not contains_gold("cualquier texto", ["la"])
    assert not contains_gold("texto", [])


def test_quote_exact_by_hand() -> None:
    assert quote_exact("hola mundo", 5, 10, "mundo")
    assert not quote_exact("hola mundo", 4, 10, "mundo")
    assert not quote_exact("hola", 0, 0, "")
    assert not quote_exact("hola", 0, 9, "hola")
    assert not quote_exact("hola", -4, 4, "hola")


def test_citation_hits_need_line_and_words() -> None:
    gold = {("a.txt", 8)}
    assert citation_hit(Cited("a.txt", 7, 8, "unos 6.700 contenedores"), gold, ["6.700"])
    assert not citation_hit(Cited("a.txt", 8, 8, "otra frase de la línea"), gold, ["6.700"])
    assert not citation_hit(Cited("b.txt", 8, 8, "unos 6.700 contenedores"), gold, ["6.700"])


def test_line_scores_by_hand() -> None:
    # Lines 7, 8 and 9 are cited, 8 is gold: precision 1/3; a gold line is cited: recall 1.
    got = line_scores([Cited("a", 7, 8, ""), Cited("a", 8, 9, "")], {("a", 8), ("b", 1)})
    assert got == pytest.approx((1 / 3, 1, 0.5))
    assert line_scores([], {("a", 8)}) == (0, 0, 0)
    assert scores(0, 0, 0, 0) == (0, 0, 0)


def test_refusal_by_hand() -> None:
    # Refused: 1st, 2nd; without answer: 2nd, 3rd, 4th.
    got = refusal_scores([True, True, False, False], [False, True, True, True])
    assert got == pytest.approx((1 / 2, 1 / 3, 2 / 5))
    empty = refusal_scores([], [])
    assert all(math.isnan(value) for value in empty)
    assert math.isnan(refusal_scores([False], [True]).precision)


def test_roc_auc_by_hand() -> None:
    assert roc_auc([0.9, 0.8, 0.3, 0.1], [1, 0, 1, 0]) == pytest.approx(3 / 4)
    assert roc_auc([0.5, 0.5, 0.5], [1, 0, 1]) == 0.5
    assert roc_auc([0.7, 0.5, 0.5], [1, 1, 0]) == pytest.approx((1 + 0.5) / 2)
    assert math.isnan(roc_auc([0.5], [1]))
    assert math.isnan(roc_auc([], []))


@given(CASES)
def test_roc_auc_is_the_share_of_pairs_in_order(cases: list[tuple[float, bool]]) -> None:
    yes = [c for c, label in cases if label]
    no = [c for c, label in cases if not label]
    got = roc_auc(*zip(*cases, strict=True))
    if not yes or not no:
        assert math.isnan(got)
        return
    pairs = [(a > b) + (a == b) / 2 for a in yes for b in no]
    assert got == pytest.approx(sum(pairs) / len(pairs))


def test_risk_coverage_by_hand() -> None:
    got = risk_coverage([0.2, 0.9, 0.5], [0, 1, 0])
    assert got.coverage == pytest.approx([1 / 3, 2 / 3, 1])
    assert got.risk == pytest.approx([0, 1 / 2, 2 / 3])
    assert got.area == pytest.approx((1 / 2 + 2 / 3) / 3)
    assert math.isnan(risk_coverage([], []).area)


@given(CASES)
def test_risk_coverage_ends_at_the_error_rate(cases: list[tuple[float, bool]]) -> None:
    confidence, correct = zip(*cases, strict=True)
    got = risk_coverage(confidence, correct)
    assert got.risk[-1] == pytest.approx(1 - np.mean(correct))
    shuffled = risk_coverage(confidence[::-1], correct[::-1])
    assert got.risk == pytest.approx(shuffled.risk)  # the order of ties doesn't matter


def test_percentiles() -> None:
    assert percentile([1, 2, 3, 4], 50) == 2.5
    assert percentile([7], 95) == 7
    assert math.isnan(percentile([], 50))


def test_ratio_and_its_interval() -> None:
    assert ratio([1, 0, 1]) == pytest.approx(2 / 3)
    assert ratio([1, 0, 2], [1, 0, 3]) == pytest.approx(3 / 4)
    assert math.isnan(ratio([], []))
    assert bootstrap_ratio([1, 1, 1]) == (1, 1)
    assert all(math.isnan(end) for end in bootstrap_ratio([]))
    assert all(math.isnan(end) for end in bootstrap_ratio([0, 0], [0, 0]))


def test_interval_is_as_wide_as_theory_says() -> None:
    values = np.repeat([0.0, 1.0], 200)
    low, high = bootstrap_ratio(values, resamples=2000)
    standard_error = 0.5 / math.sqrt(400)
    assert high - low == pytest.approx(2 * 1.96 * standard_error, rel=0.15)
    assert bootstrap_ratio(values, seed=3) == bootstrap_ratio(values, seed=3)


def test_questions_on_one_paragraph_count_as_one() -> None:
    values = np.repeat([0.0, 1.0], 200)
    low, high = bootstrap_ratio(values, groups=[str(i // 50) for i in range(400)])
    alone = bootstrap_ratio(values)
    assert high - low > 3 * (alone.high - alone.low)


def test_bootstrap_of_any_statistic() -> None:
    rng = np.random.default_rng(1)
    labels = rng.random(200) < 0.5
    confidence = labels + rng.normal(0, 1, 200)
    low, high = bootstrap(roc_auc, confidence, labels, resamples=200)
    assert low < roc_auc(confidence, labels) < high
    assert all(math.isnan(end) for end in bootstrap(roc_auc, [0.1, 0.2], [1, 1], resamples=5))


def test_paired_test_by_hand() -> None:
    # Five pairs, each better by 1: only 2 of the 32 sign patterns are as extreme.
    got = paired_test([0] * 5, [1] * 5, resamples=20000)
    assert got.difference == 1
    assert got.p == pytest.approx(2 / 32, abs=0.01)
    same = paired_test([1, 0, 1], [1, 0, 1])
    assert (same.difference, same.p) == (0, 1)
    assert math.isnan(paired_test([], []).p)
    with pytest.raises(ValueError, match="different lengths"):
        paired_test([1], [1, 2])


# ---- spans -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "golds", "exact", "f1"),
    [
        ("La limusina rusa de lujo", ["limusina rusa de lujo"], 1, 1),
        ("The Rodong Sinmun.", ["rodong sinmun"], 1, 1),
        ("«6.700» contenedores", ["6,700 contenedores"], 1, 1),
        ("6.700", ["6.700 contenedores", "once mil"], 0, 2 / 3),  # 1 word shared, 1 + 2 words in all
        ("en mayo de 2024", ["mayo"], 0, 2 / 5),
        ("a Rusia", ["Rusia"], 1, 1),
        ("el año", ["ano"], 0, 0),  # another word: the tilde counts
        ("esta", ["está"], 0, 0),
        ("está", ["esta\u0301"], 1, 1),  # the same accent in another encoding
        ("algo", [], 0, 0),
        ("", [], 1, 1),
        (None, [], 1, 1),
        (None, ["mayo"], 0, 0),
    ],
)
def test_spans_by_hand(said: str | None, golds: list[str], exact: float, f1: float) -> None:
    assert span_exact_match(said, golds) == exact
    assert span_f1(said, golds) == pytest.approx(f1)


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=3))
def test_a_span_that_matches_exactly_has_f1_one(said: str, golds: list[str]) -> None:
    assert 0 <= span_exact_match(said, golds) <= span_f1(said, golds) <= 1


# ---- statuses ----------------------------------------------------------------------------------------------


def test_status_rates_by_hand() -> None:
    statuses = ["answered", "no_evidence", "answered", "unsure", "none_asked", "no_evidence", "error", "answered"]
    kinds = ["fact", "none", "fact", "fact", "talk", "none", "fact", "none"]
    assert status_rates(statuses, kinds) == {
        "fact": StatusRates(4, 2 / 4, 1 / 4, 0, 0),  # the error is in none of the shares
        "none": StatusRates(3, 1 / 3, 0, 2 / 3, 0),
        "talk": StatusRates(1, 0, 0, 0, 1),
    }
    assert status_rates([], []) == {}
    with pytest.raises(ValueError, match="unknown status 'refused'"):
        status_rates(["refused"], ["fact"])


# ---- calibration -------------------------------------------------------------------------------------------


def test_calibration_error_by_hand() -> None:
    confidence = [0.9, 0.85, 0.95, 0.3, 0.25]
    correct = [1, 1, 0, 0, 1]
    # (0.8, 0.9]: mean .875, accuracy 1, two cases; (0.9, 1]: .95 and 0, one; (0.2, 0.3]: .275 and .5, two.
    assert expected_calibration_error(confidence, correct) == pytest.approx((2 * 0.125 + 0.95 + 2 * 0.225) / 5)
    rows = [row for row in calibration_bins(confidence, correct) if row.n]
    assert [(row.low, row.high, row.n) for row in rows] == [(0.2, 0.3, 2), (0.8, 0.9, 2), (0.9, 1.0, 1)]
    assert rows[0] == Bin(0.2, 0.3, 2, 2, pytest.approx(0.275), 0.5)


def test_calibration_error_of_weighted_cases_by_hand() -> None:
    # (0.9, 1]: weights 1 and 3, the second one wrong: mean .95, accuracy 1/4. (0.1, 0.2]: .15 and 0, weight 4.
    error = expected_calibration_error([0.95, 0.95, 0.15], [1, 0, 0], weights=[1, 3, 4])
    assert error == pytest.approx((4 * 0.7 + 4 * 0.15) / 8)
    assert expected_calibration_error([0.5, 0.5], [1, 0], weights=[2, 2]) == 0


def test_a_confidence_on_an_edge_is_in_the_bin_below() -> None:
    edges = [0.0, *(i / 10 for i in range(1, 11))]
    assert [row.n for row in calibration_bins(edges, [1] * 11)] == [2] + [1] * 9
    assert [row.n for row in calibration_bins([0.5, 0.50001], [0, 1], bins=2)] == [1, 1]


def test_calibration_of_extremes() -> None:
    assert expected_calibration_error([1.0, 0.0], [1, 0]) == 0
    assert expected_calibration_error([1.0, 0.0], [0, 1]) == 1
    assert math.isnan(expected_calibration_error([], []))
    assert all(row.n == 0 and math.isnan(row.accuracy) for row in calibration_bins([], []))
    for bad in ([1.1], [-0.1], [math.nan]):
        with pytest.raises(ValueError, match=r"outside 0\.\.1"):
            calibration_bins(bad, [1])
    with pytest.raises(ValueError, match="2 confidences for 1 outcomes"):
        calibration_bins([0.5, 0.5], [1])


@given(CASES)
def test_calibration_error_lies_between_the_overall_gap_and_one(cases: list[tuple[float, bool]]) -> None:
    confidence, correct = zip(*cases, strict=True)
    gap = abs(np.mean(confidence) - np.mean(correct))
    assert gap - 1e-9 <= expected_calibration_error(confidence, correct) <= 1 + 1e-9
    assert sum(row.n for row in calibration_bins(confidence, correct)) == len(cases)


# ---- sources that differ -----------------------------------------------------------------------------------

CONTAINERS = (("6.700 contenedores",), ("11.000 contenedores",))
SHELLS = (("3 millones", "tres millones"), ("cinco millones",))


def test_reported_values_are_matched_with_gold_values() -> None:
    assert matched_values(["11.000", "alrededor de 6.700 contenedores"], CONTAINERS) == [1, 0]
    assert matched_values(["más de tres millones", "casi cinco millones"], SHELLS) == [0, 1]
    assert matched_values(["700", "millones de más"], CONTAINERS) == [None, None]  # no part of a number
    assert matched_values(["3 millones", "tres millones"], SHELLS) == [0, None]  # one value, given once
    assert matched_values(["", "el"], CONTAINERS) == [None, None]
    assert matched_values(["junio"], []) == [None]


def test_differing_by_hand() -> None:
    reported = [
        ["6.700", "11.000"],  # found
        ["tres millones", "500.000"],  # only one of the two values is right: not found
        [],  # nothing reported where sources differ
        [],  # rightly nothing
        ["12 de junio", "5 de junio"],  # falsely
    ]
    gold = [CONTAINERS, SHELLS, CONTAINERS, (), ()]
    result = differing_scores(reported, gold)
    assert result.found == pytest.approx(1 / 3)
    assert result.falsely_found == pytest.approx(1 / 2)
    assert result.values == pytest.approx((3 / 6, 3 / 6, 6 / 12))


def test_differing_without_cases_is_undefined() -> None:
    nothing = differing_scores([[]], [()])
    assert math.isnan(nothing.found)
    assert nothing.falsely_found == 0
    assert all(map(math.isnan, nothing.values))
    missed = differing_scores([[]], [CONTAINERS])
    assert missed.found == 0
    assert math.isnan(missed.falsely_found)
    assert math.isnan(missed.values.precision)
    assert (missed.values.recall, missed.values.f1) == (0, 0)
