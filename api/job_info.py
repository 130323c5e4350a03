"""A job's record, as it is sent to clients."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.errors import body_of
from rag.errors import RenglonError

JobKind = Literal["sync", "rebuild", "reembed", "purge", "upload", "batch", "remove"]
JobState = Literal["queued", "running", "done", "failed"]


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    hint: str = ""


class JobInfo(BaseModel):
    """A piece of long work. Texts are passages and sentences, or the questions of a batch."""

    model_config = ConfigDict(frozen=True)
    id: str
    kind: JobKind
    about: str = Field("", description="The names of the collections that it is about; empty for all.")
    state: JobState
    created_at: str = Field(description="ISO 8601, UTC.")
    started_at: str | None = None
    finished_at: str | None = None
    done: int = Field(0, description="Texts done.")
    left: int | None = Field(None, description="Texts left, about; null while unknown.")
    per_second: float | None = Field(None, description="Texts a second.")
    seconds_left: float | None = Field(None, description="At that rate.")
    report: dict[str, Any] | None = Field(None, description="What was done, at the end.")
    error: Problem | None = Field(None, description="Why it failed.")


def now() -> str:
    """The time as a record has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def problem_of(error: BaseException) -> Problem:
    """Why work failed. What nobody foresaw, a panic of a library written in Rust for one, is in the server's log."""
    if isinstance(error, RenglonError):
        return Problem(**body_of(error))
    return Problem(
        title="Internal error", status=500, hint="See the server's log.",
        detail=f"Something unexpected failed ({type(error).__name__}).",
    )  # fmt: skip
