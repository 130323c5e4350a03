"""`renglon eval --calibrate`: fits the confidence, and the threshold below which a question is refused.

The confidence is a logistic model over the features of `rag.evidence.confidence`. Figures and threshold come from
cross-validation over whole paragraphs, so that no question is scored by a model or a threshold that was fitted on it.
The model that is written is then fitted on all questions.
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

from eval.metrics import expected_calibration_error, roc_auc

FOLDS = 5
# What an answer withheld costs against a wrong one given: this share of the answerable questions is answered …
ANSWERED = 0.75
# … and all but this share of them gets the nearest sentences at least.
NEAR = 0.96
# What a set counts whose questions are asked within two articles, against 1 of one that is asked in a whole corpus:
# how far the best passage is ahead of the others says little there.
WITHIN_TWO = 0.3
INVENTED = "invented"  # what the names of those sets begin with
# Weak: the few features are far from collinear, and there are thousands of questions.
_C = 1.0
# Questions whose words all stand in the articles, though their answer doesn't. Without a reader nothing among the
# features separates them, and fitting on them would only make the confidence doubt everything: they are measured
# all the same.
NEED_A_READER = frozenset({"not_in_text", "false_premise", "adversarial"})
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One question: its features, whether it can be answered, its set, kind and language, and what it shares a fold
    with."""

    features: Mapping[str, float]
    answerable: bool
    dataset: str
    kind: str
    group: str
    language: str = "es"


def fit(cases: Sequence[Case]) -> dict[str, Any]:
    """A part of the calibration as it is written to file, its figures inside.

    Features that are the same for all cases (those of a reader, where there is none) get no weight. Raises ValueError
    without both kinds of cases.
    """
    if len({case.answerable for case in cases}) < 2:
        raise ValueError("Calibration needs answerable and unanswerable questions.")
    names = [name for name in cases[0].features if len({case.features[name] for case in cases}) > 1]
    read = "read" in names
    x = np.array([[case.features[name] for name in names] for case in cases], float)
    y = np.array([case.answerable for case in cases])
    weights = _weights(cases)
    fitted = np.array([read or case.answerable or case.kind not in NEED_A_READER for case in cases])
    held_out = np.zeros(len(cases))
    groups = [case.group for case in cases]
    given, near = np.zeros(len(cases)), np.zeros(len(cases))
    languages = np.array([case.language for case in cases])
    for fold, test in GroupKFold(FOLDS).split(x, y, groups):
        train = fold[fitted[fold]]
        model = LogisticRegression(C=_C, max_iter=1000).fit(x[train], y[train], weights[train])
        held_out[test] = model.predict_proba(x[test])[:, 1]
        seen = _thresholds(model.predict_proba(x[train])[:, 1], y[train], weights[train], languages[train])
        given[test] = [seen[language][0] for language in languages[test]]
        near[test] = [seen[language][1] for language in languages[test]]
    model = LogisticRegression(C=_C, max_iter=1000).fit(x[fitted], y[fitted], weights[fitted])
    final = _thresholds(model.predict_proba(x[fitted])[:, 1], y[fitted], weights[fitted], languages[fitted])
    return {
        "data": sorted({case.dataset for case in cases}),
        "date": date.today().isoformat(),
        "intercept": round(float(model.intercept_[0]), 4),
        "weights": {name: round(float(w), 4) for name, w in zip(names, model.coef_[0], strict=True)},
        "answered": {language: both[0] for language, both in final.items()},
        "near": {language: both[1] for language, both in final.items()},
        "figures": _figures(cases, held_out, held_out >= given, held_out >= near),
    }


def _thresholds(
    confidence: Floats, answerable: npt.NDArray[np.bool_], weights: Floats, languages: npt.NDArray[np.str_]
) -> dict[str, tuple[float, float]]:
    """For each language of questions, the confidences that ANSWERED and NEAR of the answerable ones reach.

    A language without answerable questions gets those of all."""
    out = {}
    for language in ("es", "en"):
        own = languages == language
        if not (answerable & own).any():
            own = np.ones(len(languages), bool)
        # Down, or the question that sets a threshold would fall below it.
        out[language] = tuple(
            math.floor(1e4 * _threshold(confidence[own], answerable[own], weights[own], share)) / 1e4
            for share in (ANSWERED, NEAR)
        )
    return out  # type: ignore[return-value]


def _weights(cases: Sequence[Case]) -> Floats:
    """Each data set weighs the same (the invented ones less), and within it the answerable as much as the others."""
    keys = [(case.dataset, case.answerable, case.kind in NEED_A_READER) for case in cases]
    counts = {key: keys.count(key) for key in set(keys)}
    share = len(cases) / len(counts)
    return np.array([share / counts[key] * (WITHIN_TWO if key[0].startswith(INVENTED) else 1.0) for key in keys])


def _threshold(confidence: Floats, answerable: npt.NDArray[np.bool_], weights: Floats, share: float) -> float:
    """The confidence that a share of the answerable questions, by weight, reach."""
    order = np.argsort(-confidence[answerable])
    reached = np.cumsum(weights[answerable][order]) / weights[answerable].sum()
    last = min(int(np.searchsorted(reached, share)), len(order) - 1)
    return float(confidence[answerable][order][last])


def _figures(
    cases: Sequence[Case], confidence: Floats, answered: npt.NDArray[np.bool_], near: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    """Held-out figures of each data set: shares answered and near, ROC AUC and shares of each unanswerable kind."""
    figures: dict[str, Any] = {"method": f"{FOLDS}-fold cross-validation, whole paragraphs held out"}
    truth = np.array([case.answerable for case in cases])
    figures["calibration_error"] = _round(expected_calibration_error(confidence, truth, weights=_weights(cases)))
    for dataset in sorted({case.dataset for case in cases}):
        yes = np.array([case.dataset == dataset and case.answerable for case in cases])
        own: dict[str, Any] = {"answered": _share(answered, yes), "near": _share(near & ~answered, yes)}
        for kind in sorted({case.kind for case in cases if case.dataset == dataset and not case.answerable}):
            no = np.array([case.dataset == dataset and not case.answerable and case.kind == kind for case in cases])
            auc = roc_auc(confidence[yes | no], yes[yes | no])
            own[kind] = {
                "questions": int(no.sum()), "answered": _share(answered, no), "near": _share(near & ~answered, no),
                "roc_auc": _round(auc),
            }  # fmt: skip
        figures[dataset] = own
    return figures


def _share(which: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> float | None:
    return _round(float(which[among].mean())) if among.any() else None


def _round(value: float) -> float:
    return round(float(value), 4)


def write(part: Mapping[str, Any], path: Path, reading: bool) -> None:
    """Write a calibration where the engine loads it; of a file that is there the other part is kept."""
    known = json.loads(path.read_text()) if path.exists() else {}
    known |= {"version": 2, "with_reader" if reading else "without_reader": part}
    path.write_text(json.dumps(known, ensure_ascii=False, indent=2) + "\n")
