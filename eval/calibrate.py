"""`renglon eval --calibrate`: fits the confidence, and the threshold below which a question is refused.

The confidence is a logistic model over the features of `rag.evidence.confidence`; both data sets have the same
weight. Figures and threshold come from cross-validation over whole paragraphs, so that no question is scored by a
model or a threshold that was fitted on it. The model that is written is then fitted on all questions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from eval.metrics import roc_auc

FOLDS = 5
# A needless refusal costs the reader a look at the passages, and a wrong answer costs trust; but nobody uses a tool
# that refuses one good question in ten. The threshold lets this share of the answerable questions through.
ANSWERED = 0.95
# Weak regularisation is enough: there are few features, far from collinear, and thousands of questions.
_C = 1.0
# The words of these questions all occur in the articles, but their answers don't. None of the features distinguishes
# them, so fitting on them would only lower the confidence of every question. They are measured but not fitted.
NOT_FITTED = frozenset({"not_in_text", "false_premise", "adversarial"})
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One question: features, whether it can be answered, data set, kind, and the group whose fold it shares."""

    features: Mapping[str, float]
    answerable: bool
    dataset: str
    kind: str
    group: str


def fit(cases: Sequence[Case]) -> dict[str, Any]:
    """The content of a calibration file, figures included. Raises ValueError unless there are cases of both kinds."""
    names = list(cases[0].features) if cases else []
    x = np.array([[case.features[name] for name in names] for case in cases], float)
    y = np.array([case.answerable for case in cases])
    if len(set(y.tolist())) < 2:
        raise ValueError("Calibration needs answerable and unanswerable questions.")
    weights = _weights(cases)
    held_out = np.zeros(len(cases))
    groups = [case.group for case in cases]
    thresholds = np.zeros(len(cases))
    fitted = np.array([case.answerable or case.kind not in NOT_FITTED for case in cases])
    for fold, test in GroupKFold(FOLDS).split(x, y, groups):
        train = fold[fitted[fold]]
        model = LogisticRegression(C=_C, max_iter=1000).fit(x[train], y[train], weights[train])
        held_out[test] = model.predict_proba(x[test])[:, 1]
        thresholds[test] = _threshold(model.predict_proba(x[train])[:, 1], y[train], weights[train])
    x, y, weights = x[fitted], y[fitted], weights[fitted]
    model = LogisticRegression(C=_C, max_iter=1000).fit(x, y, weights)
    return {
        "version": 1,
        "data": sorted({case.dataset for case in cases}),
        "date": date.today().isoformat(),
        "intercept": round(float(model.intercept_[0]), 4),
        "weights": {name: round(float(w), 4) for name, w in zip(names, model.coef_[0], strict=True)},
        # Rounded down; otherwise the very question that determines the threshold could fall below it.
        "threshold": math.floor(1e4 * _threshold(model.predict_proba(x)[:, 1], y, weights)) / 1e4,
        "figures": _figures(cases, held_out, held_out >= thresholds),
    }


def _weights(cases: Sequence[Case]) -> Floats:
    """Weights that give every data set the same total, half of it to its answerable questions."""
    keys = [(case.dataset, case.answerable, case.kind in NOT_FITTED) for case in cases]
    counts = {key: keys.count(key) for key in set(keys)}
    return np.array([len(cases) / len(counts) / counts[key] for key in keys])


def _threshold(confidence: Floats, answerable: npt.NDArray[np.bool_], weights: Floats) -> float:
    """The confidence that a share ANSWERED of the answerable questions reaches, by weight."""
    order = np.argsort(-confidence[answerable])
    reached = np.cumsum(weights[answerable][order]) / weights[answerable].sum()
    last = min(int(np.searchsorted(reached, ANSWERED)), len(order) - 1)
    return float(confidence[answerable][order][last])


def _figures(cases: Sequence[Case], confidence: Floats, answered: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Held-out figures of each data set: share answered, ROC AUC and share refused of each unanswerable kind."""
    figures: dict[str, Any] = {"method": f"{FOLDS}-fold cross-validation, whole paragraphs held out"}
    for dataset in sorted({case.dataset for case in cases}):
        yes = np.array([case.dataset == dataset and case.answerable for case in cases])
        own: dict[str, Any] = {"answered": _share(answered, yes)}
        for kind in sorted({case.kind for case in cases if case.dataset == dataset and not case.answerable}):
            no = np.array([case.dataset == dataset and not case.answerable and case.kind == kind for case in cases])
            auc = roc_auc(confidence[yes | no], yes[yes | no])
            own[kind] = {"questions": int(no.sum()), "refused": _share(~answered, no), "roc_auc": _round(auc)}
        figures[dataset] = own
    return figures


def _share(which: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> float | None:
    return _round(float(which[among].mean())) if among.any() else None


def _round(value: float) -> float:
    return round(float(value), 4)


def write(calibration: Mapping[str, Any], path: Path) -> None:
    """Write a calibration to the file from which the engine loads it."""
    path.write_text(json.dumps(calibration, ensure_ascii=False, indent=2) + "\n")
