"""Room on the disk: asked for before anything is written, since a full disk costs Chroma what it acknowledged."""

from __future__ import annotations

import shutil
from pathlib import Path

from rag.errors import DataFolderUnusable

SPARE_BYTES = 32_000_000  # what SQLite, Chroma and tantivy take for a moment on top of what they keep


def require_space(folder: Path, bytes_needed: int) -> None:
    """Raise DataFolderUnusable unless the disk of a folder has room for so many bytes and some to spare."""
    free = shutil.disk_usage(folder).free
    if free < bytes_needed + SPARE_BYTES:
        needed = (bytes_needed + SPARE_BYTES) / 1e6
        raise DataFolderUnusable(
            f"The disk of {folder} is full: {free / 1e6:.0f} MB are free, {needed:.0f} MB are needed.",
            "Free disk space, then try again; what was indexed goes on answering.",
        )


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(found.stat().st_size for found in path.rglob("*") if found.is_file())
