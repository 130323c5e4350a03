"""The tools and resources. They only read; what they return carries the same in its text and its structured part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp.types import CallToolResult, Resource, ResourceLink, TextContent, ToolAnnotations
from pydantic import Field

from api.http.schemas import MOST_COLLECTIONS, MOST_DOCUMENTS, MOST_GLOBS, Globs, Name
from api.mcp.forms import Asked, Fetched, Found, Links, SearchResults, asked, uri_of
from api.mcp.sources import LINES_AT_ONCE, Articles, whole
from index.corpus.documents import document_id
from rag.errors import LinesOutOfRange, RenglonError, UnknownDocument
from rag.scope import Scope

FETCHED_CHARS = 100_000  # a client's model reads all of it
RESOURCE_CHARS = 2_000_000
LISTED = 1000  # resources in a list, which every client reads when it connects; others are read by their address
_ID = re.compile(r"([0-9a-f]{16})(?::([1-9][0-9]{0,8})-([1-9][0-9]{0,8}))?")
INSTRUCTIONS = """Answers from a folder of articles; every sentence cites file and line. Use `ask` for a question in \
Spanish or English: its sentences are checked against the files, so quote them with their citations. `search` lists \
passages and `fetch` gives the lines of one. When the status is no_evidence, the articles don't say."""
_READS: dict[str, Any] = {
    "annotations": ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
}
Question = Annotated[str, Field(description="A question in Spanish or English, on its own: no conversation is kept.")]
Query = Annotated[str, Field(description="A question, or words.")]
Files = Annotated[
    Globs | None, Field(max_length=MOST_GLOBS, description="Globs; only files that match one are searched.")
]
Collection = Annotated[
    list[Name] | None,
    Field(max_length=MOST_COLLECTIONS, description="Names; only documents of these collections are searched."),
]
Documents = Annotated[
    list[Name] | None, Field(max_length=MOST_DOCUMENTS, description="Ids; only these documents are searched.")
]
Id = Annotated[str, Field(description="What `search` gave, or DOCUMENT:FIRST-LAST for other lines of a document.")]


class ArticleServer(MCPServer):  # type: ignore[misc]
    """The protocol's server; its resources are the documents of the index."""

    def __init__(self, articles: Articles) -> None:
        super().__init__("renglon", title="Renglón", instructions=INSTRUCTIONS, version=version("renglon"),
                         log_level="WARNING")  # fmt: skip
        self._articles = articles

    async def list_resources(self) -> list[Resource]:
        """The first documents, as resources."""
        try:
            documents = await self._articles.documents()
        except RenglonError as error:
            raise ResourceError(str(error)) from error
        return [Resource(name=one.file, uri=uri_of(one.file), mime_type="text/plain") for one in documents[:LISTED]]


def article_server(articles: Articles) -> ArticleServer:
    """A server over some articles."""
    server = ArticleServer(articles)

    async def search(
        query: Query, context: Context, files: Files = None, collection: Collection = None, documents: Documents = None
    ) -> SearchResults:
        """Find passages of the articles, best first."""
        with _said(ToolError):
            found = await articles.search(query, _scope(files, collection, documents))
        links = _links(articles, context)
        return SearchResults(
            results=[
                Found(
                    id=f"{hit.document_id}:{hit.line_start}-{hit.line_end}",
                    title=_title(hit.file, hit.line_start, hit.line_end),
                    url=links.to(hit.document_id, hit.file, hit.line_start, hit.line_end),
                )
                for hit in found.passages
            ]
        )

    async def fetch(id: Id, context: Context) -> Fetched:
        """Read lines of an article, as they were indexed."""
        with _said(ToolError):
            return await _fetched(articles, _links(articles, context), id)

    async def ask(
        question: Question, context: Context, files: Files = None, collection: Collection = None,
        documents: Documents = None,
    ) -> Annotated[CallToolResult, Asked]:  # fmt: skip
        """Answer a question with sentences of the articles; each cites file, lines and verbatim quote."""
        with _said(ToolError):
            answer = await articles.ask(question, _scope(files, collection, documents))
        result = asked(answer, _links(articles, context))
        cited = dict.fromkeys(citation.file for citation in answer.citations)
        linked = [ResourceLink(name=file, uri=uri_of(file), mime_type="text/plain") for file in cited]
        text = TextContent(text=result.model_dump_json())
        return CallToolResult(content=[text, *linked], structured_content=result.model_dump(mode="json"))

    async def document(path: str) -> str:
        with _said(ResourceError):
            try:
                return await whole(articles, document_id(path), RESOURCE_CHARS)
            except UnknownDocument as error:
                raise ResourceNotFoundError(f"There is no document {path[:200]!r}. `search` finds them.") from error

    server.add_tool(search, title="Search the articles", **_READS)
    server.add_tool(fetch, title="Read lines of an article", **_READS)
    server.add_tool(ask, title="Ask the articles", **_READS)
    described = {"title": "An article", "description": "The text of an article, as it was indexed."}
    server.resource("renglon://doc/{+path}", name="document", mime_type="text/plain", **described)(document)
    return server


def _scope(files: list[str] | None, collection: list[str] | None, documents: list[str] | None) -> Scope:
    return Scope(tuple(files or ()), collection=tuple(collection or ()), documents=tuple(documents or ()))


@contextmanager
def _said(kind: type[Exception]) -> Iterator[None]:
    """Say one of our own errors in the protocol's form: its text is all that some clients pass on."""
    try:
        yield
    except RenglonError as error:
        raise kind(str(error)) from error


def _links(articles: Articles, context: Context) -> Links:
    """Links that the client can follow: to the address under which it reached the service."""
    request = context.request_context.request
    return Links(str(request.base_url) if request is not None else articles.page)


def _title(file: str, first: int, last: int) -> str:
    return f"{file}:{first}" if first == last else f"{file}:{first}-{last}"


async def _fetched(articles: Articles, links: Links, id_: str) -> Fetched:
    match = _ID.fullmatch(id_.strip())
    if match is None:
        raise UnknownDocument(f"{id_[:80]!r} is no id.", "Take one that `search` gave.")
    document = await articles.document(match[1])
    first, last = int(match[2] or 1), int(match[3] or document.lines)
    if not first <= min(last, document.lines):
        raise LinesOutOfRange(f"{document.file} has no such lines.", f"Ask for {match[1]}:1-{document.lines}.")
    last = min(last, document.lines, first + LINES_AT_ONCE - 1)
    lines, size = list[str](), 0
    for line in await articles.lines(match[1], first, last):
        if lines and size + len(line) > FETCHED_CHARS:
            break
        lines.append(line[:FETCHED_CHARS])
        size += len(line) + 1
    last = first + len(lines) - 1
    metadata = {"lines": str(document.lines), "file": document.file}
    if last < document.lines:
        metadata["next"] = f"{match[1]}:{last + 1}-{min(last + LINES_AT_ONCE, document.lines)}"
    if len(lines) == 1 and size > FETCHED_CHARS + 1:
        metadata["cut"] = f"the line has {size - 1:,} characters; these are the first {FETCHED_CHARS:,}"
    title, url = _title(document.file, first, last), links.to(match[1], document.file, first, last)
    return Fetched(id=f"{match[1]}:{first}-{last}", title=title, text="\n".join(lines), url=url, metadata=metadata)
