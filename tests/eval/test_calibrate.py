from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eval.calibrate import ANSWERED, Case, fit, write
from rag.evidence.confidence import load_calibration


def cases(n: int, separation: float, dataset: str = "d", seed: int = 0) -> list[Case]:
    rng = np.random.default_rng(seed)
    return [
        Case({"cosine": float(rng.normal(separation if yes else 0)), "margin": float(rng.normal())}, yes, dataset,
             "fact" if yes else "off_topic", f"{dataset}{i // 4}")
        for i, yes in enumerate([True, True, False, True] * (n // 4))
    ]  # fmt: skip


def test_what_separates_gets_the_weight_and_the_threshold_lets_through_what_was_asked() -> None:
    found = fit(cases(400, 4.0))
    assert found["weights"]["cosine"] > 5 * abs(found["weights"]["margin"])
    figures = found["figures"]["d"]
    assert figures["answered"] == pytest.approx(ANSWERED, abs=0.03)
    assert figures["off_topic"]["roc_auc"] > 0.98
    assert figures["off_topic"]["answered"] < 0.1
    assert found["near"]["es"] < found["answered"]["es"]


def test_noise_is_not_made_to_look_good() -> None:
    figures = fit(cases(400, 0.0))["figures"]["d"]
    assert figures["off_topic"]["roc_auc"] == pytest.approx(0.5, abs=0.12)


def test_a_large_set_does_not_drown_a_small_one() -> None:
    small = [
        Case({"cosine": -c.features["cosine"], "margin": 0}, c.answerable, "small", c.kind, c.group)
        for c in cases(80, 3, "s")
    ]
    large = cases(4000, 3, "large")
    weight = fit([*small, *large])["weights"]["cosine"]
    assert abs(weight) < fit(large)["weights"]["cosine"] / 3  # they contradict each other: neither wins


def test_written_calibration_is_what_the_engine_loads(tmp_path: Path) -> None:
    found = fit(cases(200, 3.0))
    write(found, tmp_path / "c.json", reading=False)
    write({**found, "intercept": 7}, tmp_path / "c.json", reading=True)
    loaded = load_calibration(tmp_path / "c.json")
    assert loaded.weights == found["weights"]
    assert load_calibration(tmp_path / "c.json", reading=True).intercept == 7
    assert json.loads((tmp_path / "c.json").read_text())["without_reader"]["data"] == ["d"]


def test_each_language_has_its_own_thresholds() -> None:
    both = [*cases(400, 3.0), *(
        Case({**c.features, "cosine": c.features["cosine"] - 2}, c.answerable, c.dataset, c.kind, c.group, "en")
        for c in cases(400, 3.0, seed=1)
    )]  # fmt: skip
    found = fit(both)
    assert found["answered"]["en"] < found["answered"]["es"]


def test_one_kind_of_question_is_not_enough() -> None:
    with pytest.raises(ValueError, match="answerable and unanswerable"):
        fit([c for c in cases(40, 1.0) if c.answerable])
    with pytest.raises(ValueError, match="answerable and unanswerable"):
        fit([])
