"""Judges the outcome of one question: makes the record that the report shows and the metrics are computed from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval.datasets import Question
from eval.metrics import (
    Cited,
    citation_hit,
    contains_gold,
    line_scores,
    lines_of,
    mrr_at_k,
    ndcg_at_k,
    quote_exact,
    recall_at_k,
    span_exact_match,
    span_f1,
    token_f1,
)

Record = dict[str, Any]  # JSON: see `judge`
DEPTHS = (1, 3, 5, 10)
LINE_DEPTHS = (1, 5)
# [file:8] or [file:8-9]. Markers are removed before scoring, since their digits are no part of the answer.
_MARKER = re.compile(r"\s*\[[^\[\]]*:\d+(?:-\d+)?\]")

_LINE_END = re.compile(r"\r\n|\n|\r")
_EXCERPT = 240  # characters of a gold line that a record keeps

# What can go wrong, worst first. A record's `severity` counts from the end of this list; 0 means that nothing did.
FAULTS: dict[str, str] = {
    "error": "The system failed",
    "quote_not_exact": "A quote isn't in the file where it was cited",
    "answered_unanswerable": "Answered though the articles don't say",
    "not_retrieved": "Answered wrongly: no passage with the answer was retrieved",
    "wrong_citation": "Answered wrongly: the passage was retrieved, no cited sentence holds the answer",
    "refused_not_retrieved": "Refused: no passage with the answer was retrieved",
    "refused_answerable": "Refused though the passage was retrieved",
    "gold_not_in_answer": "Cited the answer's line, but the text doesn't give the answer",
    "not_first": "The answer isn't in the first citation",
}


@dataclass(frozen=True)
class Retrieved:
    """A retrieved passage: 1-based lines of a file, their text (or part of it), score."""

    file: str
    line_start: int
    line_end: int
    text: str
    score: float = 0.0


@dataclass(frozen=True)
class Claim:
    """A citation as given: lines (1-based), code points (end exclusive), the words quoted, whether the corpus shows
    them to be boilerplate (a by-line, a teaser), and the answer that the reader marked in them, if it did."""

    file: str
    line_start: int
    line_end: int
    char_start: int
    char_end: int
    quote: str
    boilerplate: bool = False
    span: str | None = None

    @property
    def cited(self) -> Cited:
        """The fields that are compared with the gold lines."""
        return Cited(self.file, self.line_start, self.line_end, self.quote)


@dataclass(frozen=True)
class Outcome:
    """What a system returned for a question. `confidence` in 0..1; `passages` best first; `error` if it failed.

    For a refusal, `citations` holds what the system would have cited, if it reports that. Only the risk–coverage
    curve uses them.
    """

    refused: bool
    text: str = ""
    confidence: float = 0.0
    citations: Sequence[Claim] = ()
    passages: Sequence[Retrieved] = ()
    latency_ms: float | None = 0.0
    error: str = ""
    unsure: bool = False
    differing: Sequence[str] = ()  # the values that were shown side by side
    extra: dict[str, Any] = field(default_factory=dict)


def is_relevant(passage: Retrieved, question: Question) -> bool:
    """Whether a passage covers a gold line and its text holds a gold answer.

    Both conditions are needed because a long line is cut into several passages and only one of them has the answer.
    """
    return citation_hit(
        Cited(passage.file, passage.line_start, passage.line_end, passage.text),
        question.gold_lines,
        question.answers,
    )


def on_gold_line(passage: Retrieved, question: Question) -> bool:
    """Whether a passage covers a gold line, even if the answer is in another part of that line.

    Karpukhin et al. and most others count this way; their passages are whole paragraphs.
    """
    lines = range(passage.line_start, passage.line_end + 1)
    return any((passage.file, line) in question.gold_lines for line in lines)


def judge(
    question: Question,
    outcome: Outcome,
    text_of: Callable[[str], str | None],
    relevant_total: int | None = None,
) -> Record:
    """The JSON record of a question.

    Keys: id, question, language, kind, answerable, paragraph, history, gold {answers, lines [{file, line, text}]},
    status (answered | unsure | no_evidence | error), answer, confidence, latency_ms,
    citations [{file, line_start, line_end, quote, exact, hit, boilerplate, span}],
    differing {reported: [value], gold: [[wordings of a value]]},
    passages [{file, line_start, line_end, score, relevant}], rank (of the first relevant passage, or None),
    correct, scores {metric: 0..1; empty if unanswerable}, faults, severity, error.
    `text_of` gives a file's decoded text or None; `relevant_total` how many relevant passages the corpus has
    (at least as many as were retrieved are taken to be there).
    """
    citations = [_citation(claim, question, text_of) for claim in outcome.citations]
    relevant = [question.answerable and is_relevant(p, question) for p in outcome.passages]
    on_line = [on_gold_line(p, question) for p in outcome.passages]
    hits = [c["hit"] for c in citations]
    record: Record = {
        "id": question.id,
        "question": question.question,
        "language": question.language,
        "kind": question.kind,
        "answerable": question.answerable,
        "paragraph": question.paragraph,
        "history": [turn.model_dump() for turn in question.history],
        "gold": {"answers": list(question.answers), "lines": _gold_lines(question, text_of)},
        "status": _status(outcome),
        "answer": outcome.text,
        "confidence": outcome.confidence,
        "latency_ms": outcome.latency_ms,
        "citations": citations,
        "differing": {
            "reported": list(outcome.differing),
            "gold": [list(value.forms) for value in question.differing],
        },
        "passages": [_passage(p, r) for p, r in zip(outcome.passages, relevant, strict=True)],
        "rank": next((rank for rank, r in enumerate(relevant, 1) if r), None),
        # Whether the answer is right as if no question had been refused; the risk–coverage curve needs this.
        "correct": bool(question.answerable and hits and hits[0]),
        "scores": (
            _scores(question, outcome, hits, relevant, relevant_total)
            | {f"recall_at_{k}_lines": recall_at_k(on_line, k) for k in LINE_DEPTHS}
            if question.answerable
            else {}
        ),
        "error": outcome.error,
        **outcome.extra,
    }
    record["faults"] = faults(record)
    order = list(FAULTS)
    record["severity"] = max((len(order) - order.index(f) for f in record["faults"]), default=0)
    return record


def _passage(passage: Retrieved, relevant: bool) -> dict[str, Any]:
    place = {"file": passage.file, "line_start": passage.line_start, "line_end": passage.line_end}
    return {**place, "score": passage.score, "relevant": relevant}


def _status(outcome: Outcome) -> str:
    if outcome.error:
        return "error"
    return "no_evidence" if outcome.refused else "unsure" if outcome.unsure else "answered"


def _gold_lines(question: Question, text_of: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """The gold lines with their text; long ones are cut to the words around an answer."""
    out = []
    for gold in question.evidence:
        lines = _LINE_END.split(text_of(gold.file) or "")
        line = lines[gold.line - 1] if gold.line <= len(lines) else ""
        places = [line.casefold().find(answer.casefold()) for answer in question.answers]
        start = max(0, min((p for p in places if p >= 0), default=0) - _EXCERPT // 2)
        shown = ("… " if start else "") + line[start : start + _EXCERPT]
        out.append({**gold.model_dump(), "text": shown + (" …" if start + _EXCERPT < len(line) else "")})
    return out


def _citation(claim: Claim, question: Question, text_of: Callable[[str], str | None]) -> dict[str, Any]:
    text = text_of(claim.file)
    exact = text is not None and quote_exact(text, claim.char_start, claim.char_end, claim.quote)
    if exact and text is not None:  # the cited lines must be those of the cited characters
        exact = lines_of(claim.cited) == {
            (claim.file, line) for line in _lines_at(text, claim.char_start, claim.char_end)
        }
    return {
        "file": claim.file,
        "line_start": claim.line_start,
        "line_end": claim.line_end,
        "quote": claim.quote,
        "exact": exact,
        "hit": citation_hit(claim.cited, question.gold_lines, question.answers),
        "boilerplate": claim.boilerplate,
        "span": claim.span,
    }


def _lines_at(text: str, start: int, end: int) -> range:
    """1-based lines of the code points start..end (exclusive); CRLF, LF and CR each end a line."""
    first = len(_LINE_END.findall(text[:start])) + 1
    return range(first, first + len(_LINE_END.findall(text[start:end].rstrip("\r\n"))) + 1)


def _scores(
    question: Question, outcome: Outcome, hits: list[bool], relevant: list[bool], relevant_total: int | None
) -> dict[str, float]:
    """Scores of an answerable question.

    Citations are judged whether the answer was given or withheld, so that the choice of evidence and the choice to
    refuse are two figures; `…_end_to_end` and the text's scores are 0 for a refusal, which answered nothing.
    """
    total = max(relevant_total or 0, sum(relevant), 1)
    answered = _status(outcome) == "answered"
    text = _MARKER.sub("", outcome.text) if answered else ""
    span = next((c.span for c in outcome.citations), None)
    lines = line_scores([c.cited for c in outcome.citations], question.gold_lines)
    return {
        **{f"recall_at_{k}": recall_at_k(relevant, k) for k in DEPTHS},
        "mrr_at_10": mrr_at_k(relevant),
        "ndcg_at_10": ndcg_at_k(relevant, total),
        "first_citation_hit": float(any(hits[:1])),
        "any_citation_hit": float(any(hits)),
        "first_citation_hit_end_to_end": float(answered and any(hits[:1])),
        "line_precision": lines.precision,
        "line_recall": lines.recall,
        "line_f1": lines.f1,
        "span_exact_match": span_exact_match(span, question.answers),
        "span_f1": span_f1(span, question.answers),
        "answer_contains_gold": float(contains_gold(text, question.answers)),
        "answer_token_f1": token_f1(text, question.answers) if text else 0.0,
    }


def faults(record: Record) -> list[str]:
    """Keys of FAULTS that apply to a record, worst first."""
    found: set[str] = set()
    answered, scores = record["status"] == "answered", record["scores"]
    if record["status"] == "error":
        found.add("error")
    if answered and not all(c["exact"] for c in record["citations"]):
        found.add("quote_not_exact")
    if answered and not record["answerable"]:
        found.add("answered_unanswerable")
    if record["answerable"] and record["status"] in ("no_evidence", "unsure"):
        found.add("refused_answerable" if record["rank"] else "refused_not_retrieved")
    if record["answerable"] and answered:
        if not scores["any_citation_hit"]:
            found.add("wrong_citation" if record["rank"] else "not_retrieved")
        elif not scores["answer_contains_gold"]:
            found.add("gold_not_in_answer")
        elif not scores["first_citation_hit"]:
            found.add("not_first")
    return [fault for fault in FAULTS if fault in found]
