"""The routes of collections: named parts of the corpus, each with folders, globs and a calibration of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.errors import PROBLEM
from api.http.routes import Served
from api.http.schemas import MOST_GLOBS, NAME_CHARS, Globs
from api.job_info import JobInfo
from api.service import Service
from api.threads import in_threads
from index import collections
from index.collections import Collection
from index.records import DEFAULT_COLLECTION
from rag.errors import CorpusNotFound, NotAllowed

MOST_FOLDERS = 100
router = APIRouter(tags=["collections"])
_REFUSALS: dict[int | str, dict[str, Any]] = {
    409: {"description": "A folder belongs to another collection, or the settings name the collection.", **PROBLEM},
    422: {"description": "The request can't be used; `detail` says why.", **PROBLEM},
    423: {"description": "Another process writes the index, or too many jobs are waiting.", **PROBLEM},
    503: {"description": "The service is still starting.", **PROBLEM},
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "No such collection or folder.", **PROBLEM}}


class CollectionRequest(BaseModel):
    """A collection to be made, or changes of one: what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "leyes", "folders": ["leyes"]}]})
    name: Annotated[str, Field(max_length=NAME_CHARS)]
    folders: list[Annotated[str, Field(min_length=1, max_length=4096)]] | None = Field(
        None,
        max_length=MOST_FOLDERS,
        description="Folders to keep indexed, within the one that requests may choose from.",
    )
    include: Globs | None = Field(None, max_length=MOST_GLOBS, description="Only files that match one are indexed.")
    exclude: Globs | None = Field(None, max_length=MOST_GLOBS, description="Files that match one are not indexed.")
    calibration: dict[str, Any] | None = Field(None, description="What `renglon eval --calibrate` wrote; {}: none.")


class CollectionInfo(BaseModel):
    """A collection."""

    name: str
    documents: int
    folders: list[str] = Field(description="Names of the folders that are kept indexed; uploads need none.")
    missing: list[str] = Field(description="Those of them that are gone; their documents still answer.")
    include: list[str]
    exclude: list[str]
    calibrated: bool = Field(description="Whether it has a calibration of its own.")
    job: str | None = Field(None, description="The sync that brings in its files, where one was begun.")


class CollectionList(BaseModel):
    """All collections, by name."""

    collections: list[CollectionInfo]
    index_version: int


@router.get("/v1/collections", responses={503: _REFUSALS[503]})
@in_threads("reading")
def listed(service: Served) -> CollectionList:
    """All collections; the one of what belongs to no other is called `default`."""
    catalog = service.catalog
    known = collections.stored(catalog) | {one.name: one for one in collections.kept(catalog, service.settings)}
    counts = catalog.collections()
    infos = [_info(known.get(name, Collection(name)), counts.get(name, 0)) for name in sorted({*known, *counts})]
    return CollectionList(collections=infos, index_version=catalog.generation)


@router.post("/v1/collections", status_code=201, responses={**_REFUSALS, **_UNKNOWN, 200: {"model": CollectionInfo}})
@in_threads("writing")
def put(body: CollectionRequest, response: Response, service: Served) -> CollectionInfo:
    """Make a collection, or change the one of that name (200). Its folders are then synced, as a job.

    A collection without folders holds what is uploaded to it. 403 for a folder that requests may not
    choose: `*=FOLDER` in RENGLON_COLLECTIONS allows those within one.
    """
    catalog, settings = service.renglon.writable().catalog, service.settings
    with service.renglon.writable().writing:
        before = collections.stored(catalog).get(body.name)
        wanted = _changed(before or Collection(body.name), body, service)
        if wanted.folders:  # it could share files with the folder of the settings, which is not stored
            default = next((one for one in collections.kept(catalog, settings) if one.name == DEFAULT_COLLECTION), None)
            collections.require_apart(wanted, default or Collection(DEFAULT_COLLECTION))
        collections.keep(catalog, wanted)
    if before is not None:
        response.status_code = 200
    info = _info(wanted, catalog.collections().get(wanted.name, 0))
    return info.model_copy(update={"job": service.desk.sync([wanted.name]).id}) if wanted.folders else info


@router.delete("/v1/collections/{name}", status_code=202, responses={**_REFUSALS, **_UNKNOWN})
@in_threads("writing")
def remove(name: str, service: Served) -> JobInfo:
    """Take a collection and its documents out of the index, as a job. Files of folders stay on the disk.

    409 for the default collection and for those that the settings name.
    """
    collections.require_removable(service.renglon.writable().catalog, name, service.settings)
    return service.desk.remove_collection(name)


def _changed(before: Collection, body: CollectionRequest, service: Service) -> Collection:
    given: dict[str, Any] = {
        name: tuple(value) for name in ("include", "exclude") if (value := getattr(body, name)) is not None
    }
    if body.folders is not None:
        given["folders"] = tuple(dict.fromkeys(_allowed(folder, service) for folder in body.folders))
    if body.calibration is not None:
        given["calibration"] = body.calibration or None
    return replace(before, **given)


def _allowed(folder: str, service: Service) -> str:
    """A folder that a request may choose. Raises NotAllowed, CorpusNotFound."""
    root = collections.open_to_requests(service.settings)
    found = None if root is None or "\0" in folder else (root / folder).resolve()
    if root is None or found is None or not found.is_relative_to(root.resolve()):
        raise NotAllowed(
            f"A request can't choose the folder {folder[:80]!r}.",
            "Allow those within a folder with *=FOLDER in RENGLON_COLLECTIONS, or run: renglon collections NAME=FOLDER",
        )
    if not found.is_dir():
        raise CorpusNotFound(
            f"There is no folder {folder[:80]!r}.", "Give one within the folder that requests may choose from."
        )
    return str(found)


def _info(one: Collection, documents: int) -> CollectionInfo:
    folders = [Path(folder) for folder in one.folders]
    return CollectionInfo(
        name=one.name, documents=documents, folders=[folder.name for folder in folders],
        missing=[folder.name for folder in folders if not folder.is_dir()], include=list(one.include),
        exclude=list(one.exclude), calibrated=one.calibration is not None,
    )  # fmt: skip
