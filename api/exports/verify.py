"""Checks the citations of a file against the files that they name, on disk and without an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from api.exports.record import MOST_BYTES, Claimed, claims_of
from index.corpus.documents import TextLimits, document_id, document_of
from index.corpus.files import read_bytes
from rag.errors import ExportUnusable, FileRefused
from rag.recheck import Place, check


@dataclass(frozen=True)
class Checked:
    """A citation and what it is worth now; `why` says of a stale one what is missing."""

    claim: Claimed
    place: Place
    why: str = ""


def read_claims(path: Path) -> list[Claimed]:
    """The citations of a file. Raises ExportUnusable."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ExportUnusable(f"{path} has more than {MOST_BYTES:,} bytes.", "Split it.")
        return claims_of(path.read_bytes())
    except OSError as error:
        raise ExportUnusable(f"{path} can't be read: {error.strerror}.", "Give a file of answers.") from error


@dataclass(frozen=True)
class Shelf:
    """Where cited files are looked for: folders, in turn, and the uploads of a data folder. Nowhere else."""

    folders: Sequence[Path]
    uploads: Path
    max_bytes: int
    limits: TextLimits


def verify(claims: Sequence[Claimed], shelf: Shelf) -> list[Checked]:
    """Check each citation. Each file is read once."""
    files: dict[str, tuple[str, str] | str] = {}
    found = []
    for claim in claims:
        if claim.file not in files:
            files[claim.file] = _read(claim.file, shelf)
        stored = files[claim.file]
        if isinstance(stored, str):
            found.append(Checked(claim, Place("stale"), stored))
        else:
            place = check(claim, stored)
            found.append(Checked(claim, place, "the quote is not in the file" if place.state == "stale" else ""))
    return found


def _read(file: str, shelf: Shelf) -> tuple[str, str] | str:
    """(text, SHA-256) of a cited file, or why there is none."""
    parts = Path(file).parts
    if not parts or Path(file).is_absolute() or ".." in parts or "\0" in file:
        return "the file's name leads out of the folder"
    why = "there is no such file"
    for folder, path in _candidates(file, shelf):
        try:
            document = document_of(file, read_bytes(path, folder, shelf.max_bytes), shelf.limits)
        except FileRefused as error:
            why = error.detail
        else:
            return document.source.text, document.sha256
    return why


def _candidates(file: str, shelf: Shelf) -> Iterator[tuple[Path, Path]]:
    """(folder, path) of what may be the file."""
    first, *rest = Path(file).parts
    for folder in shelf.folders:
        with suppress(OSError):  # a name that the system finds too long
            if (folder / file).exists():
                yield folder, folder / file
            # Where two folders have a file of the same name, one of them is called after its folder.
            elif rest and first.split("~")[0] == folder.resolve().name and folder.joinpath(*rest).exists():
                yield folder, folder.joinpath(*rest)
    if file.startswith(f"{shelf.uploads.name}/"):
        for path in sorted(shelf.uploads.glob(f"{document_id(file)}-*")):
            yield shelf.uploads, path
