"""Whether the corpus answers: a calibrated confidence from what was found and read, and the state that follows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from llama_index.core.schema import NodeWithScore

from rag.errors import CalibrationUnusable
from rag.evidence.rank import Evidence
from rag.reading.answer_form import Fit, fit, lacks
from rag.reading.asked_form import AskedForm
from rag.reading.result import LEAST_SCORE
from rag.reading.values import counts_other

Verdict = Literal["answered", "unsure", "no_evidence"]
FEATURES = frozenset({
    "cosine", "margin", "shared", "foreign", "read", "read_first", "answers", "misfit", "score", "formless",
    "other_unit",
})  # fmt: skip
_THRESHOLDS = ("answered", "near")


@dataclass(frozen=True)
class Calibration:
    """A logistic model: confidence = 1 / (1 + exp(-(intercept + Σ weight · feature))).

    `weights` are named after `features`. `answered` and `near` hold, for each language of questions, the confidence
    from which on the state is `answered`, and from which on it is `unsure`; below that it is `no_evidence`.
    """

    intercept: float
    weights: Mapping[str, float]
    answered: Mapping[str, float]
    near: Mapping[str, float]

    def confidence(self, features: Mapping[str, float]) -> float:
        """Probability, 0 to 1, that the corpus answers the question."""
        logit = self.intercept + sum(weight * features[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))

    def verdict(self, confidence: float, language: str) -> Verdict:
        """The state that a confidence means for a question in `language`."""
        if confidence >= self.answered[language]:
            return "answered"
        return "unsure" if confidence >= self.near[language] else "no_evidence"


def load_calibration(path: Path | None = None, reading: bool = False) -> Calibration:
    """The calibration of a file, by default of the one that ships with the package; the one for answers with a reader
    where `reading`. Raises CalibrationUnusable."""
    text = path.read_text() if path else (files("rag.evidence") / "calibration.json").read_text()
    source = f"{path or 'of the package'}"
    try:
        data = json.loads(text)
    except ValueError as error:
        raise _unusable(source, error) from error
    return calibration_of(data, reading, source)


def calibration_of(data: Any, reading: bool, source: str) -> Calibration:
    """The part of a calibration file that is for answers with a reader, or without one.

    `source` names the file in the error. Raises CalibrationUnusable.
    """
    try:
        part = data["with_reader" if reading else "without_reader"]
        weights = {name: _number(weight) for name, weight in part["weights"].items()}
        if unknown := weights.keys() - FEATURES:
            raise ValueError(f"no feature is called {min(unknown)[:80]!r}")
        answered, near = ({language: _number(part[at][language]) for language in ("es", "en")} for at in _THRESHOLDS)
        return Calibration(_number(part["intercept"]), weights, answered, near)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(source, error) from error


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{str(value)[:80]!r} is no number")
    return float(value)


def _unusable(source: str, error: Exception) -> CalibrationUnusable:
    return CalibrationUnusable(
        f"The calibration {source} can't be used: {error!r}.",
        "Make a new one with `renglon eval --calibrate FILE`, or unset RENGLON_CALIBRATION.",
    )


def features(
    asked: AskedForm, evidence: Sequence[Evidence], hits: Sequence[NodeWithScore], same_language: bool
) -> dict[str, float]:
    """What tells an answerable question from another. `evidence`: best first.

    - `cosine`: that of the nearest sentence, less 0.8 (where E5's cosines of unrelated texts lie), times 10.
    - `margin`: how far the best passage's score stands above the mean of the others.
    - `shared`: the share of the question's words in the best sentence and the one before it, 0 to 1; 0 for a
      question in another language than the text.
    - `foreign`: 1 for such a question, whose cosines are lower throughout.
    - `read`: the reader's best score among the sentences that it read, from LEAST_SCORE to MOST_SCORE.
    - `read_first`: the same of the sentence that is ranked first.
    - `answers`: the reader's logit that the first sentence's stretch answers at all, from -8 to 8.
    - `misfit`: 1 where the first sentence's answer surely has not the form that is asked for.
    - `score`: the score of the first sentence, as it is ranked (about 0 to 3).
    - `formless`: 1 where a number or a date is asked for and the first sentence has none of that form.
    - `other_unit`: 1 where the first sentence's answer counts other things than the question asks for.
    """
    if not evidence:
        return {"cosine": -1.0, "margin": 0.0, "shared": 0.0, "foreign": 0.0, "read": LEAST_SCORE,
                "read_first": LEAST_SCORE, "answers": -8.0, "misfit": 0.0, "score": 0.0,
                "formless": 0.0, "other_unit": 0.0}  # fmt: skip
    scores = [hit.score or 0.0 for hit in hits]
    first, text, span = evidence[0].reading, evidence[0].sentence.text, evidence[0].answer
    return {
        "cosine": 10 * (max(e.cosine for e in evidence) - 0.8),
        "margin": scores[0] - sum(scores[1:]) / len(scores[1:]) if len(scores) > 1 else 0.0,
        "shared": evidence[0].shared if same_language else 0.0,
        "foreign": float(not same_language),
        "read": max((e.reading.clipped for e in evidence if e.reading), default=LEAST_SCORE),
        "read_first": first.clipped if first else LEAST_SCORE,
        "answers": max(-8.0, min(8.0, first.answers if first else -8.0)),
        "misfit": float(span is not None and fit(asked, text, *span) is Fit.NO),
        "score": evidence[0].score,
        "formless": float(lacks(asked, text)),
        "other_unit": float(span is not None and counts_other(asked, text, *span, same_language)),
    }
