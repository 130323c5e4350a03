"""The user's model server: anything that speaks OpenAI's HTTP protocol. Nothing is called unless a URL is set."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from rag.errors import ModelServerFailed
from rag.printable import without_user_info
from rag.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

# What opens a model for one answer, and closes its connections when the answer is done or given up.
Models = Callable[[], AbstractAsyncContextManager["LLM"]]
MOST_TOKENS = 500  # of an answer: three sentences and their markers, several times over
_LIST_TIMEOUT_S = 5.0


class ModelServer:
    """A server, by its base URL; a URL without a path gets `/v1`."""

    def __init__(self, url: str, model: str | None, key: str | None, timeout_s: float) -> None:
        self._base = _base(url)
        self.url = without_user_info(self._base)  # as it is shown: a password may be part of the address
        self._model, self._key, self._timeout_s = model, key, timeout_s

    @classmethod
    def of(cls, settings: Settings) -> ModelServer | None:
        """The server that the settings name; None when they name none."""
        if not settings.llm_url:
            return None
        key = settings.llm_key.get_secret_value() if settings.llm_key else None
        return cls(settings.llm_url, settings.llm_model, key, settings.llm_timeout_s)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[LLM]:
        """A LlamaIndex `LLM` with connections of its own. Raises ModelServerFailed when it has no model."""
        from llama_index.llms.openai_like import OpenAILike

        async with self._client(self._timeout_s) as client:
            model = self._model or await self._first(client)
            yield OpenAILike(
                model=model, api_base=self._base, api_key=self._key or "-", is_chat_model=True, max_retries=0,
                timeout=self._timeout_s, max_tokens=MOST_TOKENS, temperature=0.0, async_http_client=client,
            )  # fmt: skip

    @staticmethod
    def warm() -> None:
        """Load the library now: it takes a second or two, which the first answer's time limit doesn't have."""
        import llama_index.llms.openai_like  # noqa: F401

    async def names(self) -> list[str]:
        """The server's models. Raises ModelServerFailed."""
        async with self._client(min(self._timeout_s, _LIST_TIMEOUT_S)) as client:
            return await self._names(client)

    async def _first(self, client: httpx.AsyncClient) -> str:
        names = await self._names(client)
        if not names:
            raise ModelServerFailed(f"The model server {self.url} names no model.", "Set RENGLON_LLM_MODEL.")
        self._model = names[0]
        return names[0]

    async def _names(self, client: httpx.AsyncClient) -> list[str]:
        try:
            response = await client.get(f"{self._base}/models", headers={"Authorization": f"Bearer {self._key or '-'}"})
            response.raise_for_status()
            listed: Any = response.json()
            return [str(entry["id"]) for entry in listed["data"]]
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise ModelServerFailed(
                f"The model server {self.url} answered {status} to GET /models.",
                "Check RENGLON_LLM_KEY." if status in (401, 403) else "Check RENGLON_LLM_URL.",
            ) from error
        except httpx.HTTPError as error:
            raise ModelServerFailed(
                f"The model server {self.url} can't be reached: {error or type(error).__name__}.",
                "Start it, or check RENGLON_LLM_URL.",
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelServerFailed(
                f"{self.url}/models is no list of models in OpenAI's form.", "Check RENGLON_LLM_URL."
            ) from error

    def _client(self, timeout_s: float) -> httpx.AsyncClient:
        # No redirects: the question and the articles' sentences go to the server that was named, or nowhere.
        # A proxy from the environment is not asked the way to this machine itself.
        return httpx.AsyncClient(
            timeout=timeout_s, follow_redirects=False, trust_env=not self._loopback, verify=self._tls
        )

    @cached_property
    def _loopback(self) -> bool:
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @cached_property
    def _tls(self) -> ssl.SSLContext | bool:
        # Made once: it takes 20 ms, and a client is made for each answer.
        return httpx.create_ssl_context() if self.url.startswith("https:") else False


def _base(url: str) -> str:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        # The value itself is left out: it may hold a password.
        raise ModelServerFailed("RENGLON_LLM_URL is no http address.", "For example http://localhost:11434/v1")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"
