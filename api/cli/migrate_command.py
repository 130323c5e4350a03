"""`renglon migrate`: moves the index from the data folder to a database, or back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from index.follower import open_to_examine
from index.migrate import SCHEMES, migrate
from index.renglon import database_of
from rag.errors import MigrationFailed
from rag.settings import Settings

WAIT_S = 10


def run(to: str, settings: Settings, advance: Callable[[int, int], None]) -> dict[str, Any]:
    """Move the index that the settings name; what was moved. A database that is the target is not the source."""
    url = database_of(settings)
    source = None if url == to else url
    if source is None and not to.startswith(SCHEMES) and Path(to).resolve() == settings.data_dir.resolve():
        raise MigrationFailed(
            "The index is in that folder already.", "Set RENGLON_DATABASE_URL to the database that it is to come from."
        )
    with open_to_examine(settings.data_dir, "renglon migrate", WAIT_S, settings.chroma_url, source) as store:
        return asdict(migrate(store, to, advance))
