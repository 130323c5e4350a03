"""What the command line hands to the server that holds the data folder, since only one process may open it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx

from rag.errors import IndexBusy, RenglonError
from rag.settings import Settings

ANSWER_S = 60
ANNOUNCED_S = 10
STARTING_S = 600  # a server may be indexing a large folder for the first time
_NOT_READY = "urn:renglon:not-ready"


class Remote:
    """A running server, as the holder of the data folder's lock announced itself."""

    def __init__(self, holder: dict[str, Any], settings: Settings) -> None:
        self.url = str(holder["url"])
        self.corpus = str(holder.get("corpus", ""))
        self._who = f"`{holder.get('command', '?')}` (process {holder.get('pid', '?')}) at {self.url}"
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        self._answer_s = ANSWER_S + settings.llm_timeout_s
        self._headers = httpx.Headers({b"authorization": f"Bearer {key}".encode()} if key else {})

    @classmethod
    def of(cls, settings: Settings) -> Remote | None:
        """The server that holds the data folder; None when there is none, or only the note of one that died."""
        from index.storage.lock import read_holder

        holder = read_holder(settings.data_dir)
        if not holder.get("url"):
            return None
        remote = cls(holder, settings)
        try:
            httpx.get(f"{remote.url}/livez", timeout=5)
        except httpx.TransportError:
            return None
        return remote

    @classmethod
    def awaited(cls, settings: Settings) -> Remote | None:
        """The server that is just taking the data folder, and hasn't said yet where it listens; None for others."""
        from index.storage.lock import read_holder

        end = time.monotonic() + ANNOUNCED_S
        while str(read_holder(settings.data_dir).get("command", "")).startswith("renglon serve"):
            if (remote := cls.of(settings)) or time.monotonic() > end:
                return remote
            time.sleep(0.1)
        return None

    def post(self, route: str, body: Any = None) -> dict[str, Any]:
        """What a route answers. Raises RenglonError with the server's own words."""
        try:
            response = httpx.post(self.url + route, json=body, headers=self._headers, timeout=self._answer_s)
        except httpx.TransportError as error:
            raise RenglonError(f"The server at {self.url} broke off: {error}.", "Try again.") from error
        if response.is_error:
            raise _Refused(response)
        data: dict[str, Any] = response.json()
        return data

    def run(self, route: str, advance: Callable[[int, int], None]) -> dict[str, Any]:
        """Have the server do long work and follow it to its end; its report. Raises RenglonError."""
        queued, done = self._queued(route), 0
        job = queued
        for step in self._steps(queued["id"]):
            job = step
            if job["left"] is not None:
                advance(job["done"] - done, job["left"])
                done = job["done"]
        if job["state"] == "done":
            report: dict[str, Any] = job["report"]
            return report
        error = job.get("error") or {}
        raise RenglonError(error.get("detail", f"The server at {self.url} broke off."), error.get("hint", "Try again."))

    def _queued(self, route: str) -> dict[str, Any]:
        """The job; a server that is still starting is waited for."""
        end = time.monotonic() + STARTING_S
        while True:
            try:
                return self.post(route)
            except _Refused as refused:
                if refused.type != _NOT_READY or time.monotonic() > end:
                    raise
            time.sleep(0.5)

    def _steps(self, id_: str) -> Iterable[dict[str, Any]]:
        headers = httpx.Headers(self._headers)
        headers["accept"] = "text/event-stream"
        try:
            with httpx.stream("GET", f"{self.url}/v1/jobs/{id_}", headers=headers, timeout=None) as response:
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        yield json.loads(line[6:])
        except httpx.TransportError:
            return  # the last step that came is not an end, and is told as such

    def require_corpus(self, folders: Iterable[Path]) -> None:
        """Raise IndexBusy when the server keeps another folder than these: no route takes a path."""
        if any(str(folder.resolve()) != self.corpus for folder in folders):
            raise IndexBusy(
                f"The data folder is in use by {self._who}, which keeps {self.corpus or 'another folder'} indexed.",
                "Stop it to sync another folder, or upload the files to it.",
            )

    def refuse(self, what: str) -> IndexBusy:
        """The error for something that the server can't be handed."""
        return IndexBusy(f"{what}: the data folder is in use by {self._who}.", "Stop it first, or set it there.")


class _Refused(RenglonError):
    """The server said no, in its own words."""

    def __init__(self, response: httpx.Response) -> None:
        try:
            data = response.json()
        except ValueError:
            data = {}
        super().__init__(data.get("detail", f"The server failed ({response.status_code})."), data.get("hint", ""))
        self.type = data.get("type", "")
