"""Whether the corpus answers at all: a calibrated confidence from what was found, and a threshold on it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from llama_index.core.schema import NodeWithScore

from rag.evidence.rank import Evidence


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
    text = path.read_text() if path else (files("rag.evidence") / "calibration.json").read_text()
    data = json.loads(text)
    return Calibration(data["intercept"], data["weights"], data["threshold"])


def features(evidence: Sequence[Evidence], hits: Sequence[NodeWithScore], same_language: bool) -> dict[str, float]:
    """What tells an answerable question from another.

    - `cosine`: that of the nearest sentence, less 0.8 (where E5's cosines of unrelated texts lie), times 10.
    - `margin`: how far the best passage's score stands above the mean of the others.
    - `shared`: the share of the question's words in the best sentence and the one before it, 0 to 1; 0 for a
      question in another language than the text, whose words say nothing.
    - `foreign`: 1 for such a question, whose cosines are lower throughout.
    """
    if not evidence:
        return {"cosine": -1.0, "margin": 0.0, "shared": 0.0, "foreign": 0.0}
    scores = [hit.score or 0.0 for hit in hits]
    return {
        "cosine": 10 * (max(e.cosine for e in evidence) - 0.8),
        "margin": scores[0] - sum(scores[1:]) / len(scores[1:]) if len(scores) > 1 else 0.0,
        "shared": evidence[0].shared if same_language else 0.0,
        "foreign": float(not same_language),
    }
