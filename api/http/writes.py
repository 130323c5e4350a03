"""The routes that change the index, those that follow long work, and the check of old citations."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import IO, Annotated, Any

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from api.errors import PROBLEM
from api.http import forms
from api.http.events import event, streamed
from api.http.forms import Uploaded, UploadResult
from api.http.routes import Served
from api.http.schemas import Name, Wanted
from api.job_info import JobInfo
from api.jobs import Advance
from api.service import Service
from api.shared_jobs import SharedJobs
from api.threads import in_threads
from api.uploading import Sources, index_files
from index.collections import require_known
from index.corpus.documents import printable
from index.records import DEFAULT_COLLECTION
from rag.errors import FileRefused
from rag.recheck import check
from rag.settings import Settings

FILES = 10  # files of the largest size that fit into one upload
AT_ONCE_BYTES = 200_000  # embedded in some seconds; a larger upload becomes a job, since clients don't wait for minutes
_WRITE: dict[int | str, dict[str, Any]] = {
    409: {"description": "Not possible with this index; `detail` says why.", **PROBLEM},
    422: {"description": "The request can't be used; `detail` says why.", **PROBLEM},
    503: {"description": "The service is still starting.", **PROBLEM},
    507: {"description": "The data folder's disk is full.", **PROBLEM},
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "No such document.", **PROBLEM}}
_NO_COLLECTION: dict[int | str, dict[str, Any]] = {404: {"description": "No such collection.", **PROBLEM}}
_JOB: dict[int | str, dict[str, Any]] = {
    423: {"description": "Too many jobs are waiting.", **PROBLEM},
    503: _WRITE[503],
}


def router(settings: Settings) -> APIRouter:
    """The routes; the settings decide how large a body may be."""
    routes = APIRouter()
    body = settings.max_file_bytes * FILES + 1_000_000
    limits: Any = {"max_files": 1000, "max_fields": 10}
    routes.post(
        "/v1/documents", status_code=201, tags=["documents"], max_body_size=body, form_limits=limits,
        response_model=Uploaded,
        responses={
            **_WRITE, **_NO_COLLECTION, 200: {"model": Uploaded, "description": "Nothing changed."}, 423: _JOB[423],
            202: {"model": JobInfo, "description": "A large upload: a job to follow, whose report is this answer."},
        },
    )(upload)  # fmt: skip
    routes.put(
        "/v1/documents/{document_id}", tags=["documents"], max_body_size=body // FILES + 1_000_000,
        responses={**_WRITE, **_UNKNOWN}, form_limits=limits,
    )(replace)  # fmt: skip
    routes.delete("/v1/documents/{document_id}", status_code=204, tags=["documents"], responses={**_WRITE, **_UNKNOWN})(
        delete
    )
    routes.post("/v1/index/sync", status_code=202, tags=["index"], responses={**_JOB, **_NO_COLLECTION})(sync)
    routes.post("/v1/index/rebuild", status_code=202, tags=["index"], responses=_JOB)(rebuild)
    routes.post("/v1/index/reembed", status_code=202, tags=["index"], responses=_JOB)(reembed)
    routes.post("/v1/index/purge", status_code=202, tags=["index"], responses=_JOB)(purge)
    routes.get(
        "/v1/jobs/{job_id}", tags=["index"],
        responses={200: {"content": {"text/event-stream": {}}}, 404: {"description": "No such job.", **PROBLEM}},
        response_model=JobInfo,
    )(job)  # fmt: skip
    routes.post("/v1/citations/verify", tags=["ask"], responses={422: _WRITE[422], 503: _WRITE[503]})(verify)
    return routes


@in_threads("writing")
def upload(
    files: Annotated[list[UploadFile], File(description="Text or Markdown files; the field may be repeated.")],
    response: Response,
    service: Served,
    collection: Annotated[Name, Query(description="The collection that they are put into.")] = DEFAULT_COLLECTION,
) -> Any:
    """Index one or several files, under their names.

    An earlier upload of the same name is replaced. 201 when anything was added or changed, 200 when nothing was; files
    that can't be indexed are named with the reason, and 422 (or 413) when there is no other. What the answer names can
    be cited at once and is kept whatever happens to the process. 202 for more than 200,000 bytes: they are indexed as
    a job, whose report is then this answer.
    """
    require_known(service.catalog, [collection])
    limit = service.settings.max_file_bytes
    sources = [(file.filename or "", file.file) for file in files]
    if sum(file.size or 0 for file in files if (file.size or 0) <= limit) > AT_ONCE_BYTES:
        return JSONResponse(_as_job(sources, service, collection).model_dump(), 202)
    results, refusal = index_files(sources, service.desk.uploads(), limit, collection)
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


def _as_job(sources: Sources, service: Service, collection: str) -> JobInfo:
    """Queue the indexing of files, or rather of copies: a request's own files go when it is answered."""
    from index.storage.disk import disk_errors

    _, limit = service.renglon, service.settings.max_file_bytes  # raises NotReady before anything is copied
    if isinstance(service.jobs, SharedJobs):
        files = [(name, file.read(limit + 1)) for name, file in sources]
        return service.jobs.submit("upload", {"call": "files", "options": {"collection": collection}}, files)
    copies, kept = ExitStack(), list[tuple[str, IO[bytes]]]()

    def work(advance: Advance) -> dict[str, Any]:
        with copies:
            results, _ = index_files(kept, service.desk.uploads(), limit, collection, lambda: advance(0, 0))
        return Uploaded(files=results, index_version=service.catalog.generation).model_dump()

    try:
        with disk_errors():
            for name, file in sources:
                copy = tempfile.TemporaryFile(dir=service.settings.data_dir)  # noqa: SIM115
                copies.callback(copy.close)
                shutil.copyfileobj(file, copy)
                copy.seek(0)
                kept.append((name, copy))
        return service.jobs.submit("upload", work)
    except BaseException:
        copies.close()
        raise


