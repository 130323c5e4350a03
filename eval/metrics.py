"""Scores of one answer, one ranking or one set of decisions. Pure functions; nothing here reads a file.

All scores lie in 0..1, higher is better, unless said otherwise. An undefined score (no cases) is NaN, never
0. Intervals and tests over many questions are in `eval.stats`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# Articles such as "el", which are ignored when answers are compared.
# Source: the Spanish list of MLQA's evaluation script (Lewis et al. 2020).
ARTICLES = frozenset({"un", "una", "unos", "unas", "el", "la", "los", "las"})
# English articles, left out as well where spans are compared. "a" is also a Spanish preposition; both sides lose it.
SPAN_ARTICLES = ARTICLES | {"a", "an", "the"}
STATUSES = ("answered", "unsure", "no_evidence", "none_asked")
_INSIDE_NUMBER = re.compile(r"(?<=\d)[.,'’](?=\d)")


class Scores(NamedTuple):
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float
    f1: float


class Cited(NamedTuple):
    """What a citation claims: the 1-based lines of a file and the words quoted from them."""

    file: str
    line_start: int
    line_end: int
    quote: str


# ---- ranking ----------------------------------------------------------------------------------------------


def recall_at_k(relevant: Sequence[bool], k: int) -> float:
    """1 when one of the first k passages is relevant, else 0.

    Evidence is "any of", so one relevant passage is all of it: the top-k accuracy of DPR (Karpukhin et al.
    2020).
    """
    return float(any(relevant[:k]))


def mrr_at_k(relevant: Sequence[bool], k: int = 10) -> float:
    """1 / rank of the first relevant passage, 0 when none is in the first k (Voorhees 1999)."""
    return next((1 / rank for rank, hit in enumerate(relevant[:k], 1) if hit), 0.0)


def ndcg_at_k(relevant: Sequence[bool], total: int, k: int = 10) -> float:
    """Discounted cumulative gain over the best possible one, binary relevance (Järvelin & Kekäläinen 2002).

    `total`: how many relevant passages the corpus has. Raises ValueError when the ranking holds more than
    that.
    """
    if sum(map(bool, relevant)) > total:
        raise ValueError(f"{sum(map(bool, relevant))} relevant passages retrieved, but the corpus has {total}")
    gains = sum(1 / math.log2(rank + 1) for rank, hit in enumerate(relevant[:k], 1) if hit)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(total, k) + 1))
    return gains / ideal if ideal else 0.0


# ---- text -------------------------------------------------------------------------------------------------


def normalise(text: str, articles: Collection[str] = ARTICLES) -> str:
    """Text as it is compared: lower case, no punctuation, no article, single spaces; accents are kept.

    SQuAD's normalisation (Rajpurkar et al. 2016) with MLQA's Spanish articles; unlike theirs, punctuation
    becomes a space ("Kim-Putin" is two words), except inside a number ("6.700" and "6,700" are both "6700").
    """
    text = _INSIDE_NUMBER.sub("", unicodedata.normalize("NFC", text.casefold()))
    spaced = "".join(" " if unicodedata.category(c)[0] in "PSCZ" else c for c in text)
    return " ".join(word for word in spaced.split() if word not in articles)


def token_f1(prediction: str, golds: Iterable[str]) -> float:
    """Best F1 over the words shared with one gold answer (Rajpurkar et al. 2016); 0 without golds."""
    return max((_f1_of_words(normalise(prediction).split(), normalise(g).split()) for g in golds), default=0.0)


def _f1_of_words(predicted: list[str], gold: list[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    shared = sum((Counter(predicted) & Counter(gold)).values())
    return 2 * shared / (len(predicted) + len(gold))


def contains_gold(text: str, golds: Iterable[str]) -> bool:
    """Whether a gold answer stands in the text as whole words, both normalised."""
    padded = f" {normalise(text)} "
    return any(f" {gold} " in padded for gold in map(normalise, golds) if gold)


def span_exact_match(prediction: str | None, golds: Iterable[str]) -> float:
    """1 when the span is a gold answer, both normalised without Spanish and English articles, else 0.

    Without golds the right prediction is none at all, as in SQuAD 2.0 (Rajpurkar et al. 2018).
    """
    said = normalise(prediction or "", SPAN_ARTICLES)
    wanted = [normalise(gold, SPAN_ARTICLES) for gold in golds]
    return float(said in (wanted or [""]))


def span_f1(prediction: str | None, golds: Iterable[str]) -> float:
    """Best F1 over the words shared with one gold answer, normalised as for `span_exact_match`."""
    said = normalise(prediction or "", SPAN_ARTICLES).split()
    wanted = [normalise(gold, SPAN_ARTICLES).split() for gold in golds]
    return max(_f1_of_words(said, gold) for gold in (wanted or [[]]))


# ---- citations --------------------------------------------------------------------------------------------


def quote_exact(text: str, start: int, end: int, quote: str) -> bool:
    """Whether code points start..end (exclusive) of the file's text are the quote, and there is one."""
    return 0 <= start < end <= len(text) and text[start:end] == quote


