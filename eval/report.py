"""The output of a run: report.json, report.html, a table for the terminal, and the changes since another run.

A result is a dict: meta {…}, metrics {key: value or None}, ci95 {key: [low, high] or None}, groups, curves,
baselines {name: {metrics, ci95, recall}}, questions [record of `eval.judge.judge`].
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from eval.datasets import GoldError
from eval.page import figure, page
from eval.stats import paired_test
from eval.summary import METRICS

Result = dict[str, Any]


def write_report(result: Mapping[str, Any], folder: Path, comparison: Mapping[str, Any] | None = None) -> Path:
    """Write report.json and report.html into `folder` (made if missing); returns the path of the page.

    Numbers that aren't finite become null, so that any JSON reader takes the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tidy = finite(dict(result))
    # Lone surrogates can come out of a broken model; ASCII escapes keep the file valid UTF-8.
    broken = any(0xD800 <= ord(c) <= 0xDFFF for c in json.dumps(tidy, ensure_ascii=False))
    text = json.dumps(tidy, ensure_ascii=broken, allow_nan=False, indent=1)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    html = folder / "report.html"
    html.write_text(page(tidy, finite(comparison) if comparison else None), encoding="utf-8")
    return html


def finite(value: Any) -> Any:
    """The same nested value with NaN and infinities as None, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def load_report(path: Path) -> Result:
    """A report.json. Raises GoldError when it isn't one."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GoldError(f"{path}: can't be read: {error}") from error
    if not isinstance(result, dict) or not {"metrics", "questions"} <= result.keys():
        raise GoldError(f"{path}: not a report (it has no metrics or no questions)")
    return result


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What changed between two runs, over the questions that both have.

    {"metrics": {key: {old, new, difference, interval, p, n}}, "changes": [{id, question, direction, old_faults,
    new_faults, old_answer, new_answer}], "only_old": ids, "only_new": ids}. Figures that are a mean over questions
    get a paired test on the shared ones; the rest only their difference. Changes: worse ones first.
    """
    before = {r["id"]: r for r in old["questions"]}
    after = {r["id"]: r for r in new["questions"]}
    shared = [id_ for id_ in after if id_ in before]
    return {
        "metrics": {
            key: _difference(key, old["metrics"].get(key), value, [(before[i], after[i]) for i in shared])
            for key, value in new["metrics"].items()
        },
        "changes": _changes([(before[i], after[i]) for i in shared]),
        "only_old": [id_ for id_ in before if id_ not in after],
        "only_new": [id_ for id_ in after if id_ not in before],
    }


def _difference(key: str, old: float | None, new: float | None, pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {"old": old, "new": new, "difference": None, "interval": None, "p": None, "n": 0}
    if old is not None and new is not None:
        out["difference"] = new - old
    values = [(a["scores"][key], b["scores"][key]) for a, b in pairs if key in a["scores"] and key in b["scores"]]
    if values:
        test = paired_test([a for a, _ in values], [b for _, b in values])
        out.update(interval=list(test.interval), p=test.p, n=test.n)
    return out


def _changes(pairs: list[tuple[Any, Any]]) -> list[dict[str, Any]]:
    changed = [(a, b) for a, b in pairs if a["faults"] != b["faults"] or a["severity"] != b["severity"]]
    changed.sort(key=lambda pair: (pair[0]["severity"] - pair[1]["severity"], pair[1]["id"]))
    return [
        {
            "id": b["id"],
            "question": b["question"],
            "direction": _direction(b["severity"] - a["severity"]),
            "old_faults": a["faults"],
            "new_faults": b["faults"],
            "old_answer": a["answer"],
            "new_answer": b["answer"],
        }
        for a, b in changed
    ]


def _direction(change: int) -> str:
    return "worse" if change > 0 else "better" if change < 0 else "different"


def metrics_table(result: Mapping[str, Any], comparison: Mapping[str, Any] | None = None) -> Table:
    """The figures of a run for the terminal, with baselines and changes beside them where there are any."""
    baselines = result.get("baselines") or {}
    table = Table(title=result["meta"].get("title"), title_justify="left", pad_edge=False, box=None)
    table.add_column("figure")
    for name in ("value", "95 % interval", *baselines, *(["change"] if comparison else [])):
        table.add_column(name, justify="right")
    for key, value in result["metrics"].items():
        interval = result["ci95"].get(key)
        band = f"{figure(interval[0], key)} – {figure(interval[1], key)}" if interval else ""
        row = [METRICS.get(key, (key, ""))[0], figure(value, key), f"[dim]{band}[/dim]"]
        row += [_blank_if_none(key, base["metrics"].get(key)) for base in baselines.values()]
        if comparison:
            row.append(_change(comparison["metrics"].get(key, {})))
        table.add_row(*row)
    return table


def _blank_if_none(key: str, value: float | None) -> str:
    return "" if value is None else figure(value, key)


def _change(change: Mapping[str, Any]) -> str:
    """A difference with a star when the paired test's p is below 0.05."""
    if not change.get("difference"):
        return ""
    return f"{change['difference']:+.3f}" + ("*" if (change["p"] or 1) < 0.05 else "")
