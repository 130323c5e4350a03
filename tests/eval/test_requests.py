"""Requests are judged by hand-worked cases."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from eval.datasets import Request
from eval.requests import ask, judge, mistakes, table
from rag.types import Answer, Citation

TALK = Request(id="r1", request="hola", language="es", kind="small_talk", split="dev", status="none_asked")
ALL = Request(
    id="r2", request="resume todo", language="es", kind="summary", split="dev", status="answered", scope="all",
    documents=("a.txt", "b.txt"),
)  # fmt: skip


def citation(file: str, verified: bool = True) -> Citation:
    return Citation(
        n=1, marker=f"[{file}:1]", document_id=file, file=file, file_sha256="", line_start=1, line_end=1, char_start=0,
        char_end=1, quote="x", answer_start=0, answer_end=1, score=1.0, verified=verified, state="valid",
    )  # fmt: skip


def answer(status: Any, *citations: Citation) -> Answer:
    return Answer(
        id="1", question="", status=status, language="es", text="", citations=list(citations), passages=[],
        confidence=0.0, timings_ms={}, index_version=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "reply", "fault"),
    [
        (TALK, answer("none_asked"), ""),
        (TALK, answer("answered", citation("a.txt")), "the status is answered, not none_asked"),
        (TALK, answer("none_asked", citation("a.txt")), "cites a.txt"),
        (ALL, answer("answered", citation("a.txt"), citation("b.txt")), ""),
        (ALL, answer("answered", citation("a.txt"), citation("c.txt")), "cites c.txt too"),
        (ALL, answer("answered", citation("a.txt")), "cites one document only"),
        (ALL, answer("answered"), "cites nothing"),
        (ALL, answer("answered", citation("a.txt"), citation("b.txt", False)), "a citation is not exact"),
    ],
)
def test_what_is_wrong_with_a_reply(request_: Request, reply: Answer, fault: str) -> None:
    assert judge(request_, reply).fault == fault


class Scripted:
    """Replies to everything as to small talk."""

    def answer(self, question: str) -> Answer:
        return answer("none_asked")


def test_the_shares_and_the_mistakes_are_shown() -> None:
    replies = ask(Scripted(), [TALK, TALK, ALL])
    assert mistakes(replies) == ["r2 summary: resume todo [the status is none_asked, not answered]"]
    console = Console(record=True, width=120)
    console.print(table(replies))
    rows = [line.split("│")[1:-1] for line in console.export_text().splitlines() if line.startswith("│")]
    assert [cell.strip() for cell in rows[0]] == ["small talk", "2", "1.000", "1.000", "0.000", "0.000", "0.000"]
    assert [cell.strip() for cell in rows[1]] == ["summary", "1", "0.000", "1.000", "0.000", "0.000", "0.000"]
