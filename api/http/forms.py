"""What the writing routes take and return: uploads, jobs, citations to be checked again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.types import CitationState

JobKind = Literal["sync", "rebuild", "reembed", "purge", "upload", "batch"]
JobState = Literal["queued", "running", "done", "failed"]
MOST_CITATIONS = 200


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    hint: str = ""


class UploadResult(BaseModel):
    """What became of one uploaded file."""

    name: str = Field(description="The name as it was sent, made printable.")
    result: Literal["added", "changed", "unchanged", "refused"]
    id: str | None = Field(None, description="The document's id; null when refused.")
    file: str | None = Field(None, description="The document's name in answers; null when refused.")
    sha256: str | None = Field(None, description="Of the bytes; null when refused.")
    reason: str | None = Field(None, description="Why it was refused.")


class Uploaded(BaseModel):
    """What became of an upload, file by file. What is named here is durable and can be cited."""

    files: list[UploadResult]
    index_version: int = Field(description="Generation of the catalogue that holds them.")


class JobInfo(BaseModel):
    """A piece of long work. Texts are passages and sentences, or the questions of a batch."""

    model_config = ConfigDict(frozen=True)
    id: str
    kind: JobKind
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


class CitationClaim(BaseModel):
    """A citation as an answer gave it; further fields of it are ignored."""

    document_id: str = Field(max_length=100)
    file_sha256: str = Field(max_length=100)
    char_start: int = Field(ge=0, le=2**53)
    char_end: int = Field(ge=0, le=2**53)
    quote: str = Field(max_length=20_000)
    line_start: int | None = Field(None, ge=1, le=2**53, description="Where given, another line counts as moved.")


class VerifyRequest(BaseModel):
    """Citations to be checked against what is indexed now."""

    citations: list[CitationClaim] = Field(max_length=MOST_CITATIONS)


class CitationCheck(BaseModel):
    """What a citation is worth now. The place is null when it is stale."""

    state: CitationState
    file: str | None = Field(None, description="Name of the document now; null when it is gone.")
    file_sha256: str | None = Field(None, description="Of the file as it is indexed now; null when it is gone.")
    line_start: int | None = None
    line_end: int | None = None
    char_start: int | None = None
    char_end: int | None = None


class Verified(BaseModel):
    """The checks, in the order of the citations."""

    citations: list[CitationCheck]
    index_version: int
