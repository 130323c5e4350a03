"""A full or read-only disk, told as what it is."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import DataFolderUnusable

_DISK = {errno.ENOSPC: "is full", errno.EDQUOT: "is full (quota)", errno.EROFS: "is read-only", errno.EIO: "fails"}


@contextmanager
def disk_errors() -> Iterator[None]:
    """What the system says of the data folder's disk becomes DataFolderUnusable; other errors pass."""
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
