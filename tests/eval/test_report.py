"""From outcomes to records, figures and the page: faults are named, hostile text stays text, files stand alone."""

from __future__ import annotations

import io
import json
import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from eval.datasets import DifferingValue, GoldError, GoldLine, Question
from eval.judge import FAULTS, Claim, Outcome, Record, Retrieved, judge
from eval.page import page
from eval.plots import Series, histogram, line_plot, nice_ticks
from eval.report import compare, load_report, metrics_table, write_report
from eval.summary import METRICS, curves, groups, missed, parse_floors, summarise

TEXT = "Primera línea.\r\n\r\nEnvió 6.700 contenedores. Nadie lo niega.\n"
GOOD = Claim("a.txt", 3, 3, 18, 43, "Envió 6.700 contenedores.")
OTHER = Claim("a.txt", 3, 3, 44, 59, "Nadie lo niega.")
HIT = Retrieved("a.txt", 1, 3, TEXT.strip())
HOSTILE = "</details><script>alert(1)</script><img src=x onerror=alert(2)> \"'&\x00\x1b[31m \ud800 \u202e"

GOLDEN = HOSTILE.replace("\ud800", "")  # gold is read as valid Unicode; what a model says may not be


def text_of(file: str) -> str | None:
    return TEXT if file == "a.txt" else None


def asked(id_: str = "q", **changes: Any) -> Question:
    gold = (GoldLine(file="a.txt", line=3),)
    return Question(
        **{
            "id": id_,
            "question": "¿Cuántos?",
            "answerable": True,
            "answers": ("6.700",),
            "evidence": gold,
            **changes,
        }
    )


def unanswerable(id_: str = "u", kind: str = "off_topic") -> Question:
    return asked(id_, answerable=False, answers=(), evidence=(), kind=kind)


def said(*claims: Claim, **changes: Any) -> Outcome:
    text = " ".join(f"{c.quote} [{c.file}:{c.line_start}]" for c in claims)
    return Outcome(
        **{
            "refused": not claims,
            "text": text,
            "confidence": 0.9,
            "citations": claims,
            "passages": (HIT,),
            **changes,
        }
    )


def record(question: Question, outcome: Outcome) -> Record:
    return judge(question, outcome, text_of)


# ---- judging -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "outcome", "faults"),
    [
        (asked(), said(GOOD), []),
        (asked(), said(OTHER, GOOD), ["not_first"]),
        (asked(), said(OTHER), ["wrong_citation"]),
        (asked(), said(OTHER, passages=()), ["not_retrieved"]),
        (asked(), said(GOOD, text="Muchos. [a.txt:6.700:3]"), ["gold_not_in_answer"]),
        (asked(), said(), ["refused_answerable"]),
        (asked(), said(passages=()), ["refused_not_retrieved"]),
        (asked(), said(error="boom"), ["error"]),
        (asked(), said(Claim("a.txt", 3, 3, 17, 42, GOOD.quote)), ["quote_not_exact"]),
        (asked(), said(Claim("a.txt", 2, 3, 18, 43, GOOD.quote)), ["quote_not_exact"]),
        (unanswerable(), said(), []),
        (unanswerable(), said(GOOD), ["answered_unanswerable"]),
        (
            unanswerable(),
            said(Claim("b.txt", 1, 1, 0, 4, "Nada")),
            ["quote_not_exact", "answered_unanswerable"],
        ),
    ],
)
def test_faults_are_named_worst_first(question: Question, outcome: Outcome, faults: list[str]) -> None:
    got = record(question, outcome)
    assert got["faults"] == faults
    assert got["severity"] == (len(FAULTS) - list(FAULTS).index(faults[0]) if faults else 0)


def test_a_markers_digits_are_no_answer() -> None:
    question = asked(answers=("3", "6.700"))
    assert record(question, said(OTHER))["scores"]["answer_contains_gold"] == 0
    assert record(question, said(GOOD))["scores"]["answer_contains_gold"] == 1


def test_a_passage_must_hold_the_answer_to_be_relevant() -> None:
    half = Retrieved("a.txt", 3, 3, "Nadie lo niega.")
    got = record(asked(), said(GOOD, passages=(half, HIT)))
    assert [p["relevant"] for p in got["passages"]] == [False, True]
    assert got["rank"] == 2
    assert got["scores"]["mrr_at_10"] == 0.5
    assert [got["scores"][f"recall_at_1{rule}"] for rule in ("", "_lines")] == [0, 1]
    beside = Retrieved("a.txt", 1, 2, HIT.text)
    assert record(asked(), said(GOOD, passages=(beside,)))["scores"]["recall_at_5_lines"] == 0


