"""A store that can be changed: what a sync, an upload and a purge need of it, wherever the catalogue is."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from index.reading import ReadableStore
from index.records import Change, ModelKey
from index.storage.lock import FolderLock
from index.storage.rebuild import Progress
from rag.errors import ModelMismatch


class WritableStore(ReadableStore):
    """Whoever changes something holds `writing`, one at a time; a rebuild does its long work outside it."""

    writing: threading.RLock
    building: threading.RLock

    lock: FolderLock

    def announce(self, url: str, corpus: Path | None, instance: str) -> None:
        """Let other processes know where this one, a server, can be asked."""
        self.lock.announce(url, corpus, instance)

    @abstractmethod
    def require_writer(self) -> None:
        """Become the process that writes. Raises IndexBusy when another one is."""

    @abstractmethod
    def catch_up(self) -> int:
        """Bring the search indexes into step with the catalogue; returns the passages changed."""

    @abstractmethod
    def replace(self, changes: Sequence[Change], model: ModelKey) -> int:
        """Replace the stored versions of documents, each whole or not at all; the number of new passages."""

    @abstractmethod
    def remove(self, ids: Sequence[str]) -> int:
        """Forget documents; returns the number of passages that left. Unknown ids are left out."""

    @abstractmethod
    def assign(self, folder: str, collection: str) -> None:
        """Let the documents of a folder belong to a collection."""

    @abstractmethod
    def rebuild(self, progress: Progress | None = None) -> int:
        """Rebuild the search indexes without embedding; returns the number of passages."""

    @abstractmethod
    def switch_model(self, model: ModelKey, progress: Progress | None = None) -> None:
        """Answer with another model's vectors, all of which are stored already."""

    @abstractmethod
    def size(self) -> int:
        """Bytes of everything that is kept."""

    @abstractmethod
    def vacuum(self) -> None:
        """Rewrite the catalogue without what was deleted."""

    def require_model(self, model: ModelKey) -> None:
        """Raise ModelMismatch unless the index answers with this model, or with none yet."""
        answers = self.catalog.model
        if answers not in (None, model):
            raise ModelMismatch(f"The index answers with {answers}, not with {model}.", "Run: renglon sync --reembed")
