"""The routes that change the index, those that follow long work, and the check of old citations."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, File, Request, Response, UploadFile

from api.http import forms
from api.http.events import event, streamed
from api.http.forms import JobInfo, Uploaded, UploadResult
from api.http.routes import Served
from index.corpus.documents import printable
from rag.errors import FileRefused, FileTooLarge
from rag.recheck import check
from rag.settings import Settings

FILES = 10  # files of the largest size that fit into one upload
_PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {}}}
_WRITE: dict[int | str, dict[str, Any]] = {
    409: {"description": "Not possible with this index; `detail` says why.", **_PROBLEM},
    422: {"description": "The request can't be used; `detail` says why.", **_PROBLEM},
    503: {"description": "The service is still starting.", **_PROBLEM},
    507: {"description": "The data folder's disk is full.", **_PROBLEM},
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "No such document.", **_PROBLEM}}
_JOB: dict[int | str, dict[str, Any]] = {
    423: {"description": "Too many jobs are waiting.", **_PROBLEM},
    503: _WRITE[503],
}


def router(settings: Settings) -> APIRouter:
    """The routes; how large a body may be follows from the settings."""
    routes = APIRouter()
    body = settings.max_file_bytes * FILES + 1_000_000
    limits: Any = {"max_files": 1000, "max_fields": 10}
    routes.post(
        "/v1/documents", status_code=201, tags=["documents"], max_body_size=body, form_limits=limits,
        responses={**_WRITE, 200: {"model": Uploaded, "description": "Nothing changed."}},
    )(upload)  # fmt: skip
    routes.put(
        "/v1/documents/{document_id}", tags=["documents"], max_body_size=body // FILES + 1_000_000,
        responses={**_WRITE, **_UNKNOWN}, form_limits=limits,
    )(replace)  # fmt: skip
    routes.delete("/v1/documents/{document_id}", status_code=204, tags=["documents"], responses={**_WRITE, **_UNKNOWN})(
        delete
    )
    routes.post("/v1/index/sync", status_code=202, tags=["index"], responses=_JOB)(sync)
    routes.post("/v1/index/rebuild", status_code=202, tags=["index"], responses=_JOB)(rebuild)
    routes.post("/v1/index/reembed", status_code=202, tags=["index"], responses=_JOB)(reembed)
    routes.post("/v1/index/purge", status_code=202, tags=["index"], responses=_JOB)(purge)
    routes.get(
        "/v1/jobs/{job_id}", tags=["index"],
        responses={200: {"content": {"text/event-stream": {}}}, 404: {"description": "No such job.", **_PROBLEM}},
        response_model=JobInfo,
    )(job)  # fmt: skip
    routes.post("/v1/citations/verify", tags=["ask"], responses={422: _WRITE[422], 503: _WRITE[503]})(verify)
    return routes


def upload(
    files: Annotated[list[UploadFile], File(description="Text or Markdown files; the field may be repeated.")],
    response: Response,
    service: Served,
) -> Uploaded:
    """Index one or several files, under their names.

    What an earlier upload of the same name held is replaced. 201 when anything was added or changed, 200 when nothing
    was; files that can't be indexed are named with the reason, and 422 (or 413) when there is no other. What the
    answer names can be cited at once and is kept whatever happens to the process.
    """
    uploads = service.desk.uploads()
    results: list[UploadResult] = []
    refusal: FileRefused | FileTooLarge | None = None
    taken: set[str] = set()
    for file in files:
        shown = printable(file.filename or "")[:200]
        try:
            saved = uploads.save(_unique(file.filename or "", taken), _read(file, service.settings))
        except (FileRefused, FileTooLarge) as error:
            refusal = error
            results.append(UploadResult(name=shown, result="refused", reason=str(error)))
            continue
        results.append(
            UploadResult(
                name=shown, result=saved.result, id=saved.id, file=saved.file, sha256=saved.sha256, reason=None
            )
        )
    if refusal and all(result.result == "refused" for result in results):
        raise (
            refusal
            if len(results) == 1
            else FileRefused(
                " ".join(f"{result.name}: {result.reason}" for result in results[:20]), "Nothing was indexed."
            )
        )
    if not any(result.result in ("added", "changed") for result in results):
        response.status_code = 200
    return Uploaded(files=results, index_version=service.catalog.generation)


def _unique(name: str, taken: set[str]) -> str:
    from index.ingest.uploads import display_name

    shown = display_name(name)
    if shown in taken:
        raise FileRefused(f"Two files of this request are named {shown}.", "Rename one.")
    taken.add(shown)
    return shown


def _read(file: UploadFile, settings: Settings) -> bytes:
    """A file's bytes, at most one more than what is allowed: enough to be refused."""
    return file.file.read(settings.max_file_bytes + 1)


def replace(
    document_id: str, file: Annotated[UploadFile, File(description="The new content.")], service: Served
) -> UploadResult:
    """Give an uploaded document new content; it keeps its id and name.

    409 for a document of a folder that is kept indexed: there the file is what counts.
    """
    saved = service.desk.uploads().replace(document_id, _read(file, service.settings))
    shown = printable(file.filename or "")[:200]
    return UploadResult(name=shown, result=saved.result, id=saved.id, file=saved.file, sha256=saved.sha256, reason=None)


def delete(document_id: str, service: Served) -> None:
    """Delete an uploaded document: no answer cites it from now on.

    409 for a document of a folder that is kept indexed: the next sync would bring it back.
    """
    service.desk.uploads().delete(document_id)


def sync(service: Served) -> JobInfo:
    """Bring the corpus folder's changes into the index; answers with a job to follow."""
    return service.desk.sync()


def rebuild(service: Served) -> JobInfo:
    """Make both search indexes anew from the catalogue, without embedding; answers with a job to follow."""
    return service.desk.rebuild()


def reembed(service: Served) -> JobInfo:
    """Embed everything with the model that is set now, then switch to it; answers with a job to follow."""
    return service.desk.reembed()


def purge(service: Served) -> JobInfo:
    """Take the bytes of what was deleted off the disk; answers with a job to follow."""
    return service.desk.purge()


def job(job_id: str, request: Request, service: Served) -> Any:
    """A job as it is now; with Accept: text/event-stream each step of it, as events `job`, until its end."""
    found = service.jobs.get(job_id)
    if "text/event-stream" not in request.headers.get("accept", ""):
        return found
    return streamed(_events(service.jobs.follow(job_id)))


async def _events(jobs: AsyncIterator[JobInfo]) -> AsyncIterator[str]:
    async for step in jobs:
        yield event(step.model_dump(), "job")


def verify(body: forms.VerifyRequest, service: Served) -> forms.Verified:
    """Check citations of older answers against what is indexed now.

    `valid`: the quote stands as cited; `moved`: it stands at other lines, which are given; `stale`: it is gone.
    """
    catalog = service.catalog
    checks = []
    for claim in body.citations:
        stored = catalog.text(claim.document_id)
        place = check(claim, stored)
        file = catalog.document(claim.document_id).file if stored else None
        now = {"file": file, "file_sha256": stored[1] if stored else None}
        checks.append(forms.CitationCheck(**dataclasses.asdict(place), **now))
    return forms.Verified(citations=checks, index_version=catalog.generation)
