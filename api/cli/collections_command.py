"""`renglon collections`: lists the collections, makes, changes and removes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from api.cli.console import Console
from api.cli.remote import Remote
from api.cli.sync_command import catalog_of
from index import collections
from index.collections import Collection
from index.ingest.uploads import remove_collection
from index.renglon import Renglon
from rag.errors import CalibrationUnusable, InvalidCollection
from rag.settings import Settings

WAIT_S = 10


def listed(settings: Settings) -> list[dict[str, Any]]:
    """All collections, read from the data folder: a running server is not disturbed."""
    with catalog_of(settings) as catalog:
        known = {one.name: one for one in collections.kept(catalog, settings)}
        counts = catalog.collections() if catalog else {}
        known = (collections.stored(catalog) if catalog else {}) | known
        return [_data(known.get(name, Collection(name)), counts.get(name, 0)) for name in sorted({*known, *counts})]


def _data(one: Collection, documents: int) -> dict[str, Any]:
    missing = [folder for folder in one.folders if not Path(folder).is_dir()]
    lists = {"folders": one.folders, "missing": missing, "include": one.include, "exclude": one.exclude}
    return {"name": one.name, "documents": documents, **lists, "calibrated": one.calibration is not None}


def change(
    what: str, settings: Settings, include: list[str] | None, exclude: list[str] | None, calibration: Path | None
) -> None:
    """Make a collection, NAME or NAME=FOLDER, or change the one of that name. Raises RenglonError."""
    name, equals, folder = what.partition("=")
    given: dict[str, Any] = {
        "include": None if include is None else tuple(filter(None, include)),
        "exclude": None if exclude is None else tuple(filter(None, exclude)),
        "folders": (collections.resolved(folder),) if equals else None,
        "calibration": _read(calibration) if calibration else None,
    }
    given = {field: value for field, value in given.items() if value is not None}
    if equals and not Path(given["folders"][0]).is_dir():
        raise InvalidCollection(f"There is no folder {folder}.", "Give the path of a folder: NAME=FOLDER")
    if remote := Remote.of(settings):
        if "folders" in given:
            raise remote.refuse("No route takes a path")
        remote.post_when_ready("/v1/collections", {"name": name, **given})
        return
    with Renglon(settings, "renglon collections", WAIT_S) as renglon, renglon.writable().writing:
        catalog = renglon.store.catalog
        collections.keep(catalog, replace(collections.stored(catalog).get(name, Collection(name)), **given))


def remove(name: str, settings: Settings, advance: Callable[[int, int], None]) -> int:
    """Take a collection out of the index; how many documents it had. Raises RenglonError."""
    if remote := Remote.of(settings):
        return int(remote.run(f"/v1/collections/{quote(name, safe='')}", advance, "DELETE")["removed"])
    with Renglon(settings, "renglon collections", WAIT_S) as renglon:
        collections.require_removable(renglon.store.catalog, name, settings)
        return remove_collection(renglon.writable(), name)


def _read(path: Path) -> dict[str, Any]:
    """A file of `renglon eval --calibrate`. Raises CalibrationUnusable."""
    try:
        data: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CalibrationUnusable(
            f"{path} can't be read: {error}.", "Make one with: renglon eval --calibrate FILE"
        ) from error
    return data


def show(found: list[dict[str, Any]], out: Console) -> None:
    """One line for each, with its folders."""
    for one in found:
        notes = [f"{one['documents']:,} documents", *one["folders"]]
        notes += [f"{folder} is gone" for folder in one["missing"]]
        notes += [f"--{kind} {glob}" for kind in ("include", "exclude") for glob in one[kind]]
        notes += ["own calibration"] if one["calibrated"] else []
        out.print(f"{one['name']}: {', '.join(notes)}", markup=False)
