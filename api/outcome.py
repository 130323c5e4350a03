"""What the last sync did, as the service tells it: the page shows which files were refused and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from pydantic import BaseModel, Field

MOST_REFUSED = 100


class Report(Protocol):
    """The report of a sync."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    unchanged: int
    refused: list[tuple[str, str]]
    failed: list[tuple[str, str]]


class Refused(BaseModel):
    """A file of the corpus that can't be indexed."""

    file: str = Field(description="Path within the corpus.")
    reason: str


class Failed(BaseModel):
    """A collection whose folder is gone or holds nothing that can be indexed."""

    collection: str
    reason: str


class SyncOutcome(BaseModel):
    """A finished sync: how many files it added and so on, and which ones it refused."""

    finished_at: str = Field(description="ISO 8601, UTC.")
    added: int
    changed: int
    removed: int
    unchanged: int
    refused: int
    refused_files: list[Refused] = Field(description=f"The first {MOST_REFUSED} of them, with the reason.")
    failed: list[Failed] = Field([], description="The collections that could not be synced.")


def outcome_of(report: Report) -> SyncOutcome:
    """The outcome of a sync that has just ended."""
    return SyncOutcome(
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"), added=len(report.added),
        changed=len(report.changed), removed=len(report.removed), unchanged=report.unchanged,
        refused=len(report.refused), refused_files=_first(report.refused),
        failed=[Failed(collection=name, reason=reason) for name, reason in report.failed],
    )  # fmt: skip


def _first(refused: Sequence[tuple[str, str]]) -> list[Refused]:
    return [Refused(file=file, reason=reason) for file, reason in refused[:MOST_REFUSED]]
