"""Has a model write an answer: reads it as it arrives, bounds its time and length, and refuses what is no answer."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from llama_index.core.llms import ChatMessage

from rag.citations import marker
from rag.errors import InvalidQuestion, ModelServerFailed
from rag.evidence.rank import Evidence
from rag.question import tidy
from rag.types import Turn
from rag.written import prompts
from rag.written.assembler import Closed, Draft, Step, Words
from rag.written.marker_parser import MarkerParser, Token
from rag.written.model_server import Models

Reason = Literal["unreachable", "refused", "timeout", "empty", "cut", "garbage", "uncited", "declined", "failed"]
_INLINE_CHARS = 400  # a longer chunk of a reply is read in a thread of its own: models send a few words at a time
MOST_CHARS = 6000  # longer than any answer that was asked for
_REWRITE_SHARE = 1 / 3  # of the time limit, at most, for understanding a follow-up
_WORD = re.compile(r"[^\W\d_]{2,}")
log = logging.getLogger("renglon")


class NotWritten(ModelServerFailed):
    """The model wrote no answer that can be shown. `reason` says why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail, "renglon doctor checks the model server.")
        self.reason: Reason = reason


@dataclass(frozen=True)
class Ended:
    """The answer is complete. `dropped_markers` counts the markers that named no source."""

    dropped_markers: int


class Author:
    """Writes answers with a model. Holds no state between answers."""

    def __init__(self, models: Models, timeout_s: float) -> None:
        self._models, self._timeout_s = models, timeout_s

    def deadline(self) -> float:
        """When an answer that is begun now has to be there, on the monotonic clock."""
        return time.monotonic() + self._timeout_s

    async def standalone(
        self, question: str, language: str, history: Sequence[Turn], deadline: float, most: int
    ) -> str | None:
        """The question as the model rewrites it to be complete in itself; None when the model fails to."""
        limit = time.monotonic() + max(0.0, deadline - time.monotonic()) * _REWRITE_SHARE
        said = ""
        try:
            async with self._chat(prompts.to_rewrite(question, language, history), limit) as chunks:
                async for chunk in chunks:
                    said += chunk
                    if len(said) > MOST_CHARS:
                        return None
            return await asyncio.to_thread(_question_in, said, most)
        except (NotWritten, InvalidQuestion):
            return None
        except Exception:
            log.exception("a rewritten question could not be read")
            return None

    async def write(
        self, question: str, language: str, evidence: Sequence[Evidence], deadline: float, careful: bool = False
    ) -> AsyncGenerator[Words | Closed | Ended, None]:
        """The steps of an answer whose markers are 1-based places in `evidence`; the last one is `Ended`.

        `careful`: it is doubtful that the evidence answers the question, and the model is warned.

        Raises NotWritten, at any step, also when what was written turns out to be no answer.
        """
        places = {_place(e): n for n, e in reversed(list(enumerate(evidence, 1)))}
        parser, draft = MarkerParser(len(evidence), places), Draft(language)
        said = unread = ""
        async with self._chat(prompts.to_answer(question, language, evidence, careful), deadline) as chunks:
            async for chunk in chunks:
                said, unread = said + chunk, unread + chunk
                if len(said) > MOST_CHARS:
                    raise NotWritten("cut", f"The model wrote more than {MOST_CHARS:,} characters.")
                if _may_decline(said):
                    continue  # nothing is shown until it is clear that it doesn't
                for step in await _steps(parser, draft, unread):
                    yield step
                unread = ""
        if prompts.DECLINED in said:
            raise NotWritten("declined", "The model found no answer in the evidence.")
        for step in [*await _steps(parser, draft, unread), *_assembled(draft, parser.close()), *draft.close()]:
            yield step
        if not said.strip():
            raise NotWritten("empty", "The model sent nothing.")
        if not _WORD.search(said):
            raise NotWritten("garbage", "The model sent no words.")
        if not draft.cited:
            raise NotWritten("uncited", "The model named no evidence for what it wrote.")
        yield Ended(parser.dropped)

    @asynccontextmanager
    async def _chat(self, messages: Sequence[ChatMessage], deadline: float) -> AsyncIterator[AsyncIterator[str]]:
        """The chunks of a reply. Leaving it, for whatever reason, ends the request to the model server.

        The reading runs in a task of its own: cancelling it breaks the read itself off, and with it the connection.
        """
        queue: asyncio.Queue[str | BaseException | None] = asyncio.Queue()
        task = asyncio.create_task(self._read(messages, queue))

        async def chunks() -> AsyncIterator[str]:
            while True:
                left = deadline - time.monotonic()
                try:
                    item = await asyncio.wait_for(queue.get(), max(left, 0))
                except TimeoutError as error:
                    raise NotWritten("timeout", f"The model took over {self._timeout_s:g} s.") from error
                if item is None:
                    return
                if isinstance(item, BaseException):
                    raise _told(item) from item
                yield item

        try:
            yield chunks()
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _read(self, messages: Sequence[ChatMessage], queue: asyncio.Queue[str | BaseException | None]) -> None:
        finish: Any = "unknown"
        try:
            async with self._models() as llm:
                async for chunk in await llm.astream_chat(list(messages)):
                    finish = _finish(chunk.raw, finish)
                    if chunk.delta:
                        queue.put_nowait(chunk.delta)
            if finish not in ("stop", "unknown"):
                raise NotWritten("cut", "The model's answer is cut off.")
            queue.put_nowait(None)
        except Exception as error:
            queue.put_nowait(error)


