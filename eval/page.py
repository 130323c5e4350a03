"""The report as one HTML page without scripts or external resources; every text from the run is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from eval.judge import FAULTS, Record
from eval.plots import Series, histogram, interval_bar, line_plot
from eval.style import STYLE
from eval.summary import METRICS, NOT_A_SHARE

# Citation figures are always shown beside correctness, which says whether the answer holds the gold answer.
HEADLINE = (
    *("recall_at_1", "recall_at_5", "first_citation_hit", "answer_contains_gold", "quote_exact"),
    *("answered_rate", "refusal_recall", "refusal_precision", "roc_auc", "latency_p50_ms"),
)
COMPARED = ("recall_at_1", "recall_at_3", "recall_at_5", "recall_at_10", "mrr_at_10", "ndcg_at_10")
GROUPED = ("recall_at_1", "first_citation_hit", "answer_contains_gold", "answered_rate", "refusal_recall")
SHOWN = 400  # questions on the page, worst first; report.json has all of them
PASSAGES_SHOWN = 5
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def text(value: object) -> str:
    """Any value as HTML text, escaped for attributes too."""
    return escape(str(value), quote=True)


def figure(key: str, value: float | None) -> str:
    """A metric's value as it is shown: three decimals for shares, one for the rest, a dash for none."""
    if value is None:
        return "–"
    return f"{value:.1f}" if key in NOT_A_SHARE and key != "citations_per_answer" else f"{value:.3f}"


def page(result: Mapping[str, Any], comparison: Mapping[str, Any] | None = None) -> str:
    """The whole page for a run (and what changed since another)."""
    meta = result["meta"]
    title = f"Renglón · {meta.get('title', 'evaluation')}"
    body = [
        f"<header><h1>{text(title)}</h1><p class='quiet'>{_meta(meta)}</p></header>",
        _tiles(result),
        _plots(result),
        _compared(comparison) if comparison else "",
        _metrics(result),
        _table("By language and kind of question", GROUPED, result.get("groups", {}), first="Questions"),
        _baselines(result),
        _questions(result["questions"]),
    ]
    html = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{text(title)}</title><style>{STYLE}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )
    # A model can produce control characters and lone surrogates, which are not allowed in HTML.
    return _UNPRINTABLE.sub("�", html)


def _meta(meta: Mapping[str, Any]) -> str:
    known = ("created", "dataset", "questions", "answerable", "unanswerable", "seconds", "threshold", "model")
    return " · ".join(f"{text(key)} <b>{text(meta[key])}</b>" for key in known if meta.get(key) is not None)


def _tiles(result: Mapping[str, Any]) -> str:
    tiles = []
    for key in HEADLINE:
        name, note = METRICS[key]
        interval = result["ci95"].get(key)
        band = f"{figure(key, interval[0])} to {figure(key, interval[1])}" if interval else "no interval"
        tiles.append(
            f"<div class='tile' title='{text(note)}'><span>{text(name)}</span>"
            f"<b>{figure(key, result['metrics'].get(key))}</b><small>{band}</small></div>"
        )
    return f"<section class='tiles'>{''.join(tiles)}</section>"


def _plots(result: Mapping[str, Any]) -> str:
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
    return (
        "<section class='plots'>"
        + line_plot("Recall@k", "k passages", "share of questions", recall, from_zero=False)
        + line_plot("Risk–coverage", "share answered, most confident first", "share wrong", [risk])
        + histogram("Latency", "milliseconds a question", curves.get("latency_ms", []), marks)
        + "</section>"
    )


def _metrics(result: Mapping[str, Any]) -> str:
    rows = []
    for key, value in result["metrics"].items():
        name, note = METRICS.get(key, (key, ""))
        interval = result["ci95"].get(key)
        band = f"{figure(key, interval[0])} – {figure(key, interval[1])}" if interval else ""
        bar = interval_bar(value, interval) if value is not None and key not in NOT_A_SHARE else ""
        rows.append(
            f"<tr><td>{text(name)}</td><td class='n'>{figure(key, value)}</td><td class='n quiet'>{band}</td>"
            f"<td>{bar}</td><td class='quiet'>{text(note)}</td></tr>"
        )
    head = "<tr><th>Figure</th><th>Value</th><th>95 % interval</th><th></th><th>What it says</th></tr>"
    return f"<section><h2>All figures</h2><div class='scroll'><table>{head}{''.join(rows)}</table></div></section>"


def _table(title: str, keys: Sequence[str], systems: Mapping[str, Any], first: str) -> str:
    """Rows of named figures; `systems` maps a name to {"metrics": …} and perhaps "n"."""
    if not systems:
        return ""
    head = "".join(f"<th>{text(METRICS[key][0])}</th>" for key in keys)
    rows = []
    for name, figures in systems.items():
        count = f" <span class='quiet'>({text(figures['n'])})</span>" if "n" in figures else ""
        cells = "".join(f"<td class='n'>{figure(key, figures['metrics'].get(key))}</td>" for key in keys)
        rows.append(f"<tr><td>{text(name)}{count}</td>{cells}</tr>")
    return (
        f"<section><h2>{text(title)}</h2><div class='scroll'><table><tr><th>{text(first)}</th>{head}</tr>"
        f"{''.join(rows)}</table></div></section>"
    )


