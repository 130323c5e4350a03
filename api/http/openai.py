"""OpenAI's chat completions and models, so that OpenAI clients and chat front ends need nothing but the base URL.

The last user message is the question and the messages before it are the history; system messages, tools and sampling
parameters are ignored. Citations are markers in the text, and `annotations` with file and lines. `usage` is an
estimate that counts words and punctuation marks, because an extracted answer has no tokens.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from api import errors
from api.http.clients import unless_gone
from api.http.events import event as event_of
from api.http.events import streamed
from api.http.schemas import MOST_TURNS, TURN_CHARS, Chosen
from api.service import Service
from api.threads import in_threads
from rag.errors import InvalidQuestion, NotReady, RenglonError
from rag.events import Event, Finished, Retracted, TextAdded
from rag.question import tidy
from rag.scope import Scope
from rag.types import Answer, Citation, Turn

if TYPE_CHECKING:
    from rag.engine import Engine

MODEL, EXTRACTIVE = "renglon", "renglon-extractive"
MOST_MESSAGES = 2000
_STARTED = int(time.time())
_TOKEN = re.compile(r"\w+|[^\w\s]")
# What of the answer travels beside OpenAI's own fields.
_EXTRAS = ("status", "mode", "language", "confidence", "standalone_question", "notice", "dropped_markers",
           "invalid_citations", "degraded", "sentences", "differing", "agreeing", "suggestions",
           "index_version")  # fmt: skip
router = APIRouter(tags=["openai"])


class Message(BaseModel):
    """A message; content is text or a list of parts, of which those of type `text` are read."""

    model_config = ConfigDict(extra="allow")
    role: str
    content: str | list[dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        """The words of the message."""
        if isinstance(self.content, list):
            parts = [part.get("text") for part in self.content if part.get("type") in ("text", "input_text")]
            return "\n".join(part for part in parts if isinstance(part, str))
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream carries beside the answer."""

    include_usage: bool = Field(False, description="A last chunk with the usage, and without choices.")