def _finish(raw: Any, before: Any) -> Any:
    """Why the model stopped: None while it goes on; left unknown with models that don't speak OpenAI's protocol."""
    choices = getattr(raw, "choices", None)
    if choices is None:
        return before
    return choices[0].finish_reason if choices else before


def _told(error: BaseException) -> NotWritten:
    """A failure of whichever library, in our words."""
    import httpx
    import openai

    if isinstance(error, NotWritten):
        return error
    if isinstance(error, openai.APITimeoutError | httpx.TimeoutException | TimeoutError):
        return NotWritten("timeout", "The model server did not answer in time.")
    if isinstance(error, openai.APIStatusError):
        return NotWritten("refused", f"The model server answered {error.status_code}.")
    if isinstance(error, ModelServerFailed):
        return NotWritten("unreachable", error.detail)
    if isinstance(error, openai.APIConnectionError | httpx.ConnectError):
        return NotWritten("unreachable", "The model server can't be reached.")
    if isinstance(error, httpx.TransportError | openai.APIError):
        return NotWritten("cut", "The connection to the model server broke off.")
    return NotWritten("garbage", f"The model server sent something that can't be read ({type(error).__name__}).")


async def _steps(parser: MarkerParser, draft: Draft, text: str) -> list[Step]:
    """Read a piece of a reply; in a thread when it is so long that other requests would have to wait for it."""
    if len(text) <= _INLINE_CHARS:
        return _assembled(draft, parser.feed(text))
    return await asyncio.to_thread(lambda: _assembled(draft, parser.feed(text)))


def _assembled(draft: Draft, tokens: Sequence[Token]) -> list[Step]:
    return [step for token in tokens for step in draft.add(token)]


def _question_in(said: str, most: int) -> str | None:
    """The question that a reply consists of; None when it is more than one line. Raises InvalidQuestion."""
    lines = re.sub(r"(?is)<think.*?(?:</think\w*>|$)", "", said).strip().splitlines()
    return tidy(lines[0].strip(" \"'«»“”*"), most) if len(lines) == 1 else None


def _may_decline(said: str) -> bool:
    start = said.lstrip()
    return start.startswith(prompts.DECLINED) or prompts.DECLINED.startswith(start)


def _place(evidence: Evidence) -> str:
    sentence = evidence.sentence
    return marker(evidence.passage.metadata["file"], sentence.line_start, sentence.line_end)[1:-1]
