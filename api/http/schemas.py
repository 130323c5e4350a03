"""What the routes take and return beside the wire form of `rag.types`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from api.outcome import SyncOutcome
from rag.scope import Scope
from rag.types import Turn

MOST_TURNS = 50
TURN_CHARS = 20_000
HISTORY_CHARS = 200_000
# A pattern of many asterisks could take long over a long name.
MOST_GLOBS, GLOB_CHARS, GLOB_STARS = 50, 200, 4
MOST_COLLECTIONS, MOST_DOCUMENTS, NAME_CHARS = 100, 200, 100
MOST_LINES = 2000  # of a document in one answer: 2 MB of line ends would make one of 88 MB


def _short(globs: list[str]) -> list[str]:
    if any(len(glob) > GLOB_CHARS or glob.count("*") > GLOB_STARS for glob in globs):
        raise ValueError(f"a glob is longer than {GLOB_CHARS} characters or has more than {GLOB_STARS} asterisks")
    return [glob for glob in globs if glob.strip()]


def _listed(names: object) -> object:
    return [names] if isinstance(names, str) else names


Globs = Annotated[list[str], AfterValidator(_short)]
Name = Annotated[str, Field(max_length=NAME_CHARS)]
Wanted = Annotated[
    list[Name] | None, Query(max_length=MOST_COLLECTIONS, description="Only these collections; repeatable.")
]


class Chosen(BaseModel):
    """Which part of the corpus may be found; all of it by default."""

    collection: Annotated[list[Name], BeforeValidator(_listed)] = Field(
        [],
        max_length=MOST_COLLECTIONS,
        description="A name, or a list of names; only documents of these collections are searched.",
        json_schema_extra={"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    )
    documents: list[Name] = Field([], max_length=MOST_DOCUMENTS, description="Ids; only these documents are searched.")
    files: Globs = Field(
        [], max_length=MOST_GLOBS, description="Globs; only files that match one of them are searched."
    )

    @property
    def scope(self) -> Scope:
        """The filter as the engine knows it."""
        return Scope(tuple(self.files), collection=tuple(self.collection), documents=tuple(self.documents))


class Filtered(Chosen):
    """Which documents may be found; all of them by default."""

    published_after: date | None = Field(None, description="Only documents published on that day or later.")
    published_before: date | None = Field(None, description="Only documents published on that day or earlier.")
    language: str | None = Field(None, pattern="^[a-z]{2}$", description="Only documents in that language.")

    @property
    def scope(self) -> Scope:
        """The filter as the engine knows it."""
        after, before = (str(day) if day else None for day in (self.published_after, self.published_before))
        return replace(super().scope, published_after=after, published_before=before, language=self.language)


class QueryRequest(Filtered):
    """A question."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "¿Cuántos contenedores envió Corea del Norte a Rusia?"}]}
    )
    question: str = Field(description="In Spanish or English; at most 2,000 characters unless set otherwise.")
    stream: bool = Field(False, description="Answer as server-sent events; so does Accept: text/event-stream.")
    history: list[Turn] = Field(
        [],
        max_length=MOST_TURNS,
        description="The conversation before the question, oldest first.",
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if any(len(turn.content) > TURN_CHARS for turn in self.history):
            raise ValueError(f"a turn of the history is longer than {TURN_CHARS:,} characters")
        if sum(len(turn.content) for turn in self.history) > HISTORY_CHARS:
            raise ValueError(f"the history is longer than {HISTORY_CHARS:,} characters")
        return self


class SearchRequest(Filtered):
    """What to look for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "visita de Putin a Pyongyang"}]})
    query: str = Field(description="A question or words; at most 2,000 characters unless set otherwise.")


class DocumentInfo(BaseModel):
    """A document of the index."""

    id: str = Field(description="Stable: derived from the file's path within the corpus.")
    file: str = Field(description="Path within the corpus.")
    sha256: str = Field(description="Of the file's bytes when it was indexed.")
    encoding: str = Field(description="How the file was decoded.")
    size: int = Field(description="Bytes.")
    lines: int = Field(description="Number of lines.")
    chars: int = Field(description="Number of code points.")
    indexed_at: str = Field(description="ISO 8601, UTC.")
    format: str = Field("text", description="What read it: text, markdown, html, pdf, docx and so on.")
    title: str | None = Field(None, description="As the document or the file beside it gives it.")
    author: str | None = Field(None, description="Author or publisher.")
    published: str | None = Field(None, description="ISO date.")
    url: str | None = Field(None, description="The address that it was saved from.")
    language: str | None = Field(None, description="Two-letter code.")
    collection: str = Field("default", description="The collection that it belongs to.")


class DocumentList(BaseModel):
    """All documents, by file."""

    documents: list[DocumentInfo]
    index_version: int


class Line(BaseModel):
    """A line of a document as it was indexed, without its line end."""

    n: int = Field(description="1-based.")
    char_start: int = Field(description="Offset of its first code point in the decoded file.")
    text: str
    page: int | None = Field(None, description="The page on which it is printed; null for a format without pages.")
    page_line: int | None = Field(None, description="The line on that page.")
    kind: Literal["text", "heading", "item", "row", "head", "code", "aside"] | None = Field(
        None,
        description="What it is: `item` of a list, `row` of a table (`head`: with the names of its columns), `aside` "
        "(a running head, say); null where that is not known.",
    )
    level: int | None = Field(None, description="Of a heading; 1 is the outermost.")


class Lines(BaseModel):
    """A run of lines of a document."""

    document_id: str
    file: str
    file_sha256: str
    line_count: int = Field(description="Lines in the whole document.")
    lines: list[Line]


class Alive(BaseModel):
    """That the process answers, and which process it is."""

    status: Literal["alive"]
    instance: str = Field(description="Random; noted in the data folder, so that the command line knows its server.")


class IndexInfo(BaseModel):
    """The state of the index and of the service."""

    state: Literal["starting", "ready", "failed"]
    phase: str = Field(description="What is being done, or what failed.")
    index_version: int = Field(description="Counts changes to documents; 0 while nothing is indexed.")
    documents: int
    passages: int
    sentences: int
    model: str | None = Field(description="Name, revision and dimension of the model that made the vectors.")
    corpus: str = Field(description="Names of the folders that are kept indexed.")
    collections: list[str] = Field(description="Names of all collections.")
    last_sync: SyncOutcome | None = Field(description="What the last sync did; null before the first one has ended.")
