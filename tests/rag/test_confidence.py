from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from rag.evidence.confidence import Calibration, features, load_calibration
from tests.support.evidence import hit, unit, weigh


def test_confidence_is_the_logistic_of_the_weighted_features() -> None:
    calibration = Calibration(-1.0, {"a": 2.0, "b": 0.5}, 0.5)
    assert calibration.confidence({"a": 0.5, "b": 2.0}) == pytest.approx(1 / (1 + math.exp(-1)))
    assert calibration.confidence({"a": 1e9, "b": 0}) == pytest.approx(1)
    assert calibration.confidence({"a": -1e9, "b": 0}) == pytest.approx(0)


def test_the_shipped_calibration_names_its_data_and_has_the_engines_features() -> None:
    shipped = load_calibration()
    assert set(shipped.weights) == set(features([], [], True))
    assert 0 < shipped.threshold < 1
    # The engine keeps answering questions whose every sign is good, and refuses those with none.
    assert shipped.confidence(features([], [], True)) < shipped.threshold


def test_a_calibration_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"intercept": 1, "weights": {"cosine": 2}, "threshold": 0.9}))
    assert load_calibration(path) == Calibration(1, {"cosine": 2}, 0.9)


def test_features_grow_with_what_is_found() -> None:
    near, far = unit(1, 0.1, 0), unit(1, 1, 0)
    good_hit, poor_hit = hit("a", ["Hubo cajas enviadas por mar."], [near], 1), hit("b", ["No dice nada."], [far], 0.2)
    good = features(weigh("cajas enviadas", good_hit), [good_hit, poor_hit], True)
    poor = features(weigh("cajas enviadas", poor_hit), [poor_hit, poor_hit], True)
    assert all(good[name] > poor[name] for name in ("cosine", "margin", "shared"))


def test_words_say_nothing_across_languages() -> None:
    one = hit("a", ["Hubo cajas enviadas por mar."], [unit(1, 0.1, 0)], 1)
    foreign = features(weigh("cajas enviadas", one), [one], False)
    assert (foreign["shared"], foreign["foreign"]) == (0, 1)
