"""Where the tools' answers come from: this process, or the server that holds the data folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

from anyio import sleep, to_thread

from api.threads import limiter
from rag.errors import LinesOutOfRange, NotReady, UnknownDocument
from rag.scope import Scope
from rag.types import Answer, SearchResult

if TYPE_CHECKING:
    from api.cli.remote import Remote
    from api.service import Service
    from rag.engine import Engine
    from rag.settings import Settings

LINES_AT_ONCE = 2000  # the most that a server gives in one call
LOOK_S = 0.2
T = TypeVar("T")


class Document(Protocol):
    """What is known of a document."""

    @property
    def id(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def lines(self) -> int: ...
    @property
    def chars(self) -> int: ...


class Articles(Protocol):
    """What the tools need. Everything raises RenglonError."""

    @property
    def page(self) -> str:
        """The address of the page that shows documents; empty where there is none."""

    async def ask(self, question: str, scope: Scope) -> Answer:
        """An answer, from the documents in a scope."""

    async def search(self, query: str, scope: Scope) -> SearchResult:
        """The nearest passages in a scope."""

    async def documents(self) -> list[Document]:
        """All documents, by file."""

    async def document(self, id_: str) -> Document:
        """One document."""

    async def lines(self, id_: str, first: int, last: int) -> list[str]:
        """Lines of a document, 1-based, inclusive; at most `LINES_AT_ONCE`."""


class OwnArticles:
    """The articles of a service in this process."""

    def __init__(self, service: Service, patience_s: float = 0, page: str = "") -> None:
        """`patience_s`: how long a call waits for a service that is still loading."""
        self._service, self._patience_s, self.page = service, patience_s, page

    async def _engine(self) -> Engine:
        until = time.monotonic() + self._patience_s
        while self._service.state == "starting" and time.monotonic() < until:
            await sleep(LOOK_S)
        return self._service.engine

    async def ask(self, question: str, scope: Scope) -> Answer:
        """An answer."""
        await self._engine()
        engine = await self._service.within(scope)
        return self._service.metrics.answer(await engine.aanswer(question))

    async def search(self, query: str, scope: Scope) -> SearchResult:
        """The nearest passages."""
        await self._engine()
        return await (await self._service.within(scope)).asearch(query)

    async def documents(self) -> list[Document]:
        """All documents, by file."""
        return await self._read(lambda: list[Document](self._service.catalog.documents()))

    async def document(self, id_: str) -> Document:
        """One document."""
        return await self._read(lambda: self._service.catalog.document(id_))

    async def lines(self, id_: str, first: int, last: int) -> list[str]:
        """Lines of a document."""
        return await self._read(partial(self._lines, id_, first, last))

    def _lines(self, id_: str, first: int, last: int) -> list[str]:
        from index.corpus.lines import lines_of

        stored = self._service.catalog.text(id_)
        if stored is None:
            raise UnknownDocument(f"There is no document {id_!r}.", "Search for one.")
        return [line for _, _, line in lines_of(stored[0], first, last)]

    async def _read(self, work: Callable[[], T]) -> T:
        await self._engine()
        return await to_thread.run_sync(work, limiter=limiter("reading"))


class ForwardedArticles:
    """The articles of the server that holds the data folder; only that one may open it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.page = self._remote().url

    def _remote(self) -> Remote:
        from api.cli.remote import Remote

        remote = Remote.of(self._settings)
        if remote is None:
            raise NotReady("The server that held the data folder has stopped.", "Start it, or this program, again.")
        return remote

    async def _call(self, work: Callable[[Remote], T]) -> T:
        # A client that no longer waits need not keep this one waiting; the server finishes its answer.
        return await to_thread.run_sync(lambda: work(self._remote()), abandon_on_cancel=True)

    async def ask(self, question: str, scope: Scope) -> Answer:
        """An answer."""
        body = {"question": question, **scope.given}
        return Answer(**await self._call(lambda remote: remote.post("/v1/query", body)))

    async def search(self, query: str, scope: Scope) -> SearchResult:
        """The nearest passages."""
        body = {"query": query, **scope.given}
        return SearchResult(**await self._call(lambda remote: remote.post("/v1/search", body)))

    async def documents(self) -> list[Document]:
        """All documents, by file."""
        found = await self._call(lambda remote: remote.get("/v1/documents"))
        return [_Described(info) for info in found["documents"]]

    async def document(self, id_: str) -> Document:
        """One document."""
        return _Described(await self._call(lambda remote: remote.get(f"/v1/documents/{quote(id_, safe='')}")))

    async def lines(self, id_: str, first: int, last: int) -> list[str]:
        """Lines of a document."""
        route = f"/v1/documents/{quote(id_, safe='')}/lines?start={first}&end={last}"
        found = await self._call(lambda remote: remote.get(route))
        return [line["text"] for line in found["lines"]]


class _Described:
    """A document as a server describes it."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.id, self.file = str(info["id"]), str(info["file"])
        self.lines, self.chars = int(info["lines"]), int(info["chars"])


async def whole(articles: Articles, id_: str, most_chars: int) -> str:
    """The text of a document, lines ended by line feeds. Raises LinesOutOfRange for a longer one."""
    found = await articles.document(id_)
    if found.chars > most_chars:
        raise LinesOutOfRange(
            f"{found.file} has {found.chars:,} characters; a resource has at most {most_chars:,}.",
            f"The tool fetch gives parts of it: {id_}:1-{LINES_AT_ONCE}.",
        )
    lines = list[str]()
    for first in range(1, found.lines + 1, LINES_AT_ONCE):
        lines += await articles.lines(id_, first, min(first + LINES_AT_ONCE - 1, found.lines))
    return "\n".join(lines)