def lines_of(citation: Cited) -> set[tuple[str, int]]:
    """The cited lines as (file, line) pairs."""
    return {(citation.file, line) for line in range(citation.line_start, citation.line_end + 1)}


def citation_hit(citation: Cited, gold_lines: Collection[tuple[str, int]], golds: Iterable[str]) -> bool:
    """Whether a cited line is a gold line and the quote itself holds a gold answer."""
    return not lines_of(citation).isdisjoint(gold_lines) and contains_gold(citation.quote, golds)


def line_scores(citations: Iterable[Cited], gold_lines: Collection[tuple[str, int]]) -> Scores:
    """Cited lines against gold lines.

    Precision: share of the cited lines that are gold. Recall: 1 when a gold line is cited, since the gold
    lines are "any of" (an answer that rests on one of three equal lines misses nothing). Nothing cited scores
    0.
    """
    cited: set[tuple[str, int]] = set().union(*(lines_of(c) for c in citations))
    right = len(cited.intersection(gold_lines))
    return scores(right, len(cited), 1 if right else 0, 1)


def scores(right: float, predicted: float, found: float, wanted: float) -> Scores:
    """Precision right / predicted, recall found / wanted, F1 their harmonic mean; 0 for denominator 0."""
    precision = right / predicted if predicted else 0.0
    recall = found / wanted if wanted else 0.0
    total = precision + recall
    return Scores(precision, recall, 2 * precision * recall / total if total else 0.0)


# ---- abstention -------------------------------------------------------------------------------------------


def refusal_scores(refused: Sequence[bool], unanswerable: Sequence[bool]) -> Scores:
    """Precision, recall and F1 of refusing, with "unanswerable" as the positive class (as in SQuAD 2.0's
    NoAns).

    NaN where undefined: precision when nothing was refused, recall when nothing is unanswerable.
    """
    right = sum(bool(r and u) for r, u in zip(refused, unanswerable, strict=True))
    n_refused, n_unanswerable = sum(map(bool, refused)), sum(map(bool, unanswerable))
    precision = right / n_refused if n_refused else math.nan
    recall = right / n_unanswerable if n_unanswerable else math.nan
    either = n_refused + n_unanswerable
    return Scores(precision, recall, 2 * right / either if either else math.nan)


