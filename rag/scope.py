"""Which documents may answer a question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """Files that match one of the globs, published within a time, in a language; all of it where nothing is said.

    Dates are ISO dates, both inclusive. A document whose date or language is not known is in no scope that names one.
    """

    files: tuple[str, ...] = ()
    published_after: str | None = None
    published_before: str | None = None
    language: str | None = None

    def __bool__(self) -> bool:
        return self != Scope()
