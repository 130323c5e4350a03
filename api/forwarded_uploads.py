"""Uploads where several nodes share a database: put into the queue that they share, and waited for.

The node that writes takes this way too: what was asked first is done first, whichever node was asked.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from api.errors import STATUS, title_of
from api.job_info import Problem
from api.shared_jobs import SharedJobs
from rag.errors import RenglonError

if TYPE_CHECKING:
    from index.ingest.uploads import Saved, Uploads

WAIT_S = 60.0  # a take-over and some other uploads; the work is not lost when this is over


class ForwardedUploads:
    """`Uploads`, done by the node that writes. What returns is durable, as it is there."""

    def __init__(self, jobs: SharedJobs) -> None:
        self._jobs = jobs

    def save(self, name: str, raw: bytes, **options: Any) -> Saved:
        """Index a file under a name and replace the upload that had it."""
        return _saved(self._called("save", [name], raw, options))

    def replace(self, id_: str, raw: bytes, **options: Any) -> Saved:
        """Give a known upload new content."""
        return _saved(self._called("replace", [id_], raw, options))

    def delete(self, id_: str) -> None:
        """Delete a document."""
        self._called("delete", [id_], None, {})

    def tidy(self) -> int:
        """Nothing is ever left over."""
        return 0

    def _called(self, name: str, values: list[str], raw: bytes | None, options: dict[str, Any]) -> dict[str, Any]:
        files = [] if raw is None else [("", raw)]
        job = self._jobs.submit("upload", {"call": name, "values": values, "options": options}, files, "short")
        end = self._jobs.done(job.id, WAIT_S)
        if end.error is not None:
            raise error_of(end.error)
        return end.report or {}


def perform(uploads: Uploads, asked: dict[str, Any], files: list[bytes]) -> dict[str, Any]:
    """Do what another node has put into the queue; what it gets back."""
    call: Any = {"save": uploads.save, "replace": uploads.replace, "delete": uploads.delete}[asked["call"]]
    result = call(*asked["values"], *files, **asked["options"])
    return {} if result is None else asdict(result)


def error_of(problem: Problem) -> RenglonError:
    """The error that a problem document was made from."""
    for kind in STATUS:
        if title_of(kind.__name__) == problem.title:
            return kind(problem.detail, problem.hint)
    return RenglonError(problem.detail, problem.hint)


def _saved(report: dict[str, Any]) -> Saved:
    from index.ingest.uploads import Saved

    return Saved(**report)