def test_what_a_refusal_withheld_counts_for_the_curve_only() -> None:
    got = record(asked(), said(GOOD, refused=True))
    assert got["correct"]
    assert got["scores"]["first_citation_hit"] == 1
    assert got["scores"]["first_citation_hit_end_to_end"] == got["scores"]["answer_contains_gold"] == 0
    assert got["scores"]["line_f1"] == 1


# ---- figures -----------------------------------------------------------------------------------------------


@pytest.fixture
def records() -> list[Record]:
    return [
        record(asked("q1"), said(GOOD, latency_ms=10, confidence=0.9)),
        record(asked("q2", language="en"), said(OTHER, GOOD, latency_ms=20, confidence=0.8)),
        record(asked("q3"), said(latency_ms=30, confidence=0.3)),
        record(unanswerable("u1"), said(latency_ms=40, confidence=0.2)),
        record(unanswerable("u2", "false_premise"), said(OTHER, latency_ms=50, confidence=0.7)),
    ]


def test_figures_by_hand(records: list[Record]) -> None:
    metrics = summarise(records)["metrics"]
    expected = {
        "recall_at_1": 1, "first_citation_hit": 1 / 3, "any_citation_hit": 2 / 3, "quote_exact": 1,
        "citations_per_answer": 4 / 3, "answered_rate": 2 / 3, "first_citation_hit_answered": 1 / 2,
        "refusal_precision": 1 / 2, "refusal_recall": 1 / 2, "refusal_f1": 1 / 2, "refusal_recall_off_topic": 1,
        "refusal_recall_false_premise": 0, "roc_auc": 5 / 6, "roc_auc_off_topic": 1, "latency_p50_ms": 30,
        "answer_contains_gold": 2 / 3, "line_f1": 2 / 3,
    }  # fmt: skip
    assert {key: metrics[key] for key in expected} == pytest.approx(expected)
    assert metrics.keys() <= METRICS.keys()


def test_required_keys_are_there_and_empty_runs_have_none(records: list[Record]) -> None:
    required = {
        *(
            "recall_at_1",
            "recall_at_3",
            "recall_at_5",
            "recall_at_10",
            "mrr_at_10",
            "ndcg_at_10",
            "quote_exact",
        ),
        *(
            "first_citation_hit",
            "any_citation_hit",
            "citations_per_answer",
            "line_f1",
            "answer_contains_gold",
        ),
        *(
            "answered_rate",
            "refusal_precision",
            "refusal_recall",
            "roc_auc",
            "latency_p50_ms",
            "latency_p95_ms",
        ),
    }
    full, empty = summarise(records), summarise([])
    for key in required:
        low, high = full["ci95"][key]
        assert low <= full["metrics"][key] <= high
        assert empty["metrics"][key] is None
        assert empty["ci95"][key] is None


def test_groups_and_curves(records: list[Record]) -> None:
    by = groups(records)
    assert by["language: en"]["n"] == 1
    assert by["kind: off_topic"]["metrics"]["refusal_recall"] == 1
    assert by["kind: off_topic"]["metrics"]["recall_at_1"] is None
    points = curves(records)
    assert points["recall"] == [1.0] * 10
    assert points["coverage"][-1] == 1
    assert points["risk"][-1] == pytest.approx(4 / 5)
    assert curves([])["recall"] == []


def test_floors() -> None:
    floors = parse_floors(["recall_at_1=.9", "latency_p95_ms=100"])
    assert missed({"recall_at_1": 0.95, "latency_p95_ms": 80.0}, floors) == []
    assert missed({"recall_at_1": 0.85, "latency_p95_ms": 180.0}, floors) == [
        "recall_at_1 is 0.85, under 0.9",
        "latency_p95_ms is 180, over 100",
    ]
    assert "no cases" in missed({"recall_at_1": None}, {"recall_at_1": 0.5})[0]
    for bad in ("recall_at_1", "nonsense=1", "recall_at_1=", "recall_at_1=much"):
        with pytest.raises(ValueError, match=r"metric=value|float"):
            parse_floors([bad])


# ---- the report --------------------------------------------------------------------------------------------


def result_of(records: list[Record], **changes: Any) -> dict[str, Any]:
    return {
        "meta": {"title": "semillas", "created": "2025-01-01"},
        **summarise(records),
        "groups": groups(records),
        "curves": curves(records),
        "baselines": {"lexical": {**summarise(records), "recall": [0.5] * 10}},
        "questions": records,
        **changes,
    }


