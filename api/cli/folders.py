"""The folders that a command is given: FOLDER, or NAME=FOLDER for a collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from rag.settings import Settings


def told_apart(folders: list[str] | None) -> tuple[list[str], list[str]]:
    """Folders without a name, and NAME=FOLDER; a folder may have an equals sign in its own name."""
    named = [one for one in folders or [] if "=" in one and "/" not in one.split("=")[0] and not Path(one).is_dir()]
    return [one for one in folders or [] if one not in named], named


def pairs(named: list[str]) -> str | None:
    """The setting that names these collections: one a line, since a path may have a comma."""
    return "\n".join(["", *named]) if named else None


def to_keep(folders: list[str] | None, **overrides: Any) -> Settings:
    """Settings with the folders that are to be kept indexed. Raises InvalidCollection, CollectionTaken."""
    from index.collections import declared

    plain, named = told_apart(folders)
    if len(plain) > 1:
        raise typer.BadParameter("Give one folder, or a name for each: NAME=FOLDER")
    values = {"corpus": Path(plain[0]) if plain else None, "collections": pairs(named), **overrides}
    settings = Settings(**{key: value for key, value in values.items() if value is not None})
    declared(settings)
    return settings