@in_threads("writing")
def replace(
    document_id: str, file: Annotated[UploadFile, File(description="The new content.")], service: Served
) -> UploadResult:
    """Give an uploaded document new content; it keeps its id and name.

    409 for a document of a folder that is kept indexed: there the file is what counts.
    """
    saved = service.desk.uploads().replace(document_id, file.file.read(service.settings.max_file_bytes + 1))
    shown = printable(file.filename or "")[:200]
    return UploadResult(
        name=shown, result=saved.result, id=saved.id, file=saved.file, sha256=saved.sha256, reason=saved.note
    )


@in_threads("writing")
def delete(document_id: str, service: Served) -> None:
    """Delete an uploaded document: no answer cites it from now on.

    409 for a document of a folder that is kept indexed: the next sync would bring it back.
    """
    service.desk.uploads().delete(document_id)


@in_threads("reading")
def sync(service: Served, collection: Wanted = None) -> JobInfo:
    """Bring the folders' changes into the index, of some collections or of all; answers with a job to follow.

    A collection whose folder is gone is named under `failed` in the report, and the others go on.
    """
    require_known(service.catalog, collection or [])
    return service.desk.sync(collection or [])


async def rebuild(service: Served) -> JobInfo:
    """Rebuild both search indexes from the catalogue, without embedding; answers with a job to follow."""
    return service.desk.rebuild()


async def reembed(service: Served) -> JobInfo:
    """Embed everything with the model that is set now, then switch to it; answers with a job to follow."""
    return service.desk.reembed()


async def purge(service: Served) -> JobInfo:
    """Remove what was deleted from the disk; answers with a job to follow."""
    return service.desk.purge()


async def job(job_id: str, request: Request, service: Served) -> Any:
    """A job as it is now; with Accept: text/event-stream each step of it, as events `job`, until its end."""
    jobs = service.batches if service.batches.knows(job_id) else service.jobs
    found = jobs.get(job_id)
    if "text/event-stream" not in request.headers.get("accept", ""):
        return found
    return streamed(_events(jobs.follow(job_id)))


async def _events(jobs: AsyncIterator[JobInfo]) -> AsyncIterator[str]:
    async for step in jobs:
        yield event(step.model_dump(), "job")


@in_threads("reading")
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
