"""Which files of a folder are wanted: include and exclude globs over paths within it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Globs:
    """A path is wanted when it matches one of `include` (or there is none) and none of `exclude`.

    `*` and `?` stay within a folder's name, `**` crosses folders. A glob without a slash is compared with the file's
    name and with the name of each folder above it; one with a slash with the path from the corpus folder on. A glob
    that matches a folder matches all below it.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @classmethod
    def parse(cls, include: str | Iterable[str], exclude: str | Iterable[str]) -> Globs:
        """From lists, or from texts with commas, as the settings have them."""
        return cls(_listed(include), _listed(exclude))

    def admits(self, path: str) -> bool:
        """Whether a path within the corpus, with forward slashes, is wanted."""
        if self.include and not any(_matches(glob, path) for glob in self.include):
            return False
        return not any(_matches(glob, path) for glob in self.exclude)


def _listed(globs: str | Iterable[str]) -> tuple[str, ...]:
    parts = globs.split(",") if isinstance(globs, str) else globs
    return tuple(glob.strip() for glob in parts if glob.strip())


def _matches(glob: str, path: str) -> bool:
    names = path.split("/")
    if "/" not in glob.rstrip("/"):
        candidates = names[:-1] if glob.endswith("/") else names
        return any(_pattern(glob.rstrip("/")).fullmatch(name) for name in candidates)
    whole = _pattern(glob.strip("/"))
    ends = range(1, len(names) if glob.endswith("/") else len(names) + 1)
    return any(whole.fullmatch("/".join(names[:end])) for end in ends)


@lru_cache(1024)  # requests bring globs, too
def _pattern(glob: str) -> re.Pattern[str]:
    tokens = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(tokens.get(piece, re.escape(piece)) for piece in pieces), re.DOTALL)