def roc_auc(confidence: ArrayLike, positive: ArrayLike) -> float:
    """Chance that a positive case has the higher confidence, ties half (Mann-Whitney U; Hanley & McNeil
    1982).

    NaN when one class is empty.
    """
    scores_, labels = np.asarray(confidence, dtype=float), np.asarray(positive, dtype=bool)
    n_positive, n_negative = int(labels.sum()), int((~labels).sum())
    if not n_positive or not n_negative:
        return math.nan
    _, group, count = np.unique(scores_, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2
    rank_sum = float(mean_rank[group][labels].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


class RiskCoverage(NamedTuple):
    """Risk (share of errors among the answers given) at each coverage (share of questions answered)."""

    coverage: Floats
    risk: Floats
    area: float


def risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> RiskCoverage:
    """Risk when only the 1, 2, … n most confident answers are given, and its mean, the area under the curve.

    Source: El-Yaniv & Wiener 2010; area as in Geifman & El-Yaniv 2017 (AURC; lower is better). No
    threshold separates cases of equal confidence, so each of them gets the error rate of its group.
    """
    scores_, wrong = np.asarray(confidence, dtype=float), 1.0 - np.asarray(correct, dtype=float)
    n = len(scores_)
    if not n:
        return RiskCoverage(np.zeros(0), np.zeros(0), math.nan)
    _, group, count = np.unique(-scores_, return_inverse=True, return_counts=True)
    rate = np.bincount(group, weights=wrong) / count
    answered = np.arange(1, n + 1)
    risk = np.cumsum(rate[np.sort(group)]) / answered
    return RiskCoverage(answered / n, risk, float(risk.mean()))


class StatusRates(NamedTuple):
    """How many questions there were, and the share of them that got each status. Errors are in none of the shares."""

    n: int
    answered: float
    unsure: float
    refused: float
    none_asked: float


def status_rates(statuses: Sequence[str], kinds: Sequence[str]) -> dict[str, StatusRates]:
    """Shares of the statuses among the questions of each kind, in the order in which the kinds first come.

    `statuses` are of STATUSES, or "error"; `refused` counts `no_evidence`. Raises ValueError for another status.
    """
    of_kind: dict[str, Counter[str]] = {}
    for status, kind in zip(statuses, kinds, strict=True):
        if status not in (*STATUSES, "error"):
            raise ValueError(f"unknown status {status!r}; known are {', '.join(STATUSES)} and error")
        of_kind.setdefault(kind, Counter())[status] += 1
    return {
        kind: StatusRates(counts.total(), *(counts[status] / counts.total() for status in STATUSES))
        for kind, counts in of_kind.items()
    }


class Bin(NamedTuple):
    """The cases whose confidence is in low < confidence ≤ high (the first bin has 0 as well).

    `confidence` and `accuracy` are the weighted means of those cases, NaN when there are none; `weight` is the sum of
    their weights. A point of the reliability diagram.
    """

    low: float
    high: float
    n: int
    weight: float
    confidence: float
    accuracy: float


def calibration_bins(
    confidence: ArrayLike, correct: ArrayLike, bins: int = 10, weights: ArrayLike | None = None
) -> list[Bin]:
    """Cases in `bins` equal-width bins of confidence (Guo et al. 2017). Without `weights` each case weighs 1.

    Raises ValueError for a confidence outside 0..1 or lists of different lengths.
    """
    said, right = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    weight = np.ones(said.shape) if weights is None else np.asarray(weights, dtype=float)
    if said.shape != right.shape:
        raise ValueError(f"{said.size} confidences for {right.size} outcomes")
    if not np.all((said >= 0) & (said <= 1)):
        raise ValueError("a confidence is outside 0..1")
    edges = np.arange(bins + 1) / bins
    place = np.digitize(said, edges[1:-1], right=True)
    cases = np.bincount(place, minlength=bins)
    weights_of, said_of, right_of = (
        np.bincount(place, weights=of, minlength=bins) for of in (weight, weight * said, weight * right)
    )
    with np.errstate(invalid="ignore"):
        columns = (edges[:-1], edges[1:], cases, weights_of, said_of / weights_of, right_of / weights_of)
    return [Bin(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, bins: int = 10, weights: ArrayLike | None = None
) -> float:
    """Mean distance between confidence and accuracy over the bins, by the weight of their cases; lower is better.

    Source: Naeini et al. 2015, Guo et al. 2017. NaN without cases.
    """
    filled = [row for row in calibration_bins(confidence, correct, bins, weights) if row.weight]
    total = sum(row.weight for row in filled)
    return sum(row.weight * abs(row.confidence - row.accuracy) for row in filled) / total if total else math.nan


# ---- sources that differ ----------------------------------------------------------------------------------


class DifferingScores(NamedTuple):
    """Whether differing sources were reported.

    `found`: share of the questions on which sources differ whose difference was reported, which takes two of its
    values or more. `falsely_found`: share of the other questions with a difference reported; lower is better.
    `values`: reported values against gold values over all questions. NaN where there are no cases.
    """

    found: float
    falsely_found: float
    values: Scores


def matched_values(reported: Sequence[str], gold: Sequence[Sequence[str]]) -> list[int | None]:
    """For each reported value the gold value that it gives, by its place, or None.

    A gold value is a list of its wordings. A reported value gives it when one of the two, normalised, stands in the
    other as whole words: "casi cinco millones" gives "cinco millones", and "6.700" gives "6.700 contenedores". The
    longest shared wording wins; each gold value is given once, by the first that reports it.
    """
    free = set(range(len(gold)))
    out: list[int | None] = []
    for value in reported:
        fits = {i: length for i in free if (length := max((_shared(value, form) for form in gold[i]), default=0))}
        best = max(fits, key=lambda i: (fits[i], -i)) if fits else None
        free.discard(-1 if best is None else best)
        out.append(best)
    return out


def _shared(one: str, other: str) -> int:
    """Length of the shorter text when it stands in the longer as whole words, both normalised; else 0."""
    short, long = sorted((normalise(one, SPAN_ARTICLES), normalise(other, SPAN_ARTICLES)), key=len)
    return len(short) if short and f" {short} " in f" {long} " else 0


def differing_scores(reported: Sequence[Sequence[str]], gold: Sequence[Sequence[Sequence[str]]]) -> DifferingScores:
    """Reported values against gold values, question by question.

    `reported[i]`: the values that an answer showed side by side, none when it reported no difference. `gold[i]`: the
    values that differ, each with its wordings, none when nothing may be reported.
    """
    found: list[bool] = []
    false: list[bool] = []
    right = 0
    for values, wanted in zip(reported, gold, strict=True):
        given = sum(place is not None for place in matched_values(values, wanted))
        right += given
        (found if wanted else false).append(given >= 2 if wanted else bool(values))
    n_reported, n_gold = sum(map(len, reported)), sum(map(len, gold))
    counted = scores(right, n_reported, right, n_gold)
    return DifferingScores(
        sum(found) / len(found) if found else math.nan,
        sum(false) / len(false) if false else math.nan,
        Scores(
            counted.precision if n_reported else math.nan,
            counted.recall if n_gold else math.nan,
            2 * right / (n_reported + n_gold) if n_reported + n_gold else math.nan,
        ),
    )


def percentile(values: ArrayLike, percent: float) -> float:
    """Percentile (0..100) by linear interpolation, Hyndman & Fan's type 7; NaN without values."""
    array = np.asarray(values, dtype=float)
    return float(np.percentile(array, percent)) if array.size else math.nan
