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


def normalise(text: str) -> str:
    """Text as it is compared: lower case, no punctuation, no Spanish article, single spaces.

    SQuAD's normalisation (Rajpurkar et al. 2016) with MLQA's Spanish articles; unlike theirs, punctuation
    becomes a space ("Kim-Putin" is two words), except inside a number ("6.700" and "6,700" are both "6700").
    """
    text = _INSIDE_NUMBER.sub("", unicodedata.normalize("NFC", text.casefold()))
    spaced = "".join(" " if unicodedata.category(c)[0] in "PSCZ" else c for c in text)
    return " ".join(word for word in spaced.split() if word not in ARTICLES)


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


def percentile(values: ArrayLike, percent: float) -> float:
    """Percentile (0..100) by linear interpolation, Hyndman & Fan's type 7; NaN without values."""
    array = np.asarray(values, dtype=float)
    return float(np.percentile(array, percent)) if array.size else math.nan
