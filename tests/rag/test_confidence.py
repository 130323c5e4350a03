from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from rag.errors import CalibrationUnusable
from rag.evidence.confidence import Calibration, features, load_calibration
from rag.reading.asked_form import AskedForm, Form
from tests.support.evidence import hit, unit, weigh

HALF = {"es": 0.5, "en": 0.5}
ANYTHING = AskedForm(Form.OTHER)


def test_confidence_is_the_logistic_of_the_weighted_features() -> None:
    calibration = Calibration(-1.0, {"a": 2.0, "b": 0.5}, HALF, HALF)
    assert calibration.confidence({"a": 0.5, "b": 2.0}) == pytest.approx(1 / (1 + math.exp(-1)))
    assert calibration.confidence({"a": 1e9, "b": 0}) == pytest.approx(1)
    assert calibration.confidence({"a": -1e9, "b": 0}) == pytest.approx(0)


def test_three_states_each_language_by_its_own_thresholds() -> None:
    calibration = Calibration(0.0, {}, {"es": 0.7, "en": 0.6}, {"es": 0.4, "en": 0.2})
    assert [calibration.verdict(c, "es") for c in (0.7, 0.69, 0.4, 0.39)] == [
        "answered", "unsure", "unsure", "no_evidence",
    ]  # fmt: skip
    assert [calibration.verdict(c, "en") for c in (0.65, 0.3, 0.1)] == ["answered", "unsure", "no_evidence"]


@pytest.mark.parametrize("reading", [False, True])
def test_the_shipped_calibrations_have_the_engines_features(reading: bool) -> None:
    shipped = load_calibration(reading=reading)
    assert set(shipped.weights) <= set(features(ANYTHING, [], [], True))
    assert ("read" in shipped.weights) == reading
    for language in ("es", "en"):
        assert 0 < shipped.near[language] <= shipped.answered[language] < 1
        # A question for which nothing was found is refused.
        assert shipped.verdict(shipped.confidence(features(ANYTHING, [], [], True)), language) == "no_evidence"


def test_a_calibration_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    part = {"intercept": 1, "weights": {"cosine": 2}, "answered": HALF, "near": HALF}
    path.write_text(json.dumps({"version": 2, "without_reader": part}))
    assert load_calibration(path) == Calibration(1, {"cosine": 2}, HALF, HALF)


@pytest.mark.parametrize("text", ["", "{}", '{"with_reader": 3}', '{"without_reader": {"intercept": 1}}'])
def test_a_calibration_that_cannot_be_used_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(CalibrationUnusable, match=r"mine\.json.*renglon eval --calibrate"):
        load_calibration(path)


def test_features_grow_with_what_is_found() -> None:
    near, far = unit(1, 0.1, 0), unit(1, 1, 0)
    good_hit, poor_hit = hit("a", ["Hubo cajas enviadas por mar."], [near], 1), hit("b", ["No dice nada."], [far], 0.2)
    good = features(ANYTHING, weigh("cajas enviadas", good_hit), [good_hit, poor_hit], True)
    poor = features(ANYTHING, weigh("cajas enviadas", poor_hit), [poor_hit, poor_hit], True)
    assert all(good[name] > poor[name] for name in ("cosine", "margin", "shared"))


def test_words_say_nothing_across_languages() -> None:
    one = hit("a", ["Hubo cajas enviadas por mar."], [unit(1, 0.1, 0)], 1)
    foreign = features(ANYTHING, weigh("cajas enviadas", one), [one], False)
    assert (foreign["shared"], foreign["foreign"]) == (0, 1)
