"""The gold questions on the five articles, with floors a little under what is reached: quality can't slip unseen."""

from __future__ import annotations

from typing import Any

import pytest

from eval.bench import Bench
from eval.datasets import FOLLOWUPS_GOLD, SEEDS_GOLD, load_gold
from eval.run import evaluate
from eval.summary import missed, parse_floors
from index.model.encoder import Encoder
from index.store import Store
from rag.evidence.confidence import load_calibration
from rag.settings import Settings
from tests.support.paths import SEEDS

FLOORS = [
    "quote_exact=1.0", "recall_at_1=0.77", "recall_at_5=0.91", "first_citation_hit=0.70", "any_citation_hit=0.81",
    "answered_rate=0.90", "refusal_recall_off_topic=0.95",
]  # fmt: skip
ENGLISH = ["recall_at_5=0.92", "first_citation_hit=0.62"]


@pytest.fixture(scope="module")
def result(seeds_store: Store, encoder: Encoder) -> dict[str, Any]:
    questions = load_gold(SEEDS_GOLD)
    bench = Bench(seeds_store, encoder, Settings(), load_calibration())
    return evaluate(bench, questions, SEEDS, totals=bench.relevant_totals(questions))


def test_the_seeds_reach_their_floors(result: dict[str, Any]) -> None:
    assert missed(result["metrics"], parse_floors(FLOORS)) == []


def test_so_do_the_english_questions(result: dict[str, Any]) -> None:
    assert missed(result["groups"]["language: en"]["metrics"], parse_floors(ENGLISH)) == []


def test_follow_ups_need_their_history_and_use_it(seeds_store: Store, encoder: Encoder) -> None:
    questions = load_gold(FOLLOWUPS_GOLD)
    alone = [question.model_copy(update={"history": ()}) for question in questions]
    bench = Bench(seeds_store, encoder, Settings(), load_calibration())
    with_history = evaluate(bench, questions, SEEDS)["metrics"]
    without = evaluate(bench, alone, SEEDS)["metrics"]
    assert missed(with_history, parse_floors(["quote_exact=1.0", "recall_at_5=0.92", "first_citation_hit=0.75"])) == []
    assert without["first_citation_hit"] < 0.3
