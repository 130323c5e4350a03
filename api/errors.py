"""The HTTP status of each error, and errors as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import logging
import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.observer import request_id
from rag import errors

log = logging.getLogger("renglon")
# The routes that speak OpenAI's protocol answer errors in its form too: its clients read no other.
OPENAI_PATHS = ("/v1/chat/", "/v1/models")
# What the description of the interface says of an error's body.
PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {}}}

STATUS: dict[type[errors.RenglonError], int] = {
    errors.InvalidQuestion: 422,
    errors.UnknownDocument: 404,
    errors.UnknownCollection: 404,
    errors.InvalidCollection: 422,
    errors.CollectionTaken: 409,
    errors.CalibrationUnusable: 422,
    errors.LinesOutOfRange: 416,
    errors.FileRefused: 422,
    errors.FileUnreadable: 422,
    errors.DocumentOfFolder: 409,
    errors.CorpusNotFound: 404,
    errors.NoReadableFile: 422,
    errors.DataFolderUnusable: 507,
    errors.DatabaseAway: 503,
    errors.DatabaseUnusable: 503,
    errors.IndexMissing: 409,
    errors.IndexBusy: 423,
    errors.ModelMismatch: 409,
    errors.ModelChanged: 409,
    errors.ModelDamaged: 503,
    errors.ProjectionDamaged: 503,
    errors.ModelServerFailed: 502,
    errors.UnknownJob: 404,
    errors.ExportUnusable: 422,
    errors.FileTooLarge: 413,
    errors.KeyRequired: 401,
    errors.NotAllowed: 403,
    errors.TooManyWrongKeys: 429,
    errors.NotReady: 503,
    errors.Overloaded: 503,
    errors.Abandoned: 499,
}


def _headers(status: int, seconds: int) -> dict[str, str]:
    waits = {503: {"Retry-After": str(seconds)}, 429: {"Retry-After": "60"}}
    return {**waits, 401: {"WWW-Authenticate": "Bearer"}}.get(status, {})


def problem(status: int, name: str, detail: str, hint: str = "", seconds: int = 1) -> JSONResponse:
    """A problem document: type, title, status, detail, and what to do about it; `seconds`: when to ask again."""
    document = body(status, name, detail, hint)
    return JSONResponse(document, status, _headers(status, seconds), media_type="application/problem+json")


def title_of(name: str) -> str:
    """The title of a problem from the name of its error: "Index busy" for IndexBusy."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def body(status: int, name: str, detail: str, hint: str = "") -> dict[str, Any]:
    """What a problem document holds."""
    title = title_of(name)
    slug = title.lower().replace(" ", "-")
    document = {"type": f"urn:renglon:{slug}", "title": title, "status": status, "detail": detail, "hint": hint}
    number = request_id.get()
    return document if number is None else {**document, "request_id": number}


def body_of(error: errors.RenglonError) -> dict[str, Any]:
    """The fields of a RenglonError's problem document."""
    return body(STATUS.get(type(error), 500), type(error).__name__, error.detail, error.hint)


def openai_form(status: int, name: str, detail: str, hint: str = "", param: str | None = None) -> dict[str, Any]:
    """An error as OpenAI's clients read it."""
    code = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": f"{detail} {hint}".strip(), "type": kind, "code": code, "param": param}}


def status_of(error: errors.RenglonError) -> tuple[int, str, str, str]:
    """Status, name, detail and hint of a RenglonError."""
    return STATUS.get(type(error), 500), type(error).__name__, error.detail, error.hint


def _said(
    request: Request, status: int, name: str, detail: str, hint: str, param: str | None = None, seconds: int = 1
) -> JSONResponse:
    """The error in the form that the route speaks."""
    if not request.url.path.startswith(OPENAI_PATHS):
        return problem(status, name, detail, hint, seconds)
    # OpenAI answers 400 where we answer 422; its clients' own classes of errors go by that.
    status = 400 if status == 422 else status
    return JSONResponse(openai_form(status, name, detail, hint, param), status, _headers(status, seconds))


def of_error(error: errors.RenglonError, request: Request | None = None) -> JSONResponse:
    """A RenglonError as a problem document, or in OpenAI's form on the routes that speak it."""
    seconds = _seconds(error)
    return _said(request, *status_of(error), None, seconds) if request else problem(*status_of(error), seconds)


def _seconds(error: errors.RenglonError) -> int:
    """When it is worth asking again."""
    return error.seconds if isinstance(error, errors.Overloaded) else 1


def install(app: FastAPI) -> None:
    """Make every error that leaves the app a problem document."""

    @app.exception_handler(errors.RenglonError)
    def _own(request: Request, error: errors.RenglonError) -> JSONResponse:
        param = "messages" if isinstance(error, errors.InvalidQuestion) else None
        return _said(request, *status_of(error), param, _seconds(error))

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        # Where and why, never the input itself: it may be huge, or not even encodable.
        reasons = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5]]
        param = next((".".join(map(str, e["loc"][1:])) for e in error.errors()[:1]), None)
        return _said(request, 422, "InvalidRequest", "; ".join(reasons), "GET /docs shows what is expected.", param)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 413:
            return _said(request, *_TOO_LARGE)
        model = error.status_code == 404 and request.url.path.startswith("/v1/models/")
        name = "ModelNotFound" if model else "HttpError"
        return _said(request, error.status_code, name, str(error.detail), "GET /docs lists the routes.")

    @app.exception_handler(Exception)
    def _unexpected(request: Request, error: Exception) -> JSONResponse:
        log.exception("unexpected error", exc_info=error)
        return _said(request, 500, "InternalError", "Something unexpected failed.", "The server's log says more.")

    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: _TooLarge(build())  # type: ignore[method-assign]


_TOO_LARGE = (413, "FileTooLarge", "The request is larger than this route takes.", "Send less at once.")


class _TooLarge:
    """Turns FastAPI's plain-text refusal of a body that is too large, sent before any handler runs, into a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def checked(message: Message) -> None:
            nonlocal replaced
            large = message["type"] == "http.response.start" and message["status"] == 413
            if large and b"problem" not in dict(message["headers"]).get(b"content-type", b""):
                replaced = True
                await _said(Request(scope), *_TOO_LARGE)(scope, receive, send)
            if not replaced:
                await send(message)

        await self._app(scope, receive, checked)
