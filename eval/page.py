"""The report as one HTML page without scripts or external resources; the template escapes every text from the run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from eval.judge import FAULTS, Record
from eval.plots import Series, histogram, interval_bar, line_plot
from eval.summary import METRICS, NOT_A_SHARE

# Citation figures are always shown beside correctness, which says whether the answer holds the gold answer.
HEADLINE = (
    *("recall_at_1", "recall_at_5", "first_citation_hit", "answer_contains_gold", "quote_exact"),
    *("answered_rate", "refusal_recall", "refusal_precision", "roc_auc", "latency_p50_ms"),
)
COMPARED = (
    *("recall_at_1", "recall_at_3", "recall_at_5", "recall_at_10", "mrr_at_10", "ndcg_at_10"),
    *("first_citation_hit", "answer_contains_gold"),
)
GROUPED = ("recall_at_1", "first_citation_hit", "answer_contains_gold", "answered_rate", "refusal_recall")
ABOUT = ("created", "dataset", "questions", "answerable", "unanswerable", "seconds", "threshold", "model")
LABELS = {"answered": "Answer", "unsure": "Unsure", "no_evidence": "Withheld", "error": "Error"}
SHOWN = 400  # questions on the page, worst first; report.json has all of them
PASSAGES_SHOWN = 5
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Group:
    """The questions with one fault: those on the page, and how many there are in the run."""

    shown: list[Record]
    count: int


def figure(value: float | None, key: str) -> str:
    """A metric's value as it is shown: three decimals for shares, one for the rest, a dash for none."""
    if value is None:
        return "–"
    return f"{value:.1f}" if key in NOT_A_SHARE and key != "citations_per_answer" else f"{value:.3f}"


def page(result: Mapping[str, Any], comparison: Mapping[str, Any] | None = None) -> str:
    """The whole page for a run (and what changed since another)."""
    meta, baselines = result["meta"], result.get("baselines") or {}
    worst = sorted(result["questions"], key=lambda r: (-r["severity"], -r["confidence"], r["id"]))[:SHOWN]
    groups = {fault: _group(worst, result["questions"], [fault]) for fault in FAULTS}
    html = _environment().get_template("report.html").render(
        title=f"Renglón · {meta.get('title', 'evaluation')}",
        about=[(key, meta[key]) for key in ABOUT if meta.get(key) is not None],
        result=result,
        plots=[Markup(plot) for plot in _plots(result)],
        bars={key: Markup(bar) for key, bar in _bars(result).items()},
        groups=result.get("groups", {}),
        baselines={"Renglón": result, **baselines} if baselines else {},
        comparison=comparison,
        changed={key: c for key, c in comparison["metrics"].items() if c["difference"]} if comparison else {},
        by_fault={fault: group for fault, group in groups.items() if group.shown},
        well=_group(worst, result["questions"], []),
    )  # fmt: skip
    # A model can produce control characters and lone surrogates, which are not allowed in HTML.
    return _UNPRINTABLE.sub("�", html) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("eval"), autoescape=True, undefined=StrictUndefined)
    environment.filters["figure"] = figure
    environment.globals |= {
        "metrics": METRICS, "fault_names": FAULTS, "labels": LABELS, "headline": HEADLINE, "grouped": GROUPED,
        "compared": COMPARED, "shown": SHOWN, "passages_shown": PASSAGES_SHOWN,
    }  # fmt: skip
    return environment


def _group(worst: Sequence[Record], records: Sequence[Record], first: list[str]) -> Group:
    return Group([r for r in worst if r["faults"][:1] == first], sum(r["faults"][:1] == first for r in records))


def _plots(result: Mapping[str, Any]) -> list[str]:
    curves, metrics = result.get("curves", {}), result["metrics"]
    lines = [("Renglón", curves.get("recall", []))]
    lines += [(name, base["recall"]) for name, base in result.get("baselines", {}).items() if base.get("recall")]
    recall = [Series(name, list(enumerate(values, 1))) for name, values in lines]
    risk = Series("risk", list(zip(curves.get("coverage", []), curves.get("risk", []), strict=True)))
    marks = [
        (label, metrics[key])
        for label, key in (("p50", "latency_p50_ms"), ("p95", "latency_p95_ms"))
        if metrics.get(key) is not None
    ]
    return [
        line_plot("Recall@k", "k passages", "share of questions", recall, from_zero=False),
        line_plot("Risk–coverage", "share answered, most confident first", "share wrong", [risk]),
        line_plot("Reliability of the confidence", "mean confidence", "share answerable", _reliability(curves)),
        histogram("Latency", "milliseconds a question", curves.get("latency_ms", []), marks),
    ]


def _reliability(curves: Mapping[str, Any]) -> list[Series]:
    """The bins of confidence as points, and the diagonal on which a perfectly calibrated confidence has them."""
    points = [(row["confidence"], row["accuracy"]) for row in curves.get("reliability", [])]
    return [Series("Renglón", points), Series("perfectly calibrated", [(0, 0), (1, 1)])] if points else []


def _bars(result: Mapping[str, Any]) -> dict[str, str]:
    """A dot with its interval for each share."""
    return {
        key: interval_bar(value, result["ci95"].get(key))
        for key, value in result["metrics"].items()
        if value is not None and key not in NOT_A_SHARE
    }
