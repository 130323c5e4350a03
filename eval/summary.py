"""Computes the figures of a run from its records: metrics, 95 % intervals, groups, curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.datasets import UNANSWERABLE_KINDS
from eval.judge import Record
from eval.metrics import (
    calibration_bins,
    expected_calibration_error,
    matched_values,
    percentile,
    risk_coverage,
    roc_auc,
)
from eval.stats import Interval, bootstrap, bootstrap_ratio, ratio

Figures = dict[str, Any]
Column = Sequence[float]
Pair = tuple[float, Interval]

# What each figure means, in the order of the report. `eval.metrics` names the sources.
METRICS: dict[str, tuple[str, str]] = {
    "recall_at_1": ("Recall@1", "a relevant passage is first"),
    "recall_at_3": ("Recall@3", "a relevant passage is among the first 3"),
    "recall_at_5": ("Recall@5", "a relevant passage is among the first 5"),
    "recall_at_10": ("Recall@10", "a relevant passage is among the first 10"),
    "recall_at_1_lines": ("Recall@1, by line", "the first passage stands on a gold line, its answer in it or not"),
    "recall_at_5_lines": ("Recall@5, by line", "one of the first 5 does"),
    "mrr_at_10": ("MRR@10", "1 / rank of the first relevant passage"),
    "ndcg_at_10": ("nDCG@10", "how high the relevant passages stand"),
    "quote_exact": ("Quotes exact", "quotes that stand in the file at the cited lines and characters"),
    "first_citation_hit": (
        "First citation hits",
        "its line is gold and its quote holds the answer; refused questions by what was withheld",
    ),
    "any_citation_hit": ("Any citation hits", "one of the citations does"),
    "first_citation_hit_end_to_end": ("First hits, end to end", "the same, a refusal counting as a miss"),
    "citations_per_answer": ("Citations per answer", "fewer is easier to check"),
    "line_precision": ("Line precision", "share of the cited lines that are gold"),
    "line_recall": ("Line recall", "a gold line is cited"),
    "line_f1": ("Line F1", "harmonic mean of the two, question by question"),
    "answer_contains_gold": ("Answer holds gold", "the text has a gold answer as whole words"),
    "answer_token_f1": ("Token F1", "words shared by text and gold; low for whole sentences"),
    "span_exact_match": ("Span exact", "the answer marked in the first citation is a gold answer"),
    "span_f1": ("Span F1", "words shared by the answer marked in the first citation and gold"),
    "answered_rate": ("Answered", "share of the answerable questions that were answered"),
    "first_citation_hit_answered": ("First hits, if answered", "first citation hits among the answered ones"),
    "unsure_rate": ("Unsure", "share of the answerable questions that got only the nearest sentences"),
    "refusal_precision": ("Refusal precision", "refused questions that have no answer"),
    "refusal_recall": ("Refusal recall", "questions without an answer that were refused"),
    "refusal_f1": ("Refusal F1", "harmonic mean of the two"),
    **{
        f"refusal_recall_{kind}": (f"Refused: {kind.replace('_', ' ')}", "of that kind, the share refused")
        for kind in UNANSWERABLE_KINDS
    },
    **{
        f"answered_{kind}": (f"Answered: {kind.replace('_', ' ')}", "of that kind, the share answered all the same")
        for kind in UNANSWERABLE_KINDS
    },
    "boilerplate_cited": ("Boilerplate cited", "share of the citations that are by-lines, teasers and the like"),
    "differing_found": ("Differing found", "of the questions on which sources differ, those where that was said"),
    "differing_falsely_found": ("Differing, falsely", "of the other questions, those where it was said"),
    "calibration_error": ("Calibration error", "mean distance between confidence and the share that is answerable"),
    "roc_auc": ("ROC AUC", "how well confidence separates answerable from unanswerable"),
    **{
        f"roc_auc_{kind}": (f"ROC AUC: {kind.replace('_', ' ')}", "the same against that kind alone")
        for kind in UNANSWERABLE_KINDS
    },
    "aurc": ("Risk–coverage area", "mean risk over all coverages; lower is better"),
    "latency_p50_ms": ("Latency p50, ms", "half of the questions took less"),
    "latency_p95_ms": ("Latency p95, ms", "19 of 20 took less"),
}
LOWER_IS_BETTER = frozenset({
    "aurc", "latency_p50_ms", "latency_p95_ms", "citations_per_answer", "boilerplate_cited", "differing_falsely_found",
    "calibration_error", "unsure_rate", *(f"answered_{kind}" for kind in UNANSWERABLE_KINDS),
})  # fmt: skip
NOT_A_SHARE = frozenset({"citations_per_answer", "latency_p50_ms", "latency_p95_ms"})
_ANSWER_SCORES = (
    *("recall_at_1", "recall_at_3", "recall_at_5", "recall_at_10", "mrr_at_10", "ndcg_at_10"),
    *("recall_at_1_lines", "recall_at_5_lines"),
    *(
        "first_citation_hit",
        "any_citation_hit",
        "first_citation_hit_end_to_end",
        "line_precision",
        "line_recall",
        "line_f1",
    ),
    *("answer_contains_gold", "answer_token_f1", "span_exact_match", "span_f1"),
)
_CURVE_POINTS = 200  # a plot doesn't show more


def summarise(records: Sequence[Record], *, seed: int = 0) -> Figures:
    """{"metrics": {key: value or None}, "ci95": {key: [low, high] or None}} with the keys of METRICS.

    A figure is None when the run has no case for it. Questions on one paragraph are resampled together.
    """
    pairs = {**_ratios(records, seed), **_confidence(records, seed), **_latency(records, seed)}
    return {
        "metrics": {key: _number(pairs[key][0]) for key in METRICS if key in pairs},
        "ci95": {key: _interval(pairs[key][1]) for key in METRICS if key in pairs},
    }


def _ratios(records: Sequence[Record], seed: int) -> dict[str, Pair]:
    """All figures that are a ratio of two sums."""
    groups = [r["paragraph"] or r["id"] for r in records]

    def of(top: Callable[[Record], float], bottom: Callable[[Record], float]) -> Pair:
        below = [float(bottom(r)) for r in records]
        above = [float(top(r)) if b else 0.0 for r, b in zip(records, below, strict=True)]
        return ratio(above, below), bootstrap_ratio(above, below, groups=groups, seed=seed)

    def gave(r: Record) -> bool:
        return bool(r["status"] == "answered")

    def refused(r: Record) -> bool:
        return r["status"] in ("no_evidence", "unsure")  # the articles don't say, or don't clearly say

    def right(r: Record) -> bool:
        return refused(r) and not r["answerable"]

    def score(key: str) -> Callable[[Record], float]:
        return lambda r: r["scores"].get(key, 0.0)

    def of_kind(kind: str) -> Callable[[Record], bool]:
        return lambda r: r["kind"] == kind and not r["answerable"]

    out = {key: of(score(key), lambda r: r["answerable"]) for key in _ANSWER_SCORES}
    out["quote_exact"] = of(
        lambda r: sum(c["exact"] for c in r["citations"]), lambda r: len(r["citations"]) if gave(r) else 0
    )
    out["citations_per_answer"] = of(lambda r: len(r["citations"]), gave)
    out["answered_rate"] = of(gave, lambda r: r["answerable"])
    out["unsure_rate"] = of(lambda r: r["status"] == "unsure", lambda r: r["answerable"])
    out["boilerplate_cited"] = of(
        lambda r: sum(c["boilerplate"] for c in r["citations"]), lambda r: len(r["citations"]) if gave(r) else 0
    )
    out |= _differing(records, of)
    out["first_citation_hit_answered"] = of(
        lambda r: r["scores"]["first_citation_hit"], lambda r: r["answerable"] and gave(r)
    )
    out["refusal_precision"] = of(right, refused)
    out["refusal_recall"] = of(right, lambda r: not r["answerable"])
    out["refusal_f1"] = of(lambda r: 2 * right(r), lambda r: refused(r) + (not r["answerable"]))
    for kind in UNANSWERABLE_KINDS:
        if any(r["kind"] == kind for r in records):
            out[f"refusal_recall_{kind}"] = of(right, of_kind(kind))
            out[f"answered_{kind}"] = of(gave, of_kind(kind))
    return out


def _differing(
    records: Sequence[Record], of: Callable[[Callable[[Record], float], Callable[[Record], float]], Pair]
) -> dict[str, Pair]:
    """Differences found and falsely found; only of a run whose questions say where sources differ."""
    if not any(r["differing"]["gold"] for r in records):
        return {}

    def found(r: Record) -> bool:
        values = r["differing"]
        return sum(place is not None for place in matched_values(values["reported"], values["gold"])) > 1

    return {
        "differing_found": of(found, lambda r: bool(r["differing"]["gold"])),
        "differing_falsely_found": of(
            lambda r: bool(r["differing"]["reported"]), lambda r: not r["differing"]["gold"] and r["answerable"]
        ),
    }


def _confidence(records: Sequence[Record], seed: int) -> dict[str, Pair]:
    """ROC AUC overall and for each kind of unanswerable question, and the area under the risk–coverage curve."""
    confidence = np.array([r["confidence"] for r in records], dtype=float)
    answerable = np.array([r["answerable"] for r in records], dtype=bool)
    kinds = np.array([r["kind"] for r in records], dtype=object)
    correct = np.array([r["correct"] for r in records], dtype=bool)

    def auc(rows: Any) -> Pair:
        columns = confidence[rows], answerable[rows]
        return roc_auc(*columns), bootstrap(roc_auc, *columns, seed=seed, resamples=300)

    out = {"roc_auc": auc(np.ones(len(records), dtype=bool))}
    for kind in UNANSWERABLE_KINDS:
        if (mine := ~answerable & (kinds == kind)).any():
            out[f"roc_auc_{kind}"] = auc(answerable | mine)
    if len(records) and _are_probabilities(confidence):
        out["calibration_error"] = (
            expected_calibration_error(confidence, answerable),
            bootstrap(expected_calibration_error, confidence, answerable, seed=seed, resamples=300),
        )
    area = risk_coverage(confidence, correct).area
    out["aurc"] = (
        area,
        bootstrap(lambda c, right: risk_coverage(c, right).area, confidence, correct, seed=seed, resamples=300),
    )
    return out


def _are_probabilities(confidence: npt.NDArray[np.float64]) -> bool:
    """False for a baseline that only ranks: the score of its best passage serves as its confidence."""
    return bool(((confidence >= 0) & (confidence <= 1)).all())


def _latency(records: Sequence[Record], seed: int) -> dict[str, Pair]:
    times = _times(records)
    return {
        f"latency_p{p}_ms": (
            percentile(times, p),
            bootstrap(lambda values, p=p: percentile(values, p), times, seed=seed, resamples=300),
        )
        for p in (50, 95)
    }


def _times(records: Sequence[Record]) -> list[float]:
    """Latencies of the questions that were asked one by one, as users do."""
    return [r["latency_ms"] for r in records if r["status"] != "error" and r["latency_ms"] is not None]


def groups(records: Sequence[Record]) -> dict[str, Figures]:
    """Figures of each language and each kind of question: {"language: es": {"n", "metrics", "ci95"}, …}."""
    out: dict[str, Figures] = {}
    for name in ("language", "kind"):
        for value in dict.fromkeys(r[name] for r in records if r[name]):
            mine = [r for r in records if r[name] == value]
            out[f"{name}: {value}"] = {"n": len(mine), **summarise(mine)}
    return out


def curves(records: Sequence[Record]) -> Figures:
    """Points for the plots: recall at 1..10, risk and coverage (at most 200 points), the bins of confidence that have
    cases, latencies in ms."""
    ranks = [r["rank"] for r in records if r["answerable"]]
    curve = risk_coverage([r["confidence"] for r in records], [r["correct"] for r in records])
    step = max(1, math.ceil(len(curve.coverage) / _CURVE_POINTS))
    return {
        "recall": [ratio([rank is not None and rank <= k for rank in ranks]) for k in range(1, 11)] if ranks else [],
        "coverage": curve.coverage[::step].tolist(),
        "risk": curve.risk[::step].tolist(),
        "reliability": _reliability(records),
        "latency_ms": _times(records),
    }


def _reliability(records: Sequence[Record]) -> list[dict[str, float]]:
    """The bins of confidence that have cases."""
    confidence = np.array([r["confidence"] for r in records], dtype=float)
    if not _are_probabilities(confidence):
        return []
    bins = calibration_bins(confidence, [r["answerable"] for r in records])
    return [{"confidence": row.confidence, "accuracy": row.accuracy, "n": row.n} for row in bins if row.n]


def parse_floors(texts: Iterable[str]) -> dict[str, float]:
    """`metric=value` pairs. Raises ValueError for another form or a metric that doesn't exist."""
    floors: dict[str, float] = {}
    for text in texts:
        key, _, value = text.partition("=")
        if key not in METRICS or not value:
            raise ValueError(f"{text!r} is not metric=value with one of: {', '.join(METRICS)}")
        floors[key] = float(value)
    return floors


def missed(metrics: Mapping[str, float | None], floors: Mapping[str, float]) -> list[str]:
    """One sentence per floor that a run misses; for figures where lower is better, the value is a ceiling."""
    out = []
    for key, bound in floors.items():
        value = metrics.get(key)
        if value is None:
            out.append(f"{key} has no cases in this run, {bound:g} was asked for")
        elif key in LOWER_IS_BETTER and value > bound:
            out.append(f"{key} is {value:.4g}, over {bound:g}")
        elif key not in LOWER_IS_BETTER and value < bound:
            out.append(f"{key} is {value:.4g}, under {bound:g}")
    return out


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _interval(interval: Interval) -> list[float] | None:
    return None if math.isnan(interval.low) else [interval.low, interval.high]
