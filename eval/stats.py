"""Confidence intervals and paired tests. Everything is seeded, so the same data give the same figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
RESAMPLES = 1000  # from seed to seed the ends of a 95 % interval then vary by about a tenth of its width
_CELLS = 2_000_000  # resampled cells in memory at once: 16 MB, so that a laptop can handle six thousand questions


class Interval(NamedTuple):
    """A 95 % interval; both ends NaN when there was nothing to resample."""

    low: float
    high: float


class PairedTest(NamedTuple):
    """New minus old: mean difference, its 95 % interval, two-sided p, and how many pairs there were."""

    difference: float
    interval: Interval
    p: float
    n: int


def ratio(numerator: ArrayLike, denominator: ArrayLike | None = None) -> float:
    """The ratio of two sums, or the mean when there is no denominator. NaN when the denominator is 0."""
    top = np.asarray(numerator, dtype=float)
    bottom = float(len(top)) if denominator is None else float(np.sum(denominator))
    return float(top.sum()) / bottom if bottom else math.nan


def bootstrap_ratio(
    numerator: ArrayLike,
    denominator: ArrayLike | None = None,
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """95 % percentile interval (Efron 1979) of sum(numerator) / sum(denominator); of the mean without
    denominator.

    Covers means, precision, recall and F1, which is 2·right / (predicted + wanted). With `groups` whole
    groups are drawn (cluster bootstrap), for questions that share a paragraph and so stand or fall together.
    """
    top = np.asarray(numerator, dtype=float)
    bottom = np.ones_like(top) if denominator is None else np.asarray(denominator, dtype=float)
    if groups is not None:
        _, of = np.unique(np.asarray(groups), return_inverse=True)
        top, bottom = np.bincount(of, weights=top), np.bincount(of, weights=bottom)
    if not len(top) or not bottom.any():
        return Interval(math.nan, math.nan)
    return _ends(_resampled_ratios(top, bottom, seed, resamples))


def _resampled_ratios(top: Floats, bottom: Floats, seed: int, resamples: int) -> Floats:
    rng, n, out = np.random.default_rng(seed), len(top), []
    step = max(1, _CELLS // n)
    for start in range(0, resamples, step):
        drawn = rng.integers(0, n, (min(step, resamples - start), n))
        below = bottom[drawn].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            out.append(np.where(below > 0, top[drawn].sum(axis=1) / below, np.nan))
    return np.concatenate(out)


def bootstrap(
    statistic: Callable[..., float], *columns: ArrayLike, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """95 % percentile interval of any statistic of equally long columns (ROC AUC, a percentile).

    Resamples on which the statistic is NaN (one class missing) are left out.
    """
    arrays = [np.asarray(column) for column in columns]
    n = len(arrays[0])
    if not n:
        return Interval(math.nan, math.nan)
    rng = np.random.default_rng(seed)
    drawn = (rng.integers(0, n, n) for _ in range(resamples))
    return _ends(np.array([statistic(*(array[rows] for array in arrays)) for rows in drawn], dtype=float))


def _ends(values: Floats) -> Interval:
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(math.nan, math.nan)
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))


def paired_test(old: ArrayLike, new: ArrayLike, *, seed: int = 0, resamples: int = 5000) -> PairedTest:
    """Whether two runs over the same questions differ in a per-question score.

    p by random sign flips of the differences (Fisher's paired permutation test; Noreen 1989), with one added
    to numerator and denominator so that it is never 0 (Phipson & Smyth 2010). The interval is the paired
    bootstrap's. Raises ValueError when the runs are of different lengths.
    """
    before, after = np.asarray(old, dtype=float), np.asarray(new, dtype=float)
    if before.shape != after.shape:
        raise ValueError(f"paired runs of different lengths: {before.shape} and {after.shape}")
    differences = after - before
    n = len(differences)
    if not n:
        return PairedTest(math.nan, Interval(math.nan, math.nan), math.nan, 0)
    observed = abs(float(differences.sum()))
    rng, extreme, step = np.random.default_rng(seed), 0, max(1, _CELLS // n)
    for start in range(0, resamples, step):
        signs = rng.integers(0, 2, (min(step, resamples - start), n)) * 2 - 1
        extreme += int((np.abs(signs @ differences) >= observed - 1e-9).sum())
    p = (extreme + 1) / (resamples + 1)
    return PairedTest(float(differences.mean()), bootstrap_ratio(differences, seed=seed), p, n)
