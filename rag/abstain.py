"""Whether the corpus answers at all: a calibrated confidence from what was found, and a threshold on it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rag.evidence import Evidence
from rag.fuse import coverage


@dataclass(frozen=True)
class Calibration:
    """A logistic model: confidence = 1 / (1 + exp(-(intercept + Σ weight · feature))).

    `threshold`: below it the answer is "the articles don't say". `weights` are named after `features`.
    """

    intercept: float
    weights: Mapping[str, float]
    threshold: float

    def confidence(self, features: Mapping[str, float]) -> float:
        """Probability, 0 to 1, that the corpus answers the question."""
        logit = self.intercept + sum(weight * features[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def load_calibration(path: Path | None = None) -> Calibration:
    """The calibration of a file, by default the one that ships with the package."""
    text = path.read_text() if path else (files("rag") / "calibration.json").read_text()
    data = json.loads(text)
    return Calibration(data["intercept"], data["weights"], data["threshold"])


def features(evidence: Sequence[Evidence], weights: Mapping[str, float]) -> dict[str, float]:
    """What tells an answerable question from another. `weights` maps the question's terms to their idf.

    - `cosine`: that of the nearest sentence, less 0.85 (where E5's cosines of related texts lie), times 10.
    - `covered`: the most of the question's words that one of the three best sentences holds, 0 to 1.
    - `together`: the share that the three hold between them.
    """
    if not evidence:
        return {"cosine": -2.0, "covered": 0.0, "together": 0.0}
    together = frozenset().union(*(e.terms for e in evidence[:3]))
    return {
        "cosine": 10 * (max(e.cosine for e in evidence) - 0.85),
        "covered": max(e.covered for e in evidence[:3]),
        "together": coverage(weights, together),
    }
