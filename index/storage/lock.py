"""One process at a time has the data folder open: two on one Chroma folder damage it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rag.errors import DataFolderUnusable, IndexBusy


class FolderLock:
    """An exclusive lock on a data folder, held until `release` or the process's end. Names its holder."""

    def __init__(self, folder: Path, command: str, wait_s: float = 0) -> None:
        self._holder = folder / "holder.json"
        self._lock = FileLock(folder / "lock")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=wait_s)
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

    def announce(self, url: str, corpus: Path | None = None) -> None:
        """Tell others where the holder, a server, can be asked, and which folder it keeps indexed."""
        folder = {"corpus": str(corpus.resolve())} if corpus else {}
        self._write({**json.loads(self._holder.read_text()), "url": url, **folder})

    def release(self) -> None:
        """Let go of the folder."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()


def read_holder(folder: Path) -> dict[str, Any]:
    """What the holder of a folder's lock said of itself: pid, command and, of a server, url and corpus; or nothing."""
    try:
        holder = json.loads((folder / "holder.json").read_text())
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
