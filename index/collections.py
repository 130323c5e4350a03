"""The collections of a data folder: what each keeps indexed, and how its answers are calibrated.

A document's own row says which collection it belongs to; this is the rest, kept in the catalogue's meta table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.records import DEFAULT_COLLECTION
from rag.errors import CollectionTaken, InvalidCollection, UnknownCollection
from rag.scope import Scope

if TYPE_CHECKING:  # the server answers /livez before LlamaIndex is loaded
    from index.storage.catalog import Catalog
    from rag.evidence.confidence import Calibration

NAME = re.compile(r"\w[\w.-]{0,63}")
MOST = 1000
_KEY = "collections"  # in the catalogue's meta table
_LISTED = 20  # names in an error


@dataclass(frozen=True)
class Collection:
    """A named part of the corpus: folders that are kept indexed, which files of them, and a calibration of its own.

    One without folders holds what is uploaded to it. `calibration` is what `renglon eval --calibrate` writes.
    """

    name: str
    folders: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    calibration: Mapping[str, Any] | None = None


def stored(catalog: Catalog) -> dict[str, Collection]:
    """The collections that were given a name, by name."""
    found = {}
    for one in json.loads(catalog.get(_KEY) or "[]"):
        lists = {field: tuple(one[field]) for field in ("folders", "include", "exclude")}
        found[one["name"]] = Collection(one["name"], calibration=one["calibration"], **lists)
    return found


def names(catalog: Catalog) -> list[str]:
    """The names of all collections that there are; the default one is among them when it has documents."""
    return sorted({*stored(catalog), *catalog.collections()})


def require_known(catalog: Catalog, wanted: Iterable[str]) -> None:
    """Raise UnknownCollection, which names those that there are, unless there are all of the wanted ones."""
    known = names(catalog)
    for name in wanted:
        if name not in known and name != DEFAULT_COLLECTION:
            listed = ", ".join(known[:_LISTED]) + (" …" if len(known) > _LISTED else "")
            raise UnknownCollection(
                f"There is no collection {name[:80]!r}.", f"There are: {listed}." if known else "There is none yet."
            )


def calibration_of_scope(catalog: Catalog, scope: Scope, reading: bool) -> Calibration | None:
    """The calibration of the one collection that a scope names; None where it has none, or for several."""
    from rag.evidence.confidence import calibration_of

    own = stored(catalog).get(scope.collection[0]) if len(set(scope.collection)) == 1 else None
    if own is None or own.calibration is None:
        return None
    return calibration_of(own.calibration, reading, f"of the collection {own.name}")


def checked_name(name: str) -> str:
    """The name, if a collection can have it. Raises InvalidCollection."""
    if not NAME.fullmatch(name):
        raise InvalidCollection(
            f"{name[:80]!r} can't be the name of a collection.",
            "Use up to 64 letters, digits, dots, hyphens and underscores, and begin with a letter or a digit.",
        )
    return name


def keep(catalog: Catalog, collection: Collection) -> None:
    """Store a collection, or change the one of that name. Raises InvalidCollection, CollectionTaken."""
    checked_name(collection.name)
    known = stored(catalog)
    if len(known) >= MOST and collection.name not in known:
        raise InvalidCollection(f"There are {MOST:,} collections, which is the limit.", "Remove one that is not used.")
    for other in known.values():
        if other.name != collection.name:
            require_apart(collection, other)
    _put(catalog, {**known, collection.name: collection})


def require_apart(one: Collection, other: Collection) -> None:
    """Raise CollectionTaken when two collections would index the same files."""
    for folder in map(Path, one.folders):
        for taken in map(Path, other.folders):
            if folder.is_relative_to(taken) or taken.is_relative_to(folder):
                same = "is" if folder == taken else "shares files with"
                raise CollectionTaken(
                    f"The folder {folder.name} of the collection {one.name} {same} {taken.name}, which belongs to the "
                    f"collection {other.name}.",
                    "Give each collection a folder of its own; to ask within a part of one, use globs (`files`).",
                )


def forget(catalog: Catalog, name: str) -> None:
    """Store it no longer; its documents are not touched."""
    _put(catalog, {key: one for key, one in stored(catalog).items() if key != name})


def _put(catalog: Catalog, collections: Mapping[str, Collection]) -> None:
    values = [asdict(collections[name]) for name in sorted(collections)]
    catalog.put(**{_KEY: json.dumps(values, ensure_ascii=False)})
