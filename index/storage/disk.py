"""Disk space: checked before anything is written, and a full or read-only disk reported as such.

A full disk costs Chroma what it acknowledged, so the space is checked first.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import DataFolderUnusable

SPARE_BYTES = 32_000_000  # what SQLite, Chroma and tantivy take for a moment on top of what they keep
_DISK = {errno.ENOSPC: "is full", errno.EDQUOT: "is full (quota)", errno.EROFS: "is read-only", errno.EIO: "fails"}


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise DataFolderUnusable for errors of the data folder's disk; other errors pass unchanged."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise
        raise _unusable("is full") from error
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise _unusable(_DISK[error.errno]) from error


def _unusable(what: str) -> DataFolderUnusable:
    return DataFolderUnusable(f"The disk of the data folder {what}.", "Free space, or set RENGLON_DATA_DIR.")


def require_space(folder: Path, bytes_needed: int) -> None:
    """Raise DataFolderUnusable unless the disk of a folder has room for so many bytes and some to spare."""
    free = shutil.disk_usage(folder).free
    if free < bytes_needed + SPARE_BYTES:
        needed = (bytes_needed + SPARE_BYTES) / 1e6
        raise DataFolderUnusable(
            f"The disk of {folder} is full: {free / 1e6:.0f} MB are free, {needed:.0f} MB are needed.",
            "Free disk space, then try again; what was indexed goes on answering.",
        )


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk, so that creations, renamings and deletions in it survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(found.stat().st_size for found in path.rglob("*") if found.is_file())
