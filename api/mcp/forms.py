"""What the tools of the Model Context Protocol return; clients read the descriptions."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import BaseModel, Field

from rag.parts import parts_of
from rag.types import Answer, Citation, Status


class Found(BaseModel):
    """A passage that a search found."""

    id: str = Field(description="What `fetch` takes.")
    title: str = Field(description="File and lines.")
    url: str = Field(description="Opens the file at the lines.")


class SearchResults(BaseModel):
    """What a search found, best first."""

    results: list[Found]


class Fetched(BaseModel):
    """Lines of a document, as they were indexed."""

    id: str
    title: str = Field(description="File and lines.")
    text: str
    url: str = Field(description="Opens the file at the lines.")
    metadata: dict[str, str] = Field({}, description="`lines`: how many the document has; `next`: what to fetch next.")


class Source(BaseModel):
    """A place in a file that supports a sentence."""

    file: str = Field(description="Path of the file within the corpus.")
    line_start: int = Field(description="First cited line, 1-based.")
    line_end: int = Field(description="Last cited line, inclusive.")
    page: int | None = Field(None, description="Page of the file, where it has pages.")
    quote: str = Field(description="The source's own words, verbatim.")
    verified: bool = Field(description="The quote was compared with the indexed file's text and is equal.")
    url: str = Field(description="Opens the file at the lines.")


class Sentence(BaseModel):
    """A sentence of the answer and what it rests on; without citations it rests on nothing."""

    sentence: str
    citations: list[Source]


class Asked(BaseModel):
    """An answer."""

    status: Status = Field(description="answered; unsure: the articles come near; no_evidence: they don't say.")
    answer: list[Sentence]
    confidence: float = Field(description="Calibrated probability that the articles answer this.")
    notice: str | None = Field(None, description="Something the reader should know about how this was made.")


def asked(answer: Answer, links: Links) -> Asked:
    """An answer in the form of the tool `ask`."""
    sentences = [
        Sentence(sentence=part.text.strip(), citations=[_source(citation, links) for citation in part.citations])
        for part in parts_of(answer)
        if part.text.strip()
    ]
    return Asked(status=answer.status, answer=sentences, confidence=answer.confidence, notice=answer.notice)


def _source(citation: Citation, links: Links) -> Source:
    return Source(
        file=citation.file, line_start=citation.line_start, line_end=citation.line_end,
        page=citation.page, quote=citation.quote, verified=citation.verified,
        url=links.to(citation.document_id, citation.file, citation.line_start, citation.line_end),
    )  # fmt: skip


class Links:
    """Makes URLs of places in documents: on the service's page, or of the resource where there is no page."""

    def __init__(self, page: str) -> None:
        """`page`: the address of the service; empty where there is none."""
        self._page = page.rstrip("/")

    def to(self, document_id: str, file: str, first: int, last: int) -> str:
        """The URL of lines of a document."""
        lines = f"{first}" if first == last else f"{first}-{last}"
        return f"{self._page}/#/d/{document_id}?L={lines}" if self._page else f"{uri_of(file)}#L{lines}"


def uri_of(file: str) -> str:
    """The resource that a document is."""
    return f"renglon://doc/{quote(file, safe='/')}"
