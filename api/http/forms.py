"""What the writing routes take and return: uploads, and citations to be checked again. Jobs: `api/job_info.py`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from rag.types import CitationState

MOST_CITATIONS = 200


class UploadResult(BaseModel):
    """What became of one uploaded file."""

    name: str = Field(description="The name as it was sent, made printable.")
    result: Literal["added", "changed", "unchanged", "refused"]
    id: str | None = Field(None, description="The document's id; null when refused.")
    file: str | None = Field(None, description="The document's name in answers; null when refused.")
    sha256: str | None = Field(None, description="Of the bytes; null when refused.")
    reason: str | None = Field(None, description="Why it was refused, or which attachments of a message.")


class Uploaded(BaseModel):
    """What became of an upload, file by file. What is named here is durable and can be cited."""

    files: list[UploadResult]
    index_version: int = Field(description="Generation of the catalogue that holds them.")


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
