"""A run from questions to result, with a system made by hand and with the real engine on the five articles."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from eval.bench import Bench, from_answer, rrf
from eval.cli import command
from eval.datasets import NATURAL_GOLD, SEEDS_GOLD, Question, load_gold
from eval.judge import Claim, Outcome, Retrieved
from eval.report import write_report
from eval.run import evaluate, reader
from index.model.encoder import Encoder
from index.model.reader import load_reader
from index.store import Store
from rag.engine import Engine
from rag.evidence.confidence import load_calibration
from rag.settings import Settings
from tests.support.paths import SEEDS


class Parrot:
    """Answers every question with the gold line, and fails on one."""

    def __init__(self, corpus: Path) -> None:
        self._text_of = reader(corpus)

    def answer(self, question: Question) -> Outcome:
        if not question.answerable:
            return Outcome(refused=True, confidence=0.1, latency_ms=1)
        gold = question.evidence[0]
        text = self._text_of(gold.file) or ""
        line = text.split("\n")[gold.line - 1]
        start = text.index(line)
        claim = Claim(gold.file, gold.line, gold.line, start, start + len(line), line)
        passage = Retrieved(gold.file, gold.line, gold.line, line)
        return Outcome(False, line, 0.9, [claim], [passage], 2.0, "boom" if question.id == "s002" else "")

    def baselines(self, question: Question) -> dict[str, Outcome]:
        return {"nothing": Outcome(refused=False)}


def test_a_perfect_system_scores_one() -> None:
    questions = load_gold(SEEDS_GOLD)
    done: list[int] = []
    result = evaluate(Parrot(SEEDS), questions, SEEDS, baselines=True, meta={"title": "t"}, progress=done.append)
    metrics = result["metrics"]
    broken = 1 / sum(q.answerable for q in questions)
    assert metrics["recall_at_1"] == metrics["quote_exact"] == metrics["roc_auc"] == 1
    assert metrics["refusal_recall"] == metrics["refusal_precision"] == 1
    assert metrics["first_citation_hit"] == 1
    assert metrics["first_citation_hit_end_to_end"] == metrics["answered_rate"] == pytest.approx(1 - broken)
    assert [q["id"] for q in result["questions"] if q["faults"]] == ["s002"]
    assert sum(done) == len(questions) == result["meta"]["questions"]
    assert result["baselines"]["nothing"]["metrics"]["recall_at_10"] == 0
    assert "first_citation_hit" not in result["baselines"]["nothing"]["metrics"]


def test_files_are_read_anew(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("año".encode("cp1252"))
    text_of = reader(tmp_path)
    assert text_of("missing.txt") is None
    assert text_of("a.txt") is not None


def test_rrf_by_hand() -> None:
    # 2 is second and first: 1/62 + 1/61; 1 is first and absent: 1/61; 3 is absent and second: 1/62
    fused = rrf([(1, 9.0), (2, 8.0)], [(2, 0.7), (3, 0.6)])
    assert [key for key, _ in fused] == [2, 1, 3]
    assert fused[0][1] == pytest.approx(1 / 61 + 1 / 62)


@pytest.fixture(scope="module")
def bench(seeds_store: Store, encoder: Encoder) -> Bench:
    reader = load_reader(Settings(), encoder)
    return Bench(seeds_store, encoder, Settings(), load_calibration(reading=True), reader)


def test_bench_answers_as_the_engine_does(bench: Bench, engine: Engine) -> None:
    for question in load_gold(SEEDS_GOLD)[::25]:
        ours, theirs = bench.answer(question), from_answer(engine.answer(question.question))
        assert ours.refused == theirs.refused
        assert len(ours.passages) == 10
        same = ours.passages[: len(theirs.passages)]
        assert [(p.file, p.line_start) for p in same] == [(p.file, p.line_start) for p in theirs.passages]
        # What the reader keeps of a passage depends, in half precision, on what it was computed beside.
        assert [p.score for p in same] == pytest.approx([p.score for p in theirs.passages], abs=0.02)
        if not theirs.refused and not theirs.unsure:  # what is unsure has words of its own before it
            # … and so does the place of further citations whose scores are that near.
            assert ours.citations[0] == theirs.citations[0]
            assert len(ours.citations) == len(theirs.citations)
            assert ours.text.startswith(theirs.citations[0].quote)


def test_an_invalid_question_is_an_error_not_a_crash(bench: Bench) -> None:
    bad = Question(id="x", question="¿?", answerable=False)
    assert "InvalidQuestion" in bench.answer(bad).error


def test_seeds_run_with_baselines(seeds_store: Store, encoder: Encoder, tmp_path: Path) -> None:
    """Without the reader, which none of the baselines has; test_floors.py runs with it."""
    bench = Bench(seeds_store, encoder, Settings(), load_calibration())
    questions = load_gold(SEEDS_GOLD)[::6]
    totals = bench.relevant_totals(questions)
    assert all(totals[q.id] >= 1 for q in questions if q.answerable)
    result = evaluate(bench, questions, SEEDS, totals=totals, baselines=True)
    metrics = result["metrics"]
    assert metrics["quote_exact"] == 1
    assert metrics["recall_at_10"] >= 0.85
    assert metrics["any_citation_hit"] >= 0.5
    assert list(result["baselines"]) == ["lexical", "dense", "rrf", "fused", "first sentence"]
    assert "first_citation_hit" in result["baselines"]["first sentence"]["metrics"]
    assert write_report(result, tmp_path).stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fail-under", "nonsense=1"], "is not metric=value"),
        (["--gold", "missing.jsonl"], "missing.jsonl: can't be read"),
        (["--squad", "missing.json"], "missing.json: not SQuAD JSON"),
        (["--compare", "missing.json"], "missing.json: can't be read"),
        (["--corpus", "nowhere"], "no such file in nowhere"),
    ],
)
def test_wrong_usage_is_said_before_the_model_is_loaded(arguments: list[str], said: str) -> None:
    app = Typer()
    app.command()(command)
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 2
    assert said in " ".join(run.output.split())


def test_only_the_split_that_is_named_is_asked(tmp_path: Path) -> None:
    final = tmp_path / "final.jsonl"
    lines = NATURAL_GOLD.read_text(encoding="utf-8").splitlines(keepends=True)
    final.write_text("".join(line for line in lines if '"split": "final"' in line), encoding="utf-8")
    app = Typer()
    app.command()(command)
    run = CliRunner().invoke(app, ["--gold", str(final), "--corpus", str(SEEDS)])
    assert run.exit_code == 2
    assert "no question of split 'dev'" in " ".join(run.output.split())
