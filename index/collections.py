"""The collections of a data folder: what each keeps indexed, and how its answers are calibrated.

A document's own row says which collection it belongs to; this is the rest, kept in the catalogue's meta table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.corpus.globs import Globs
from index.records import DEFAULT_COLLECTION
from rag.errors import CollectionTaken, InvalidCollection, UnknownCollection
from rag.scope import Scope

if TYPE_CHECKING:  # the server answers /livez before LlamaIndex is loaded
    from index.storage.catalog import Catalog
    from rag.evidence.confidence import Calibration
    from rag.settings import Settings

NAME = re.compile(r"\w[\w.-]{0,63}")
MOST = 1000
OPEN = "*"  # in place of a name: requests may choose folders within this one
_KEY = "collections"  # in the catalogue's meta table
_LISTED = 20  # names in an error
_PARTS = ("with_reader", "without_reader")  # of a calibration


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

    def globs(self, settings: Settings) -> Globs:
        """Which files are indexed: by its own globs, or else by those of the settings."""
        return Globs.parse(self.include or settings.include, self.exclude or settings.exclude)

    @property
    def paths(self) -> list[Path]:
        """Its folders."""
        return [Path(folder) for folder in self.folders]


def stored(catalog: Catalog) -> dict[str, Collection]:
    """The collections that were given a name, by name."""
    found = {}
    for one in json.loads(catalog.get(_KEY) or "[]"):
        lists = {field: tuple(one[field]) for field in ("folders", "include", "exclude")}
        found[one["name"]] = Collection(one["name"], calibration=one["calibration"], **lists)
    return found


def declared(settings: Settings) -> list[Collection]:
    """The collections that the settings name. Raises InvalidCollection."""
    folders: dict[str, list[str]] = {}
    for name, folder in _pairs(settings):
        if name != OPEN:
            folders.setdefault(checked_name(name), []).append(resolved(folder))
    found = [Collection(name, tuple(dict.fromkeys(own))) for name, own in folders.items()]
    for n, one in enumerate(found):
        for other in found[:n]:
            require_apart(one, other)
    return found


def open_to_requests(settings: Settings) -> Path | None:
    """The folder within which requests may choose folders; None where they may choose none."""
    return next((Path(resolved(folder)) for name, folder in _pairs(settings) if name == OPEN), None)


def _pairs(settings: Settings) -> Iterator[tuple[str, str]]:
    text = settings.collections
    for pair in filter(None, map(str.strip, text.splitlines() if "\n" in text else text.split(","))):
        name, equals, folder = (part.strip() for part in pair.partition("="))
        if not equals or not folder:
            raise InvalidCollection(f"{pair[:80]!r} is no NAME=FOLDER.", "Give each collection a name and a folder.")
        yield name, folder


def resolved(folder: str | Path) -> str:
    """A folder as it is stored."""
    return str(Path(folder).expanduser().resolve())


def declare(catalog: Catalog, settings: Settings) -> None:
    """Store the collections that the settings name. Raises InvalidCollection, CollectionTaken."""
    known = stored(catalog)
    for one in declared(settings):
        before = known.get(one.name)
        if before is None or before.folders != one.folders:
            keep(catalog, replace(before or one, folders=one.folders))
    kept(catalog, settings)


def kept(catalog: Catalog | None, settings: Settings) -> list[Collection]:
    """The collections with folders that are kept indexed: those of the catalogue, if there is one, and of the settings.

    The folder of RENGLON_CORPUS, which comes first, is the default collection; where others have folders it counts only
    when it was set. Raises InvalidCollection, CollectionTaken.
    """
    known = stored(catalog) if catalog else {}
    for one in declared(settings):
        known[one.name] = replace(known.get(one.name, one), folders=one.folders)
    found = [known[name] for name in sorted(known) if known[name].folders]
    if found and "corpus" not in settings.model_fields_set:
        return found
    default = Collection(DEFAULT_COLLECTION, (resolved(settings.corpus),))
    for one in found:
        require_apart(default, one)
    return [default, *found]


def chosen(catalog: Catalog, collections: Sequence[Collection], wanted: Sequence[str]) -> list[Collection]:
    """Those of the collections that are kept indexed which are wanted; all where no name is given.

    Raises UnknownCollection; InvalidCollection for one without a folder.
    """
    found = [one for one in collections if not wanted or one.name in wanted]
    if missing := [name for name in wanted if name not in {one.name for one in found}]:
        require_known(catalog, missing)
        raise InvalidCollection(
            f"The collection {missing[0]} has no folder to be synced.", "It holds what is uploaded to it."
        )
    return found


def completed(catalog: Catalog, scope: Scope) -> Scope:
    """A scope that names no collection names the only one that there is, where that one has its own calibration."""
    if scope.collection:
        return scope
    calibrated = [one.name for one in stored(catalog).values() if one.calibration]
    return replace(scope, collection=tuple(calibrated)) if calibrated and names(catalog) == calibrated else scope


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
    if own is None or own.calibration is None or _PARTS[0 if reading else 1] not in own.calibration:
        return None
    return calibration_of(own.calibration, reading, f"of the collection {own.name}")


def checked_name(name: str) -> str:
    """The name, if a collection can have it. Raises InvalidCollection."""
    if name == DEFAULT_COLLECTION:
        raise InvalidCollection(
            f"{name} is the collection of everything that belongs to no other one.", "Give the collection another name."
        )
    if not NAME.fullmatch(name):
        raise InvalidCollection(
            f"{name[:80]!r} can't be the name of a collection.",
            "Use up to 64 letters, digits, dots, hyphens and underscores, and begin with a letter or a digit.",
        )
    return name


def keep(catalog: Catalog, collection: Collection) -> None:
    """Store a collection, or change the one of that name.

    Raises InvalidCollection, CollectionTaken, CalibrationUnusable.
    """
    checked_name(collection.name)
    if collection.calibration is not None:
        collection = replace(collection, calibration=_usable(collection))
    known = stored(catalog)
    if len(known) >= MOST and collection.name not in known:
        raise InvalidCollection(f"There are {MOST:,} collections, which is the limit.", "Remove one that is not used.")
    for other in known.values():
        if other.name != collection.name:
            require_apart(collection, other)
    _put(catalog, {**known, collection.name: collection})


def require_free(catalog: Catalog, folders: Iterable[Path]) -> None:
    """Raise CollectionTaken when folders that are to be synced without a name belong to a named collection."""
    for folder in folders:
        for other in stored(catalog).values():
            require_apart(Collection(DEFAULT_COLLECTION, (resolved(folder),)), other)


def _usable(collection: Collection) -> dict[str, Any]:
    """What is needed of its calibration: of each part that it has, without the figures. Raises CalibrationUnusable."""
    from rag.evidence.confidence import calibration_of

    data = collection.calibration or {}
    parts = {part: part == "with_reader" for part in _PARTS if part in data} or {"with_reader": True}
    source = f"of the collection {collection.name}"
    return {part: asdict(calibration_of(data, reading, source)) for part, reading in parts.items()}


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


def require_removable(catalog: Catalog, name: str, settings: Settings) -> None:
    """Raise CollectionTaken or UnknownCollection for one that can't be removed."""
    require_known(catalog, [name])
    if name == DEFAULT_COLLECTION or name in {one.name for one in declared(settings)}:
        named = "RENGLON_CORPUS" if name == DEFAULT_COLLECTION else "RENGLON_COLLECTIONS or the command line"
        raise CollectionTaken(f"The collection {name} belongs to the settings.", f"Change {named} first.")


def forget(catalog: Catalog, name: str) -> None:
    """Store it no longer; its documents are not touched."""
    _put(catalog, {key: one for key, one in stored(catalog).items() if key != name})


def _put(catalog: Catalog, collections: Mapping[str, Collection]) -> None:
    values = [asdict(collections[name]) for name in sorted(collections)]
    catalog.put(**{_KEY: json.dumps(values, ensure_ascii=False)})
