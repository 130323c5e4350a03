"""Which documents may answer a question."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Scope:
    """Files that match one of the globs, published within a time, in a language, of some collections, some documents
    by their ids; all of it where nothing is said.

    Dates are ISO dates, both inclusive. A document whose date or language is not known is in no scope that names one.
    """

    files: tuple[str, ...] = ()
    published_after: str | None = None
    published_before: str | None = None
    language: str | None = None
    collection: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Scope()

    @property
    def given(self) -> dict[str, Any]:
        """What it says, by name: the fields of a request that ask within it."""
        return {name: value for name, value in asdict(self).items() if value}
