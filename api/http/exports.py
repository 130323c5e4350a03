"""The route that turns answers into a file: what was answered before, as the client kept it."""

from __future__ import annotations

from typing import Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from api.errors import PROBLEM
from api.exports.formats import KINDS, Format, export
from api.exports.record import MOST_ANSWERS, answers_of
from api.threads import limiter

MAX_BODY_BYTES = 50_000_000  # 10,000 answers of 5 kB
_FILES: dict[str, Any] = {kind.media_type.split(";")[0]: {} for kind in KINDS.values()}
router = APIRouter()


class ExportRequest(BaseModel):
    """Answers, and the format of the file."""

    format: Literal["markdown", "html", "csl", "bibtex", "json"] = Field(
        description="markdown, html, csl (CSL-JSON), bibtex, or json for `renglon verify`."
    )
    answers: list[Any] = Field(
        min_length=1, max_length=MOST_ANSWERS, description="Answers as /v1/query gave them; passages may be left out."
    )


_BODY = {"required": True, "content": {"application/json": {"schema": ExportRequest.model_json_schema()}}}


@router.post(
    "/v1/exports", tags=["ask"], max_body_size=MAX_BODY_BYTES, response_class=Response,
    responses={200: {"content": _FILES}, 422: {"description": "One of them is no answer.", **PROBLEM}},
    openapi_extra={"requestBody": _BODY},
)  # fmt: skip
async def exports(request: Request) -> Response:
    """Make a file of answers: with footnotes, with the quotes inside, for a reference manager, or to be checked."""
    # A long conversation is read in a thread: the framework would read it in the event loop.
    return await to_thread.run_sync(_file, await request.body(), limiter=limiter("reading"))


def _file(raw: bytes) -> Response:
    try:
        body = ExportRequest.model_validate_json(raw)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from error
    form = Format(body.format)
    kind = KINDS[form]
    headers = {"Content-Disposition": f'attachment; filename="renglon.{kind.suffix}"'}
    return Response(export(answers_of(body.answers), form), media_type=kind.media_type, headers=headers)
