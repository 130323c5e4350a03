"""Data folders that tests copy rather than embed again."""

from __future__ import annotations

import shutil
from pathlib import Path


def copied(data: Path, into: Path) -> Path:
    """A copy of a data folder that was closed properly, times of its files included: it still counts as closed so."""
    return Path(shutil.copytree(data, into / "data"))
