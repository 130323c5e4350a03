"""The bytes of uploaded documents: files of the data folder, under names made only of ids and hashes."""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from index.storage.disk import sync_folder


class Originals(Protocol):
    """The bytes of uploaded documents, of the version that the catalogue has."""

    def read(self, id_: str, sha256: str) -> bytes | None:
        """The bytes of a document; None where they are not kept any more."""

    def drop(self, id_: str, but: str = "") -> None:
        """Forget the bytes of all versions of a document but one."""

    def tidy(self, named: Collection[tuple[str, str]], busy: Collection[str] = ()) -> int:
        """Forget what belongs to none of these documents (id, sha256), nor to one of the `busy` ids; how many."""


class FolderOriginals:
    """A file for each upload. One that no document of the catalogue names is left over from a request cut off."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, id_: str, sha256: str, raw: bytes) -> None:
        """Write the bytes to disk in one step: the file is either complete under its name or absent."""
        self._folder.mkdir(exist_ok=True)
        temporary = self._folder / f".{id_}-{uuid.uuid4().hex}"
        try:
            with temporary.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._folder / stored_name(id_, sha256))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)

    def read(self, id_: str, sha256: str) -> bytes | None:
        """The bytes of a document; None where they are not kept any more."""
        try:
            return (self._folder / stored_name(id_, sha256)).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, id_: str, but: str = "") -> None:
        """Forget the bytes of all versions of a document but one."""
        for path in self._folder.glob(f"{id_}-*"):
            if path.name != stored_name(id_, but):
                path.unlink(missing_ok=True)

    def tidy(self, named: Collection[tuple[str, str]], busy: Collection[str] = ()) -> int:
        """Forget what belongs to none of these documents (id, sha256), nor to one of the `busy` ids; how many."""
        names = {stored_name(*name) for name in named}
        found = (path for path in self._folder.glob("*") if path.name not in names)
        left = [path for path in found if path.name.lstrip(".").partition("-")[0] not in busy]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def stored_name(id_: str, sha256: str) -> str:
    """The name under which an upload's bytes are kept."""
    return f"{id_}-{sha256[:32]}"
