"""Files that were split in vain: what is known to be over a limit need not be split again at each sync."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from index.corpus.documents import TextLimits
from index.records import DEFAULT_COLLECTION
from index.storage.catalog import Catalog
from rag.errors import FileRefused

_KEY = "refused"  # in the catalogue's meta table; behind a space the name of another collection than the default
MOST = 1000


class Refusals:
    """The refusals of one sync, and those of the one before. They hold for the same bytes, limits and program."""

    def __init__(self, catalog: Catalog, limits: TextLimits, collection: str = DEFAULT_COLLECTION) -> None:
        self._catalog = catalog
        self._key = _KEY if collection == DEFAULT_COLLECTION else f"{_KEY} {collection}"
        self._rules = f"{limits.lines} {limits.sentences} {version('renglon')}"
        self._before: dict[str, list[str]] = {}
        self._now: dict[str, list[str]] = {}
        try:
            kept = json.loads(catalog.get(self._key) or "{}")
        except ValueError:
            kept = {}
        if isinstance(kept, dict) and kept.get("rules") == self._rules:
            self._before = kept["files"]

    @contextmanager
    def remembered(self, sha256: str) -> Iterator[None]:
        """Split a file, and remember that it was refused; one that is known to be refused is so at once."""
        if known := self._before.get(sha256):
            self._now[sha256] = known
            raise FileRefused(*known)
        try:
            yield
        except FileRefused as refusal:
            # What failed unexpectedly may succeed the next time; a limit is a limit.
            if refusal.__cause__ is None and len(self._now) < MOST:
                self._now[sha256] = [refusal.detail, refusal.hint]
            raise

    def keep(self) -> None:
        """Keep them for the next sync."""
        if self._now != self._before:
            self._catalog.put(**{self._key: json.dumps({"rules": self._rules, "files": self._now})})
