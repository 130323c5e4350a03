"""Small talk and requests for summaries: whether the reply has its status, and cites only what it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.table import Table

from eval.datasets import Request
from eval.metrics import status_rates
from rag.types import Answer


class Answering(Protocol):
    """What replies to requests."""

    def answer(self, question: str) -> Answer:
        """The reply to a message."""


@dataclass(frozen=True)
class Reply:
    """A request, the status of its reply, and what is wrong with the reply; empty where it is as it should be."""

    request: Request
    status: str
    fault: str = ""


def ask(engine: Answering, requests: Sequence[Request]) -> list[Reply]:
    """Send all requests, each one alone, and judge the replies."""
    return [judge(request, engine.answer(request.request)) for request in requests]


def judge(request: Request, answer: Answer) -> Reply:
    """Whether the reply is what the request should get.

    Small talk is not answered from the articles. A summary cites the request's documents and no others, all of its
    citations are exact, and one of all articles cites more than one of them.
    """
    cited = {citation.file for citation in answer.citations}
    fault = ""
    if answer.status != request.status:
        fault = f"the status is {answer.status}, not {request.status}"
    elif request.kind == "small_talk" and cited:
        fault = f"cites {', '.join(sorted(cited))}"
    elif not cited <= set(request.documents):
        fault = f"cites {', '.join(sorted(cited - set(request.documents)))} too"
    elif request.kind == "summary" and not cited:
        fault = "cites nothing"
    elif request.scope == "all" and len(cited) < min(2, len(request.documents)):
        fault = "cites one document only"
    elif not all(citation.verified for citation in answer.citations):
        fault = "a citation is not exact"
    return Reply(request, answer.status, fault)


def table(replies: Sequence[Reply]) -> Table:
    """For each kind: how many requests there were, the share of each status, and the share without a fault."""
    made = Table("", "n", "as it should be", "none asked", "answered", "unsure", "refused", title="Requests")
    rates = status_rates([reply.status for reply in replies], [reply.request.kind for reply in replies])
    for kind, rate in rates.items():
        good = sum(not reply.fault for reply in replies if reply.request.kind == kind) / rate.n
        shares = (good, rate.none_asked, rate.answered, rate.unsure, rate.refused)
        made.add_row(kind.replace("_", " "), str(rate.n), *(f"{share:.3f}" for share in shares))
    return made


def mistakes(replies: Sequence[Reply]) -> list[str]:
    """One line for each reply that has a fault."""
    return [f"{r.request.id} {r.request.kind}: {r.request.request} [{r.fault}]" for r in replies if r.fault]
