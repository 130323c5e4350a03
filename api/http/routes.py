"""The routes under /v1 that read, and /livez, /readyz and /metrics."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from api import errors, exposition
from api.errors import PROBLEM
from api.http import schemas
from api.http.clients import unless_gone
from api.http.events import event, streamed
from api.service import Service
from api.threads import as_json, in_threads
from rag.errors import InvalidQuestion, LinesOutOfRange, Overloaded, RenglonError
from rag.events import Event
from rag.question import tidy
from rag.types import Answer, SearchResult

router = APIRouter()
_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such collection or document.", **PROBLEM},
    409: {"description": "Nothing indexed yet, or indexed with another model.", **PROBLEM},
    422: {"description": "The request can't be used; `detail` says why.", **PROBLEM},
    503: {"description": "Too many questions are waiting, or the model is still loading.", **PROBLEM},
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such document, or no such collection.", **PROBLEM},
    503: {"description": "The index is still opening.", **PROBLEM},
}
_EVENTS: dict[str, Any] = {"content": {"text/event-stream": {}}}


async def _service(request: Request) -> Service:  # a plain function would wait for a thread of the shared pool
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]


@router.post(
    "/v1/query",
    response_model=Answer,
    responses={**_REFUSALS, 200: {"content": {"text/event-stream": {}}}},
    tags=["ask"],
)
async def query(body: schemas.QueryRequest, request: Request, service: Served) -> Response:
    """Answer a question with sentences whose every citation names file, line and span.

    `status` is `no_evidence` when the articles don't say. As server-sent events: `passages`, then `delta` and
    `citation` as the answer is made, then one of `answer`, `no_evidence`, `error`. `retract` withdraws what a model
    had begun to write; the answer then starts again from the beginning.
    """
    engine = await service.within(body.scope)
    question = tidy(body.question, service.settings.max_question_chars)
    if body.stream or "text/event-stream" in request.headers.get("accept", ""):
        events = service.metrics.counted(engine.astream(question, body.history))
        # A refusal has a status of its own; what fails later is reported in the stream.
        return streamed(_events(events, await unless_gone(request, _first(events))))
    answer = service.metrics.answer(await unless_gone(request, engine.aanswer(question, body.history)))
    # It is an Answer already: having the frame validate and take it apart again would take a millisecond.
    return Response(answer.model_dump_json(), media_type="application/json")


async def _first(events: AsyncIterator[Event]) -> Event | Exception:
    """The first event, or what failed instead. Raises Overloaded."""
    try:
        return await anext(events)
    except Overloaded:
        raise
    except Exception as error:
        return error


async def _events(events: AsyncIterator[Event], first: Event | Exception) -> AsyncIterator[str]:
    try:
        if isinstance(first, Exception):
            raise first
        yield event(first.data(), first.kind)
        async for step in events:
            yield event(step.data(), step.kind)
    except RenglonError as error:
        yield event(errors.body_of(error), "error")
    except Exception:
        errors.log.exception("a stream broke off")
        yield event(errors.body(500, "InternalError", "The answer broke off."), "error")


@router.post("/v1/search", responses=_REFUSALS, tags=["ask"], response_model=SearchResult)
async def search(body: schemas.SearchRequest, request: Request, service: Served) -> Response:
    """The passages nearest to a question, best first, without an answer."""
    engine = await service.within(body.scope)
    return as_json(await unless_gone(request, engine.asearch(body.query)))


@router.get("/v1/documents", tags=["documents"], responses=_UNKNOWN, response_model=schemas.DocumentList)
@in_threads("reading")
def documents(service: Served, collection: schemas.Wanted = None) -> Response:
    """The documents of the index, all or those of some collections."""
    from index.collections import require_known

    catalog = service.catalog
    require_known(catalog, collection or [])
    infos = [_info(row) for row in catalog.documents() if not collection or row.collection in collection]
    return as_json(schemas.DocumentList(documents=infos, index_version=catalog.generation))


@router.get("/v1/documents/{document_id}", responses=_UNKNOWN, tags=["documents"])
@in_threads("reading")
def document(document_id: str, service: Served) -> schemas.DocumentInfo:
    """One document."""
    return _info(service.catalog.document(document_id))


def _info(row: Any) -> schemas.DocumentInfo:
    known = {key: value for key, value in dataclasses.asdict(row).items() if key not in ("root", "reader")}
    return schemas.DocumentInfo(**known, format=row.reader.split("/")[0])


@router.get(
    "/v1/documents/{document_id}/lines",
    responses={**_UNKNOWN, 416: {"description": "No such lines.", **PROBLEM}, 422: _REFUSALS[422]},
    tags=["documents"],
    response_model=schemas.Lines,
)
@in_threads("reading")
def lines(
    document_id: str,
    service: Served,
    start: Annotated[int, Query(ge=1, description="First line, 1-based.")] = 1,
    end: Annotated[int | None, Query(ge=1, description="Last line, inclusive; default: the last there is.")] = None,
    page: Annotated[int | None, Query(ge=1, le=100_000, description="The lines of this page instead.")] = None,
) -> Response:
    """Lines of a document as it was indexed, at most 2,000 in one call: what citations point into.

    416 for more; `hint` then names the range to begin with. `line_count` says how many lines there are.
    """
    from index.corpus.lines import lines_of

    row = service.catalog.document(document_id)
    if page is not None:
        start, end = _lines_of_page(service, row, page)
    last = row.lines if end is None else end
    if start > last and end is not None:
        raise InvalidQuestion(f"start is {start}, after end, {last}.", "Give start <= end.")
    if last > row.lines or start > row.lines:
        raise LinesOutOfRange(f"{row.file} has {row.lines} lines.", f"Ask for lines 1 to {row.lines}.")
    if last - start >= schemas.MOST_LINES:
        end_of_first = start + schemas.MOST_LINES - 1
        raise LinesOutOfRange(
            f"Lines {start} to {last} are more than {schemas.MOST_LINES:,}, the most in one call.",
            f"Ask for lines {start} to {end_of_first} (start={start}&end={end_of_first}), then from there on.",
        )
    text = (service.catalog.text(document_id) or ("", ""))[0]
    found = [schemas.Line(n=n, char_start=a, text=line) for n, a, line in lines_of(text, start, last)]
    printed = service.catalog.printed_lines(document_id, found[0].char_start, found[-1].char_start)
    for line in found:
        line.page, line.page_line = printed.get(line.char_start, (None, None))
    spans = [(line.char_start, line.char_start + len(line.text)) for line in found]
    for line, (kind, level) in zip(found, service.catalog.line_kinds(document_id, spans), strict=True):
        line.kind, line.level = kind, level
    return as_json(
        schemas.Lines(document_id=row.id, file=row.file, file_sha256=row.sha256, line_count=row.lines, lines=found)
    )


def _lines_of_page(service: Service, row: Any, page: int) -> tuple[int, int]:
    """First and last line of a page. Raises LinesOutOfRange."""
    from index.corpus.documents import SourceText

    span = service.catalog.page(row.id, page)
    if span is None:
        raise LinesOutOfRange(f"{row.file} has no page {page}.", "Ask for lines, without a page.")
    source = SourceText((service.catalog.text(row.id) or ("", ""))[0])
    return source.line_of(span[0]), source.line_of(max(span[0], span[1] - 1))


@router.get(
    "/v1/documents/{document_id}/pages/{page}.png",
    responses={**_UNKNOWN, 200: {"content": {"image/png": {}}}, 422: _REFUSALS[422]},
    response_class=Response,
    tags=["documents"],
)
@in_threads("reading")
def picture(
    document_id: str,
    page: Annotated[int, Path(ge=1, le=100_000, description="1-based.")],
    service: Served,
    scale: Annotated[float, Query(ge=0.5, le=4, description="Pixels a point; the nearest of 1, 1.5, 2 and 3.")] = 1.5,
) -> Response:
    """A page of a PDF as it looks, from the file that was indexed. `X-Scale` says how many pixels a point has.

    404 when the document has no pages, or when its file has changed or is gone since it was indexed.
    """
    drawn = service.pictures.picture(document_id, page, scale)
    headers = {"X-Scale": f"{drawn.scale:g}", "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(drawn.png, media_type="image/png", headers=headers)


@router.get("/v1/index", tags=["index"])
@in_threads("reading")
def index(service: Served) -> schemas.IndexInfo:
    """How the service and its index are; answers before the model is loaded."""
    from index.collections import kept, names

    counts, version, model = {"documents": 0, "passages": 0, "sentences": 0}, 0, None
    known, folders = list[str](), [service.settings.corpus]
    try:
        catalog = service.catalog
        counts, version, model, known = catalog.counts(), catalog.generation, catalog.model, names(catalog)
        folders = [folder for one in kept(catalog, service.settings) for folder in one.paths]
    except RenglonError:
        pass  # still opening: state and phase say so
    return schemas.IndexInfo(
        state=service.state, phase=service.phase, index_version=version, model=str(model) if model else None,
        corpus=", ".join(folder.name for folder in folders), collections=known, last_sync=service.last_sync, **counts,
    )  # fmt: skip


# These two never wait, for a thread or for a lock: whoever asks them restarts a service that doesn't answer.
@router.get("/livez", tags=["health"])
async def livez(service: Served) -> schemas.Alive:
    """The process answers. `instance` is a random number that it chose when it started."""
    return schemas.Alive(status="alive", instance=service.instance)


@router.get("/readyz", tags=["health"], responses={503: _REFUSALS[503]})
async def readyz(service: Served) -> JSONResponse:
    """Questions can be answered; 503 with the phase until then. `faults` names background threads that failed.

    Anybody may ask: neither holds a path. `GET /v1/index` says more.
    """
    well = service.state == "ready" and service.away is None
    state, status = ("failed" if service.away else service.state), (200 if well else 503)
    return JSONResponse({"status": state, "phase": service.open_phase, "faults": service.workers.faults}, status)


@router.get("/metrics", tags=["health"], response_class=Response, responses={200: {"content": {"text/plain": {}}}})
@in_threads("reading")
def metrics(service: Served) -> Response:
    """What the service counts of itself, for Prometheus. No question and no text is in it."""
    return Response(exposition.text(service), media_type=exposition.CONTENT_TYPE)