def _baselines(result: Mapping[str, Any]) -> str:
    baselines = result.get("baselines") or {}
    if not baselines:
        return ""
    keys = (*COMPARED, "first_citation_hit", "answer_contains_gold")
    return _table("Beside simpler systems", keys, {"Renglón": result, **baselines}, first="System")


def _compared(comparison: Mapping[str, Any]) -> str:
    rows = []
    for key, c in comparison["metrics"].items():
        if not c["difference"]:
            continue
        sure = "" if c["p"] is None else f"p = {c['p']:.3f}, {c['n']} pairs"
        rows.append(
            f"<tr><td>{text(METRICS.get(key, (key, ''))[0])}</td><td class='n'>{figure(key, c['old'])}</td>"
            f"<td class='n'>{figure(key, c['new'])}</td><td class='n'>{c['difference']:+.3f}</td>"
            f"<td class='quiet'>{sure}</td></tr>"
        )
    changes = "".join(
        f"<li class='{text(c['direction'])}'><b>{text(c['direction'])}</b> {text(c['question'])} "
        f"<span class='quiet'>{text(c['id'])}: {_fault_names(c['old_faults'])} → "
        f"{_fault_names(c['new_faults'])}</span></li>"
        for c in comparison["changes"][:SHOWN]
    )
    head = "<tr><th>Figure</th><th>Old</th><th>New</th><th>Change</th><th>Paired test</th></tr>"
    table = f"<div class='scroll'><table>{head}{''.join(rows)}</table></div>" if rows else "<p>No figure changed.</p>"
    return (
        f"<section><h2>What changed</h2>{table}<details><summary>Questions that changed: {len(comparison['changes'])}"
        f"</summary><ul class='changes'>{changes}</ul></details></section>"
    )


def _fault_names(faults: Iterable[str]) -> str:
    return text(", ".join(FAULTS.get(f, f) for f in faults) or "all well")


def _questions(records: Sequence[Record]) -> str:
    worst = sorted(records, key=lambda r: (-r["severity"], -r["confidence"], r["id"]))[:SHOWN]
    parts = [f"<section><h2>Questions, worst first</h2>{_left_out(len(records))}"]
    for fault, name in FAULTS.items():
        mine = [r for r in worst if r["faults"][:1] == [fault]]
        if mine:
            count = sum(r["faults"][:1] == [fault] for r in records)
            parts.append(f"<h3>{text(name)} <span class='quiet'>({count})</span></h3>")
            parts += [_question(r, fault) for r in mine]
    well = [r for r in worst if not r["faults"]]
    count = sum(not r["faults"] for r in records)
    if well:
        parts.append(f"<details class='well'><summary>All well ({count})</summary>")
        parts += [_question(r, "well") for r in well]
        parts.append("</details>")
    return "".join(parts) + "</section>"


def _left_out(count: int) -> str:
    return f"<p class='quiet'>The {SHOWN} worst of {count}; report.json has all.</p>" if count > SHOWN else ""


def _question(r: Record, fault: str) -> str:
    history = "".join(f"<dt>{text(t['role'])} before</dt><dd>{text(t['content'])}</dd>" for t in r["history"])
    gold = "; ".join(f"«{text(a)}»" for a in r["gold"]["answers"]) or "none: the articles don't say"
    lines = "".join(
        f"<li><code>{text(g['file'])}:{text(g['line'])}</code> {text(g.get('text', ''))}</li>"
        for g in r["gold"]["lines"]
    )
    label = {"answered": "Answer", "unsure": "Unsure", "no_evidence": "Withheld", "error": "Error"}[r["status"]]
    said = text(r["error"] or r["answer"]) or "<span class='quiet'>nothing</span>"
    return (
        f"<details class='q {'ok' if fault == 'well' else 'bad'}'><summary><span>{text(r['question'])}</span>"
        f"<small>{text(r['id'])} · {text(r['kind'])} · {text(r['status'])} · confidence "
        f"{r['confidence']:.2f}</small></summary><dl>{history}<dt>{label}</dt><dd>{said}</dd>"
        f"<dt>Gold</dt><dd>{gold}<ul>{lines}</ul></dd>{_citations(r)}{_passages(r)}</dl></details>"
    )


def _citations(r: Record) -> str:
    items = "".join(
        f"<li class='{'hit' if c['hit'] else 'miss'}'><code>{text(c['file'])}:{_lines(c)}</code> "
        f"<q>{text(c['quote'])}</q>{'' if c['exact'] else ' <strong>not in the file</strong>'}</li>"
        for c in r["citations"]
    )
    return f"<dt>Cited</dt><dd><ul>{items}</ul></dd>" if items else ""


def _passages(r: Record) -> str:
    items = " · ".join(
        f"<span class='{'hit' if p['relevant'] else ''}'>{text(p['file'])}:{_lines(p)}</span>"
        for p in r["passages"][:PASSAGES_SHOWN]
    )
    rank = f"the answer's passage is number {r['rank']}" if r["rank"] else "no passage with the answer"
    note = f" ({rank})" if r["answerable"] else ""
    return f"<dt>Retrieved</dt><dd class='quiet'>{items}{note}</dd>" if items else ""


def _lines(place: Mapping[str, Any]) -> str:
    first, last = place["line_start"], place["line_end"]
    return text(first if first == last else f"{first}-{last}")