class ChatRequest(Chosen):
    """OpenAI's request. Parameters that steer a model are taken and have no effect."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"examples": [{"messages": [{"role": "user", "content": "¿Quién es John Kirby?"}]}]},
    )
    model: str = Field(
        MODEL,
        description=f"Any name is answered; `{EXTRACTIVE}` never asks a model server. `{MODEL}:NAME` answers from the "
        "collection of that name.",
    )
    messages: list[Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(1, ge=1, le=1, description="One answer; others are refused.")


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]


@router.get("/v1/models")
async def models(service: Served) -> dict[str, Any]:
    """What can be asked for as `model`."""
    return {"object": "list", "data": [_model(name) for name in await _names(service)]}


@router.get("/v1/models/{model}")
async def model(model: str, service: Served) -> dict[str, Any]:
    """One model."""
    if model not in await _names(service):
        raise HTTPException(404, f"The model {model[:80]!r} does not exist; GET /v1/models lists those that do.")
    return _model(model)


@in_threads("reading")
def _names(service: Service) -> list[str]:
    """Each way of answering, about everything and about each collection where there are several."""
    from index.collections import names

    ways = [MODEL, EXTRACTIVE] if service.settings.llm_url else [MODEL]
    try:
        collections = names(service.catalog)
    except NotReady:
        collections = []
    return [*ways, *(f"{way}:{name}" for name in collections for way in ways if len(collections) > 1)]


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _STARTED, "owned_by": "renglon"}


@router.post("/v1/chat/completions", responses={200: {"content": {"text/event-stream": {}}}})
async def chat_completions(body: ChatRequest, request: Request, service: Served) -> JSONResponse:
    """Answer the last user message, in OpenAI's form, whole or as a stream of chunks.

    `message.annotations` (in a stream: of the last delta) has a `url_citation` for each citation, whose link opens
    the document at the line, and beside it `file_citation` with file, lines, characters, quote and SHA-256.
    `renglon.status` is `no_evidence` when the articles don't say; the message then says so.
    """
    name, scope = _asked_for(body)
    engine = await service.within(scope)
    question, history = _conversation(body.messages, service.settings.max_question_chars)
    events = service.metrics.counted(_events(engine, name, question, history))
    reply = _Reply(body, str(request.base_url))
    if body.stream:
        # Whatever can be refused is refused before the answer begins, because by then the status has been sent.
        await unless_gone(request, _passed(events))
        return streamed(reply.chunks(events))  # type: ignore[return-value]
    return JSONResponse(reply.whole(await unless_gone(request, _last(events))))


def _asked_for(body: ChatRequest) -> tuple[str, Scope]:
    """The model, and what it is asked about: `renglon:NAME` is the collection of that name."""
    name, colon, collection = body.model.partition(":")
    if not colon or name not in (MODEL, EXTRACTIVE):
        return body.model, body.scope
    return name, replace(body.scope, collection=(*body.collection, collection))


def _conversation(messages: list[Message], most: int) -> tuple[str, list[Turn]]:
    """The question and the turns before it. Raises InvalidQuestion."""
    places = [i for i, message in enumerate(messages) if message.role == "user"]
    if not places:
        raise InvalidQuestion("There is no user message.", "Send one; the last is the question.")
    before = [m for m in messages[: places[-1]] if m.role in ("user", "assistant")]
    history = [Turn(role=m.role, content=m.text[:TURN_CHARS]) for m in before[-MOST_TURNS:]]
    return tidy(messages[places[-1]].text, most), history


async def _events(engine: Engine, model: str, question: str, history: list[Turn]) -> AsyncGenerator[Event, None]:
    if model == EXTRACTIVE:
        for event in await engine.aextract(question, history):
            yield event
        return
    async with aclosing(engine.astream(question, history)) as events:
        async for event in events:
            yield event


async def _passed(events: AsyncGenerator[Event, None]) -> None:
    """Wait for the first event, the passages, which no chunk is made of."""
    await anext(events)


async def _last(events: AsyncGenerator[Event, None]) -> Answer:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Finished):
                return event.answer
    raise RuntimeError("an answer ended without its last event")


class _Reply:
    """One completion: what all its chunks have in common."""

    def __init__(self, body: ChatRequest, base: str) -> None:
        self._base = base
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": MODEL}
        self._prompt = sum(count(message.text) for message in body.messages)
        self._with_usage = bool(body.stream_options and body.stream_options.include_usage)

    def whole(self, answer: Answer) -> dict[str, Any]:
        """The completion of an answer."""
        content, notes = harmless(answer.text), self._notes(answer)
        message = {"role": "assistant", "content": content, "refusal": None, "annotations": notes}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        own = {"usage": self._usage(answer.text), "renglon": extras(answer)}
        return {**self._head, "object": "chat.completion", "choices": [choice], **own}

    async def chunks(self, events: AsyncGenerator[Event, None]) -> AsyncIterator[str]:
        """The events of an answer as chunks."""
        sent, begin = "", 0
        try:
            async with aclosing(events):
                yield self._chunk({"role": "assistant", "content": ""})
                async for event in events:
                    if isinstance(event, Finished):
                        answer = event.answer
                        break
                    text = event.text if isinstance(event, TextAdded) else ""
                    if isinstance(event, Retracted):  # what was sent can't be taken back: the answer restarts below it
                        text = f"\n\n({event.text})\n\n"
                        begin = len(sent + text)
                    if text:
                        sent += text
                        yield self._chunk({"content": harmless(text)})
                if not sent[begin:].strip():
                    yield self._chunk({"content": harmless(answer.text)})
                    begin, sent = len(sent), sent + answer.text
                if answer.citations:
                    yield self._chunk({"annotations": self._notes(answer, begin)})
                yield self._chunk({}, finish="stop", renglon=extras(answer))
                if self._with_usage:
                    yield self._data({"choices": [], "usage": self._usage(sent)})
        except RenglonError as error:
            yield self._data(errors.openai_form(*errors.status_of(error)))
        except Exception:
            errors.log.exception("a stream broke off")
            yield self._data(errors.openai_form(500, "InternalError", "The answer broke off."))
        yield "data: [DONE]\n\n"

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._data({"choices": [choice], **({"usage": None} if self._with_usage else {}), **more})

    def _data(self, body: dict[str, Any]) -> str:
        full = body if "error" in body else {**self._head, "object": "chat.completion.chunk", **body}
        return event_of(full)

    def _usage(self, text: str) -> dict[str, int]:
        written = count(text)
        return {
            "prompt_tokens": self._prompt,
            "completion_tokens": written,
            "total_tokens": self._prompt + written,
        }

    def _notes(self, answer: Answer, begin: int = 0) -> list[dict[str, Any]]:
        return [annotation(citation, answer.text, self._base, begin) for citation in answer.citations]


def harmless(text: str) -> str:
    """A text of the same length in which Markdown and HTML load nothing: chat front ends render both, and an article's
    own words may hold an image. The quote in the annotation stays as it stands."""
    return text.replace("![", "!(").replace("<", "‹")


def count(text: str) -> int:
    """The number of words and punctuation marks, which `usage` gives."""
    return sum(1 for _ in _TOKEN.finditer(text))


def extras(answer: Answer) -> dict[str, Any]:
    """What Renglón says of an answer beyond OpenAI's form."""
    return answer.model_dump(include=set(_EXTRAS))


def annotation(citation: Citation, text: str, base: str, begin: int = 0) -> dict[str, Any]:
    """A citation as an annotation; the indices, in code points, enclose its marker in a message that begins with
    `begin` characters of something else."""
    at = begin + max(0, text.find(citation.marker, citation.answer_end))
    lines = f"{citation.line_start}" + (f"-{citation.line_end}" if citation.line_end > citation.line_start else "")
    url = f"{base}#/d/{quote(citation.document_id, safe='')}?L={lines}"
    placed = {
        "start_index": at,
        "end_index": at + len(citation.marker),
        "title": f"{citation.file}:{lines}",
        "url": url,
    }
    own_fields = citation.model_dump(
        include={
            "n", "marker", "document_id", "file", "line_start", "line_end", "char_start", "char_end", "quote",
            "verified", "state", "near", "answer_span",
        }
    )  # fmt: skip
    return {
        "type": "url_citation",
        "url_citation": placed,
        "file_citation": {**own_fields, "sha256": citation.file_sha256},
    }
