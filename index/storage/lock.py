"""Only one process at a time opens the data folder: two processes on one Chroma folder damage it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from rag.errors import DataFolderUnusable, IndexBusy

PRIVATE = 0o700  # the folder holds all documents: other users of the machine have no business in it
PROBE_S = 0.2  # `holder_of` takes the lock for an instant; whoever wants it at that moment waits this long for it


class FolderLock:
    """An exclusive lock on a data folder, held until `release` or the end of the process. Names its holder.

    Any thread may release it: a server takes it in the thread that loads the index and releases it in the main thread.
    """

    def __init__(self, folder: Path, command: str, wait_s: float = 0) -> None:
        self._holder = folder / "holder.json"
        self._lock = _lock_of(folder)
        try:
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            self._lock.acquire(timeout=max(wait_s, PROBE_S))
            self._write({"pid": os.getpid(), "command": command})
        except Timeout as error:
            holder = read_holder(folder)
            who = f"`{holder.get('command', '?')}` (process {holder.get('pid', '?')})"
            raise IndexBusy(
                f"The data folder {folder} is in use by {who}.", "Stop it, or use another RENGLON_DATA_DIR."
            ) from error
        except OSError as error:
            raise DataFolderUnusable(
                f"The data folder {folder} can't be written: {error.strerror or error}.", "Set RENGLON_DATA_DIR."
            ) from error

    def _write(self, holder: dict[str, Any]) -> None:
        self._holder.write_text(json.dumps(holder))

    def announce(self, url: str, corpus: Path | None = None, instance: str = "") -> None:
        """Note where the holder, a server, answers, which folder it keeps indexed, and what `/livez` says there."""
        folder = {"corpus": str(corpus.resolve())} if corpus else {}
        self._write({**json.loads(self._holder.read_text()), "url": url, "instance": instance, **folder})

    def release(self) -> None:
        """Release the lock, and remove the note of who held it."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()


def _lock_of(folder: Path) -> BaseFileLock:
    return FileLock(folder / "lock", thread_local=False)


def holder_of(folder: Path) -> dict[str, Any] | None:
    """The note of the process that holds a folder's lock; None when no process holds it.

    It is the lock that counts: a process that was killed leaves its note behind, but never the lock.
    """
    if not (folder / "lock").exists():
        return None
    try:
        with _lock_of(folder).acquire(timeout=0):
            return None
    except Timeout:
        return read_holder(folder)
    except OSError:  # a folder that this user can't write; whether somebody holds it can't be found out
        return None


def read_holder(folder: Path) -> dict[str, Any]:
    """The last holder's note about itself: pid, command and, for a server, url and corpus; empty without a note."""
    try:
        holder = json.loads((folder / "holder.json").read_text())
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
