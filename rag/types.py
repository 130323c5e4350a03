"""The words of the wire form: Answer, Citation, PassageHit.

Lines are 1-based and inclusive. Characters are 0-based code points of the decoded file, end exclusive.
This module imports neither LlamaIndex nor torch, so that the server can listen before they are loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

# `unsure`: the articles come near, and the nearest sentences are shown as such. `none_asked`: small talk, which needs
# no evidence.
Status = Literal["answered", "unsure", "no_evidence", "none_asked"]
Mode = Literal["extractive", "generative"]
CitationState = Literal["valid", "moved", "stale"]


class Wire(BaseModel):
    """Base of everything that leaves through a door: immutable, no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AnswerSpan(Wire):
    """The words within a quote that answer the question. `text[char_start:char_end] == text`, as for the quote."""

    char_start: int = Field(ge=0, description="First code point of the span in the decoded file.")
    char_end: int = Field(ge=0, description="Code point after the span's last.")
    text: str = Field(description="The source's own words, verbatim.")


class Box(Wire):
    """A rectangle around a quote, or around its part on one line: points from the page's upper left corner."""

    page: int = Field(ge=1)
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Printed:
    """Where a stretch of text is printed: pages and the lines on them, from 1, and a box for each line."""

    page: int
    line: int
    last_page: int
    last_line: int
    boxes: tuple[Box, ...] = ()


class Citation(Wire):
    """One claim that a file says something at a place. `text[char_start:char_end] == quote` when verified."""

    n: int = Field(ge=1, description="Number of the citation in this answer, in reading order.")
    marker: str = Field(
        description="What stands in the text: [file:line], [file:first-last]; with pages [file:page:line]."
    )
    document_id: str
    file: str = Field(description="Path of the file within the corpus.")
    file_sha256: str = Field(description="SHA-256 of the file's bytes when it was indexed.")
    line_start: int = Field(ge=1, description="First cited line, 1-based.")
    line_end: int = Field(ge=1, description="Last cited line, inclusive.")
    char_start: int = Field(ge=0, description="First code point of the quote in the decoded file.")
    char_end: int = Field(ge=0, description="Code point after the quote's last.")
    quote: str = Field(description="The source's own words, verbatim.")
    readable: str | None = Field(None, description="The quote without the marks of its format; null: as it stands.")
    section: str | None = Field(None, description="The headings above the quote, outermost first, joined with ›.")
    code: bool = Field(False, description="The quote is a block of code.")
    page: int | None = Field(None, description="The page on which the quote begins, of a format that has pages.")
    page_line: int | None = Field(None, description="Its line on that page, in the order of reading, 1-based.")
    boxes: list[Box] = Field([], description="Where it is printed, one rectangle for each line.")
    title: str | None = Field(None, description="The document's title.")
    author: str | None = Field(None, description="Its author, or who published it.")
    published: str | None = Field(None, description="When it was published, as an ISO date.")
    url: str | None = Field(None, description="The address that it was saved from.")
    source_language: str | None = Field(None, description="The document's language, as a two-letter code.")
    answer_start: int = Field(ge=0, description="Where the supported sentence starts in the answer's text.")
    answer_end: int = Field(ge=0, description="Where the supported sentence ends (before its markers).")
    score: float = Field(description="Score of the sentence as evidence; higher is better, no unit.")
    verified: bool = Field(description="The quote was compared with the indexed file's text and is equal.")
    state: CitationState = Field(description="valid: stands as cited; moved: at other lines; stale: gone.")
    near: bool = Field(False, description="The quote comes near to the question; it doesn't clearly answer it.")
    answer_span: AnswerSpan | None = Field(None, description="Where in the quote the answer stands, if that is known.")


class AnswerSentence(Wire):
    """What the support check found of one written sentence."""

    answer_start: int = Field(ge=0, description="Where the sentence starts in the answer's text.")
    answer_end: int = Field(ge=0, description="Where it ends, before its markers.")
    supported: bool = Field(description="It cites something, and what it cites bears it out.")
    reason: str | None = Field(None, description="Why it is not supported, in the question's language.")


class Differing(Wire):
    """A value that some of the cited sentences give for what is asked, where others give another one."""

    value: str = Field(description="The number, date or name, as the sources write it.")
    citations: list[int] = Field(description="The numbers (`n`) of the citations that give this value.")


class Turn(Wire):
    """One turn of the conversation before the question."""

    role: Literal["user", "assistant"]
    content: str


class PassageHit(Wire):
    """A passage that was retrieved, whether or not the answer cites it."""

    id: str
    document_id: str
    file: str
    line_start: int = Field(ge=1)
    line_end: int = Field(ge=1)
    text: str
    score: float = Field(description="Score of its best sentence as evidence; higher is better, no unit.")
    cited: bool = Field(description="A citation of the answer lies in this passage.")


class Answer(Wire):
    """What a question gets: sentences with citations, the statement that the articles don't say, or small talk."""

    id: str
    question: str
    status: Status
    mode: Mode = "extractive"
    language: str = Field(description="Language of the question: es or en.")
    text: str = Field(description="The answer, each sentence followed by its markers.")
    citations: list[Citation] = Field(description="What was used.")
    passages: list[PassageHit] = Field(description="What was retrieved, best first.")
    confidence: float = Field(ge=0, le=1, description="Calibrated probability that the corpus answers this.")
    invalid_citations: int = Field(0, ge=0, description="Citations that failed verification; shown, not hidden.")
    sentences: list[AnswerSentence] = Field([], description="Of a written answer: each sentence, checked.")
    differing: list[Differing] = Field([], description="The values on which the cited sentences differ, if they do.")
    agreeing: int | None = Field(None, ge=0, description="How many sources agree on the answer; null: not compared.")
    suggestions: list[str] = Field([], description="Questions that the articles do answer.")
    dropped_markers: int = Field(0, ge=0, description="Markers of a model that named no source; dropped.")
    standalone_question: str | None = Field(None, description="A follow-up as it was understood; null: as asked.")
    degraded: bool = Field(False, description="A search index is being mended; the other one answered alone.")
    notice: str | None = Field(None, description="Something the reader should know about how this was made.")
    timings_ms: dict[str, float] = Field(description="Milliseconds: embed, retrieve, evidence, total.")
    index_version: int = Field(description="Generation of the catalogue that answered.")


class SearchResult(Wire):
    """What a search finds: passages, best first."""

    query: str
    passages: list[PassageHit]
    timings_ms: dict[str, float]
    index_version: int