class Reader(HTMLParser):
    """Collects tags, attributes and text; checks that what opens is closed."""

    VOID = frozenset({"meta"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_report_files_stand_alone(tmp_path: Path, records: list[Record]) -> None:
    path = write_report(result_of(records), tmp_path / "out")
    html = path.read_text(encoding="utf-8")
    reader = Reader(html)
    assert reader.open == []
    assert not {"script", "link", "iframe", "img", "object", "base"} & set(reader.tags)
    assert not {"src", "href", "srcset", "action", "data"} & {name for name, _ in reader.attributes}
    assert "url(" not in html
    assert "@import" not in html
    assert "http://" not in html.replace("http-equiv", "")
    assert "https://" not in html
    loaded = load_report(path.with_name("report.json"))
    assert loaded["questions"] == json.loads(json.dumps(records))


def test_page_shows_the_worst_first_with_gold_and_citations(records: list[Record]) -> None:
    html = page(result_of(records))
    words = Reader(html).words
    assert words.index(FAULTS["answered_unanswerable"]) < words.index(FAULTS["refused_answerable"])
    assert words.index(FAULTS["refused_answerable"]) < words.index(FAULTS["not_first"]) < words.index("All well")
    assert "«6.700»" in words
    assert "a.txt:3" in words
    assert "Envió 6.700 contenedores. Nadie lo niega." in words


def test_the_reliability_diagram_shows_each_bin_that_has_cases(records: list[Record]) -> None:
    found = curves(records)["reliability"]
    assert [(row["n"], row["accuracy"]) for row in found] == [(1, 0), (1, 1), (1, 0), (1, 1), (1, 1)]
    assert [row["confidence"] for row in found] == pytest.approx([0.2, 0.3, 0.7, 0.8, 0.9])
    html = page(result_of(records))
    plot = html.split("<figcaption>Reliability of the confidence</figcaption>")[1].split("</figure>")[0]
    assert "<title>Renglón: 0.7, 0.000</title>" in plot
    assert "perfectly calibrated" in plot
    scores = [{**r, "confidence": 7.0} for r in records]  # of a baseline that only ranks
    assert curves(scores)["reliability"] == []
    assert "calibration_error" not in summarise(scores)["metrics"]
    assert "Reliability" in page(result_of(records, curves={}))  # a report of before has no such curve


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    claim = Claim(HOSTILE, 1, 1, 0, 5, HOSTILE)
    bad = record(asked(GOLDEN, question=GOLDEN, answers=(GOLDEN,), kind=GOLDEN), said(claim, text=HOSTILE))
    bad["error"] = HOSTILE
    result = result_of([bad], meta={"title": HOSTILE, "dataset": HOSTILE})
    result["baselines"] = {HOSTILE: result["baselines"]["lexical"]}
    path = write_report(result, tmp_path, compare(result_of([record(asked(GOLDEN), said(GOOD))]), result))
    html = path.read_text(encoding="utf-8")
    reader = Reader(html)
    assert reader.open == []
    assert not {"script", "img"} & set(reader.tags)
    assert not any(name.startswith("on") for name, _ in reader.attributes)
    assert "\x00" not in html
    assert "<script>alert(1)</script>" in reader.words
    assert load_report(tmp_path / "report.json")["questions"][0]["answer"] == HOSTILE


def test_an_empty_run_makes_a_page_too(tmp_path: Path) -> None:
    path = write_report(result_of([], baselines={}, meta={}), tmp_path)
    assert "No cases in this run." in path.read_text(encoding="utf-8")


def test_numbers_that_are_not_finite_become_null(tmp_path: Path, records: list[Record]) -> None:
    result = result_of(records)
    result["metrics"]["roc_auc"] = math.nan
    write_report(result, tmp_path)
    assert load_report(tmp_path / "report.json")["metrics"]["roc_auc"] is None


def test_only_reports_are_loaded(tmp_path: Path) -> None:
    for name, content in (("a.json", "[]"), ("b.json", "{"), ("c.json", '{"metrics": {}}')):
        (tmp_path / name).write_text(content)
        with pytest.raises(GoldError, match=name):
            load_report(tmp_path / name)


def test_comparison_question_by_question(records: list[Record]) -> None:
    better = [record(asked("q3"), said(GOOD)), record(unanswerable("u1"), said(OTHER)), *records[:2]]
    got = compare(result_of(records), result_of([*better, record(asked("new"), said(GOOD))]))
    assert [(c["id"], c["direction"]) for c in got["changes"]] == [("u1", "worse"), ("q3", "better")]
    assert got["changes"][1]["old_faults"] == ["refused_answerable"]
    assert (got["only_old"], got["only_new"]) == (["u2"], ["new"])
    change = got["metrics"]["answer_contains_gold"]
    assert change["n"] == 3
    assert change["difference"] == pytest.approx(1 - 2 / 3)
    assert 0 < change["p"] <= 1
    assert got["metrics"]["roc_auc"]["p"] is None
    same = compare(result_of(records), result_of(records))
    assert same["changes"] == []
    assert not any(c["difference"] for c in same["metrics"].values())
    assert "What changed" in page(result_of(records), got)


def test_terminal_table(records: list[Record]) -> None:
    result = result_of(records)
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(metrics_table(result, compare(result, result)))
    shown = console.export_text()
    assert "First citation hits" in shown
    assert "0.333" in shown
    assert "lexical" in shown


# ---- plots -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 7, [0, 2, 4, 6, 8]),
        (0.93, 1, [0.92, 0.94, 0.96, 0.98, 1.0]),
        (3, 3, [3, 3.2, 3.4, 3.6, 3.8, 4]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == pytest.approx(ticks)


def test_plots_of_odd_data() -> None:
    with pytest.raises(ValueError, match="ticks"):
        nice_ticks(0, math.inf)
    assert "No cases" in line_plot("t", "x", "y", [Series("a", [])])
    assert "No cases" in histogram("t", "x", [])
    one = Reader(line_plot("a<b", "x", "y", [Series("s&t", [(1, 0.5)])]))
    assert one.open == []
    counts = histogram("t", "ms", [5.0] * 99 + [5000.0], [("p50", 5.0)])
    assert counts.count("<rect") == 10
    assert "5000" not in counts


def test_marks_near_each_other_are_named_where_they_cannot_overlap() -> None:
    plot = histogram("Latency", "ms", [10.0, 10.5, 11.0], [("p50", 10.5), ("p95", 10.9)])
    picture, legend = plot.split("</svg>")
    assert "p50" not in picture
    assert "p95" not in picture
    assert '<i class="key s1"></i>p50 10.5<' in legend
    assert '<i class="key s2"></i>p95 10.9<' in legend
    for colour in ("s1", "s2"):
        assert picture.count(f'class="mark {colour}"') == 1


def test_spans_boilerplate_and_differences_by_hand() -> None:
    marked = Claim("a.txt", 3, 3, 18, 43, "Envió 6.700 contenedores.", span="6.700")
    loose = Claim("a.txt", 3, 3, 18, 43, "Envió 6.700 contenedores.", span="Envió 6.700", boilerplate=True)
    values = tuple(
        DifferingValue(value=value, evidence=(GoldLine(file="a.txt", line=3),)) for value in ("6.700", "Envió")
    )
    said = [
        Outcome(refused=False, text="x", confidence=0.9, citations=[marked], differing=["6.700", "Envió 6.700"]),
        Outcome(refused=False, text="x", confidence=0.9, citations=[loose], differing=["6.700", "7"]),
        Outcome(refused=False, text="x", confidence=0.3, citations=[marked, loose], unsure=True),
        Outcome(refused=False, text="x", confidence=0.2),
    ]
    questions = [
        asked("1", kind="differ", differing=values, answers=("6.700", "Envió")), asked("2"), asked("3"),
        unanswerable("4", "not_in_text"),
    ]  # fmt: skip
    records = [judge(question, outcome, text_of) for question, outcome in zip(questions, said, strict=True)]
    metrics = summarise(records)["metrics"]
    assert metrics["span_exact_match"] == pytest.approx(2 / 3)
    assert metrics["span_f1"] == pytest.approx((1 + 2 / 3 + 1) / 3)
    assert metrics["unsure_rate"] == pytest.approx(1 / 3)
    assert metrics["answered_not_in_text"] == 1
    assert metrics["boilerplate_cited"] == pytest.approx(1 / 2)  # of the citations of answers that were given
    assert metrics["differing_found"] == 1
    assert metrics["differing_falsely_found"] == pytest.approx(1 / 2)
    # .9 twice where both are answerable, .3 where it is, .2 where it isn't
    assert metrics["calibration_error"] == pytest.approx((2 * 0.1 + 0.7 + 0.2) / 4)
