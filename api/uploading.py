"""Indexes the files of one upload, one after the other, and says what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING

from api.forwarded_uploads import ForwardedUploads
from api.http.forms import UploadResult
from index.corpus.documents import printable
from rag.errors import FileRefused, FileTooLarge

if TYPE_CHECKING:
    from index.ingest.uploads import Uploads

Sources = Sequence[tuple[str, IO[bytes]]]
Refusal = FileRefused | FileTooLarge


def index_files(
    sources: Sources,
    uploads: Uploads | ForwardedUploads,
    limit: int,
    collection: str,
    before_each: Callable[[], None] = lambda: None,
) -> tuple[list[UploadResult], Refusal | None]:
    """What became of each file, and the last refusal."""
    results: list[UploadResult] = []
    refusal: Refusal | None = None
    taken: set[str] = set()
    for name, file in sources:
        before_each()
        shown = printable(name)[:200]
        try:
            # One byte more than allowed is enough to be refused.
            saved = uploads.save(_unique(name, taken), file.read(limit + 1), collection=collection)
        except (FileRefused, FileTooLarge) as error:
            refusal = error
            results.append(UploadResult(name=shown, result="refused", reason=str(error)))
            continue
        results.append(
            UploadResult(
                name=shown, result=saved.result, id=saved.id, file=saved.file, sha256=saved.sha256, reason=saved.note
            )
        )
    return results, refusal


def _unique(name: str, taken: set[str]) -> str:
    from index.ingest.uploads import display_name

    shown = display_name(name)
    if shown in taken:
        raise FileRefused(f"Two files of this request are named {shown}.", "Rename one.")
    taken.add(shown)
    return shown
