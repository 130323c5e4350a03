"""What the command line hands to the server that holds the data folder, since only one process may open it.

A request carries a question and perhaps the API key, so it must reach that server and nobody else: it goes to a
loopback address alone, past any proxy of the environment, and only while the folder's lock is held and what answers
there repeats the number that the server noted in the folder when it started.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Iterable
from copy import copy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from index.storage.lock import holder_of
from rag.errors import IndexBusy, InvalidQuestion, RenglonError
from rag.scope import Scope
from rag.settings import Settings
from rag.types import Answer, SearchResult

ANSWER_S = 60
ANNOUNCED_S = 10
STARTING_S = 600  # a server may be indexing a large folder for the first time
_LATER = ("urn:renglon:not-ready", "urn:renglon:overloaded")
_INVALID = "urn:renglon:invalid-question"


class Remote:
    """A running server, as the holder of the data folder's lock announced itself."""

    def __init__(self, holder: dict[str, Any], settings: Settings) -> None:
        self.url = str(holder["url"])
        self.corpus = str(holder.get("corpus", ""))
        self._instance = str(holder.get("instance", ""))
        self._filter: dict[str, Any] = {}
        self._who = f"`{holder.get('command', '?')}` (process {holder.get('pid', '?')}) at {self.url}"
        key = next(iter([*settings.api_keys, *settings.read_keys]), "")
        self._key = httpx.Headers({b"authorization": f"Bearer {key}".encode()} if key else {})
        # trust_env=False: neither a proxy nor a .netrc file of the environment has a part in this.
        self._client = httpx.Client(
            trust_env=False, timeout=ANSWER_S + settings.llm_timeout_s, limits=httpx.Limits(max_keepalive_connections=0)
        )

    @classmethod
    def of(cls, settings: Settings) -> Remote | None:
        """The server that holds the data folder; None when no server does, or when it does not answer.

        Raises IndexBusy when the folder is held by a server that must not be asked.
        """
        holder = holder_of(settings.data_dir) or {}
        if not holder.get("url"):
            return None
        remote = cls(holder, settings)
        remote._require_loopback()
        return remote if remote._is_there() else None

    def within(self, scope: Scope) -> Remote:
        """The same server, asked about the documents in a scope only."""
        found = copy(self)
        found._filter = scope.given
        return found

    def _require_loopback(self) -> None:
        try:
            loopback = ipaddress.ip_address(urlsplit(self.url).hostname or "").is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise IndexBusy(
                f"The data folder is in use by {self._who}, which is not an address of this machine's loopback.",
                "Ask it over HTTP, or start it with RENGLON_HOST=127.0.0.1 (or 0.0.0.0).",
            )

    def _is_there(self) -> bool:
        """Whether the server answers. Raises IndexBusy when something else answers at its address."""
        try:
            instance = self._client.get(f"{self.url}/livez", timeout=5).json()["instance"]
        except httpx.TransportError:
            return False
        except (ValueError, KeyError, TypeError):
            instance = ""
        if not self._instance or instance != self._instance:
            raise IndexBusy(
                f"The data folder is in use by {self._who}, but something else answers there.",
                "Nothing was sent to it. Stop the server that holds the data folder, and start it again.",
            )
        return True

    @classmethod
    def awaited(cls, settings: Settings) -> Remote | None:
        """The server that has just taken the data folder and has not noted yet where it listens; None for others."""
        end = time.monotonic() + ANNOUNCED_S
        while str((holder_of(settings.data_dir) or {}).get("command", "")).startswith("renglon serve"):
            if (remote := cls.of(settings)) or time.monotonic() > end:
                return remote
            time.sleep(0.1)
        return None

    def post(self, route: str, body: Any = None) -> dict[str, Any]:
        """What a route answers. Raises RenglonError with the server's own words."""
        return self._asked("POST", route, body)

    def get(self, route: str) -> dict[str, Any]:
        """What a route answers. Raises RenglonError with the server's own words."""
        return self._asked("GET", route, None)

    def _asked(self, method: str, route: str, body: Any) -> dict[str, Any]:
        try:
            response = self._client.request(method, self.url + route, json=body, headers=self._key)
        except httpx.TransportError as error:
            raise RenglonError(f"The server at {self.url} broke off: {error}.", "Try again.") from error
        if response.is_error:
            raise _refusal(response)
        data: dict[str, Any] = response.json()
        return data

    def answer(self, question: str) -> Answer:
        """Its answer to a question. Raises RenglonError."""
        return Answer(**self.post_when_ready("/v1/query", {"question": question, **self._filter}))

    def search(self, query: str) -> SearchResult:
        """The passages that it finds for a question. Raises RenglonError."""
        return SearchResult(**self.post_when_ready("/v1/search", {"query": query, **self._filter}))

    def run(self, route: str, advance: Callable[[int, int], None], method: str = "POST") -> dict[str, Any]:
        """Have the server do long work and follow it to its end; its report. Raises RenglonError."""
        queued, done = self.when_ready(method, route), 0
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

    def post_when_ready(self, route: str, body: Any = None) -> dict[str, Any]:
        """What `when_ready` returns for the method POST."""
        return self.when_ready("POST", route, body)

    def when_ready(self, method: str, route: str, body: Any = None) -> dict[str, Any]:
        """What a route answers; a server that is starting or overloaded is waited for. Raises RenglonError."""
        end = time.monotonic() + STARTING_S
        while True:
            try:
                return self._asked(method, route, body)
            except _Refused as refused:
                if refused.type not in _LATER or time.monotonic() > end:
                    raise
            time.sleep(0.5)

    def _steps(self, id_: str) -> Iterable[dict[str, Any]]:
        headers = httpx.Headers({**self._key, "accept": "text/event-stream"}, encoding="utf-8")
        try:
            with self._client.stream("GET", f"{self.url}/v1/jobs/{id_}", headers=headers, timeout=None) as response:
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        yield json.loads(line[6:])
        except httpx.TransportError:
            return  # the last step that came is not an end, and is reported so

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


def _refusal(response: httpx.Response) -> RenglonError:
    refused = _Refused(response)
    # A faulty question is an error of its own, not one of the server: a batch of questions continues after it.
    return InvalidQuestion(refused.detail, refused.hint) if refused.type == _INVALID else refused


class _Refused(RenglonError):
    """The server said no, in its own words."""

    def __init__(self, response: httpx.Response) -> None:
        try:
            data = response.json()
        except ValueError:
            data = {}
        super().__init__(data.get("detail", f"The server failed ({response.status_code})."), data.get("hint", ""))
        self.type = data.get("type", "")
