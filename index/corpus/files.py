"""Opens a file of a corpus folder without trusting its name: it may be a pipe, a device, or a link that changes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from rag.errors import FileRefused, FileUnreadable

# Opening a pipe waits for a writer unless it is non-blocking. Not every system has each of these flags.
_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)  # fmt: skip
_DESCRIPTORS = Path("/proc/self/fd")


def read_bytes(path: Path, root: Path, max_bytes: int) -> bytes:
    """A regular file's bytes. Raises FileRefused for what is none, is larger or is outside `root`; FileUnreadable.

    Everything is checked on the opened file, since a name can stand for another file a moment later. At most one byte
    more than `max_bytes` is read, however large the file grows meanwhile.
    """
    try:
        _require_regular(path.stat())  # before it is opened: opening some devices has an effect
        descriptor = os.open(path, _FLAGS)
        try:
            opened = os.fstat(descriptor)
            _require_regular(opened)
            if not _is_inside(descriptor, opened, path, root):
                raise FileRefused("The symbolic link leaves the corpus.", "Copy the file into the folder.")
            _require_size(opened.st_size, max_bytes)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                raw = file.read(max_bytes + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise FileUnreadable(f"The file can't be read: {error.strerror or error}.") from error
    _require_size(len(raw), max_bytes)
    return raw


def _require_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise FileRefused("It is not a regular file (a pipe or a device, for example).", "Put a text file there.")


def _require_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise FileRefused(f"The file has {size:,} bytes; the limit is {max_bytes:,}.", "Raise RENGLON_MAX_FILE_MB.")


def _is_inside(descriptor: int, opened: os.stat_result, path: Path, root: Path) -> bool:
    """Whether an opened file is in a folder, by the path that the system has for it rather than by its name."""
    inside = root.resolve()
    try:
        return (_DESCRIPTORS / str(descriptor)).readlink().is_relative_to(inside)
    except OSError:  # a system without /proc: the name must still lead to the file that was opened
        now = path.resolve(strict=True)
        return now.is_relative_to(inside) and os.path.samestat(now.stat(), opened)
