"""OpenAI's door, with the real `openai` package against the real server."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletion

from tests.support.folders import copied
from tests.support.paths import SEEDS
from tests.support.scripted_llm import Script, ScriptedServer
from tests.support.server import LocalServer, Served, Server
from tests.support.waiting import wait_for
from tests.support.web import web

GIFT = "¿Qué le regaló Putin a Kim?"
CONTAINERS = "¿Cuántos contenedores envió Corea del Norte a Rusia?"
PAELLA = "¿Cómo se prepara una paella valenciana?"
FILE, LINE = "004_6b36a17d40a337a5.txt", 11


@pytest.fixture
def client(server: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="-", max_retries=0, timeout=60) as made:
        yield made


def user(*contents: Any) -> list[Any]:
    """User and assistant in turn, the user first."""
    return [{"role": "assistant" if i % 2 else "user", "content": content} for i, content in enumerate(contents)]


def check(text: str, notes: list[Any]) -> None:
    """Every annotation encloses its marker, and its quote stands in the file at its characters and lines."""
    assert notes
    for note in notes:
        place, ours = note["url_citation"], note["file_citation"]
        assert note["type"] == "url_citation"
        assert text[place["start_index"] : place["end_index"]] == ours["marker"]
        source = (SEEDS / ours["file"]).read_bytes().decode()
        assert source[ours["char_start"] : ours["char_end"]] == ours["quote"]
        assert ours["quote"] in source.split("\n")[ours["line_start"] - 1]
        assert ours["verified"] is True
        assert len(ours["sha256"]) == 64


def test_a_completion_with_file_and_line(client: openai.OpenAI, server: Served) -> None:
    reply = client.chat.completions.create(model="renglon", messages=user(GIFT))
    (choice,) = reply.choices
    assert (choice.index, choice.finish_reason, choice.message.role) == (0, "stop", "assistant")
    assert choice.message.content is not None
    assert f"[{FILE}:{LINE}]" in choice.message.content
    notes = choice.message.annotations
    assert notes is not None
    first = notes[0].url_citation
    assert first.title == f"{FILE}:{LINE}"
    assert first.url.startswith(f"{server.url}/#/d/")
    assert first.url.endswith(f"?L={LINE}")
    check(choice.message.content, [note.model_dump() for note in notes])
    assert reply.object == "chat.completion"
    assert reply.id.startswith("chatcmpl-")
    assert reply.model == "renglon"
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.usage.prompt_tokens == 8  # six words and two marks


def test_only_some_files_are_asked(client: openai.OpenAI) -> None:
    extra = {"files": ["001*"]}
    reply = client.chat.completions.create(model="renglon", messages=user(CONTAINERS), extra_body=extra)
    notes = reply.choices[0].message.model_dump()["annotations"]
    assert {note["file_citation"]["file"][:3] for note in notes} == {"001"}
    with pytest.raises(openai.BadRequestError, match="asterisks"):
        client.chat.completions.create(model="renglon", messages=user(GIFT), extra_body={"files": ["*" * 9]})


def test_the_shape_is_openais_own(server: Served) -> None:
    body = web.post(f"{server.url}/v1/chat/completions", json={"messages": user(GIFT)}).json()
    ChatCompletion.model_validate(body, strict=True)  # the client itself doesn't validate
    assert set(body) == {"id", "object", "created", "model", "choices", "usage", "renglon"}
    assert set(body["choices"][0]) == {"index", "message", "logprobs", "finish_reason"}
    assert set(body["choices"][0]["message"]) == {"role", "content", "refusal", "annotations"}
    assert body["renglon"]["status"] == "answered"


def test_a_stream(client: openai.OpenAI) -> None:
    options: Any = {"include_usage": True}
    stream = client.chat.completions.create(
        model="renglon", messages=user(CONTAINERS), stream=True, stream_options=options
    )
    chunks = list(stream)
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "6.700" in text
    *_, noted, finish, usage = chunks
    check(text, noted.choices[0].delta.model_dump()["annotations"])
    assert [c.choices[0].finish_reason for c in chunks[:-1]] == [None] * (len(chunks) - 2) + ["stop"]
    assert finish.model_dump()["renglon"]["status"] == "answered"
    assert usage.choices == []
    assert usage.usage is not None
    assert usage.usage.completion_tokens > 20
    assert all(chunk.usage is None for chunk in chunks[:-1])
    whole = client.chat.completions.create(model="renglon", messages=user(CONTAINERS))
    assert whole.choices[0].message.content == text
    assert whole.usage == usage.usage


def test_the_streams_bytes(server: Served) -> None:
    body = {"messages": user(GIFT), "stream": True}
    with web.stream("POST", f"{server.url}/v1/chat/completions", json=body) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        blocks = response.read().decode().split("\n\n")
    assert blocks[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(block.removeprefix("data: ")) for block in blocks[:-2]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert not any("usage" in chunk for chunk in chunks)
    assert chunks[-1]["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}


def test_the_clients_own_accumulation(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="renglon", messages=user(GIFT)) as stream:
        final = stream.get_final_completion()
    message = final.choices[0].message
    assert message.content is not None
    check(message.content, message.model_dump()["annotations"])


def test_async(server: Served) -> None:
    async def both() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="-", max_retries=0, timeout=60) as client:
            whole = await client.chat.completions.create(model="renglon", messages=user(GIFT))
            stream = await client.chat.completions.create(model="renglon", messages=user(GIFT), stream=True)
            parts = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return str(whole.choices[0].message.content), "".join(parts)

    found: list[tuple[str, str]] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(both())))
    thread.start()
    thread.join(60)
    ((whole, streamed),) = found
    assert whole == streamed
    assert FILE in whole


def test_a_follow_up_uses_the_messages_before(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model="renglon", messages=user(GIFT))
    messages = [{"role": "system", "content": "Answer in verse."}, *user(GIFT, first.choices[0].message.content)]
    messages += [{"role": "tool", "tool_call_id": "x", "content": "{}"}, {"role": "user", "content": "¿Y cuándo fue?"}]
    reply = client.chat.completions.create(model="renglon", messages=messages)  # type: ignore[arg-type]
    dumped = reply.model_dump()
    assert dumped["choices"][0]["message"]["annotations"][0]["url_citation"]["title"] == f"{FILE}:{LINE}"
    assert GIFT in dumped["renglon"]["standalone_question"]
    alone = client.chat.completions.create(model="renglon", messages=user("¿Y cuándo fue?"))
    assert alone.model_dump()["renglon"]["standalone_question"] is None


def test_an_image_in_an_article_is_not_an_image_in_the_message(client: openai.OpenAI, server: Served) -> None:
    """Chat front ends load what Markdown and HTML name; a quote must not make them."""
    line = "El faro de Punta Nariga ![mapa](https://e.example/p.png) <img src=x> se encendió en 1998."
    sent = web.post(f"{server.url}/v1/documents", files={"files": ("punta.txt", line.encode())})
    try:
        reply = client.chat.completions.create(
            model="renglon", messages=user("¿Cuándo se encendió el faro de Punta Nariga?")
        )
    finally:
        web.delete(f"{server.url}/v1/documents/{sent.json()['files'][0]['id']}")
    message = reply.choices[0].message.model_dump()
    assert "1998" in message["content"]
    assert "![" not in message["content"]
    assert "<" not in message["content"]
    place, ours = message["annotations"][0]["url_citation"], message["annotations"][0]["file_citation"]
    assert message["content"][place["start_index"] : place["end_index"]] == ours["marker"]
    assert ours["quote"] == line


def test_no_evidence_is_a_normal_completion(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="renglon", messages=user(PAELLA))
    assert reply.choices[0].finish_reason == "stop"
    assert reply.choices[0].message.content == "Los artículos no lo dicen."
    assert reply.choices[0].message.annotations == []
    assert reply.model_dump()["renglon"]["status"] == "no_evidence"
    chunks = list(client.chat.completions.create(model="renglon", messages=user(PAELLA), stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "Los artículos no lo dicen."
    assert chunks[-1].model_dump()["renglon"]["status"] == "no_evidence"


def test_content_in_parts(client: openai.OpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
    parts = [{"type": "text", "text": "What gift did"}, image, {"type": "text", "text": "Putin give Kim?"}]
    reply = client.chat.completions.create(model="renglon", messages=user(parts))
    assert FILE in (reply.choices[0].message.content or "")


def test_parameters_of_a_model_do_no_harm(client: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    reply = client.chat.completions.create(
        model="gpt-4o-mini", messages=user(GIFT), temperature=0.2, max_tokens=5, tools=[tool], seed=1, stop=["\n"], n=1,
        user="someone", response_format={"type": "text"}, extra_body={"unheard_of": {"a": [1]}},
    )  # fmt: skip
    assert reply.model == "renglon"
    assert FILE in (reply.choices[0].message.content or "")


def test_unicode_and_long_histories(client: openai.OpenAI) -> None:
    messages = user(*(f"¿Qué pasó el día {i}? 👍🏽 𝒜 \u202e" + "ñ" * 400 for i in range(400)), GIFT)
    assert messages[-1]["role"] == "user"
    reply = client.chat.completions.create(model="renglon", messages=messages)
    assert FILE in (reply.choices[0].message.content or "")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({}, "messages"),
        ({"messages": "hola"}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"messages": [{"role": "user", "content": None}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages"),
        ({"messages": [{"role": "user", "content": "a" * 3000}]}, "messages"),
        ({"messages": [{"role": "user", "content": "a\x00b"}]}, "messages"),
        ({"messages": [{"role": "user", "content": GIFT}], "n": 2}, "n"),
        ({"messages": [{"role": "user", "content": GIFT}], "stream": "maybe"}, "stream"),
    ],
)
def test_bad_requests_in_openais_form(server: Served, body: dict[str, Any], param: str) -> None:
    for streamed in (False, True):
        sent = {**({"stream": True} if streamed else {}), **body}
        response = web.post(f"{server.url}/v1/chat/completions", json=sent)
        assert response.status_code == 400
        assert response.headers["content-type"] == "application/json"
        error = response.json()["error"]
        assert set(error) == {"message", "type", "code", "param"}
        assert error["type"] == "invalid_request_error"
        assert error["message"]
        assert error["param"].split(".")[0] == param


def test_errors_are_the_clients_own_classes(client: openai.OpenAI, server: Served) -> None:
    with pytest.raises(openai.BadRequestError, match="empty"):
        client.chat.completions.create(model="renglon", messages=user("¿?"))
    with pytest.raises(openai.BadRequestError, match="limit"):
        client.chat.completions.create(model="renglon", messages=user("a" * 3000), stream=True)
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("gpt-4o")
    assert missing.value.code == "model_not_found"
    huge = web.post(f"{server.url}/v1/chat/completions", content=b'{"messages": [' + b" " * 2_000_000)
    assert huge.status_code == 413
    wrong = web.get(f"{server.url}/v1/chat/completions")
    assert (wrong.status_code, set(wrong.json())) == (405, {"error"})
    raw = web.post(f"{server.url}/v1/chat/completions", content=b"{")
    assert (raw.status_code, set(raw.json())) == (400, {"error"})


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["renglon"]
    found = client.models.retrieve("renglon")
    assert (found.object, found.owned_by) == ("model", "renglon")
    assert found.created > 0


def test_loading_is_told_and_the_client_waits_for_it(
    start_server: Callable[..., Server], seeds_data: Path, tmp_path: Path
) -> None:
    server = start_server(copied(seeds_data, tmp_path), SEEDS)
    server.wait("/livez")
    response = web.post(f"{server.url}/v1/chat/completions", json={"messages": user(GIFT)})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["error"]["code"] == "not_ready"
    # The client tries again by itself, as long as it is told to wait.
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="-", max_retries=90) as client:
        reply = client.chat.completions.create(model="renglon", messages=user(GIFT))
    assert FILE in (reply.choices[0].message.content or "")


def ask_writing(writing: LocalServer, stream: bool, name: str = "renglon") -> tuple[str, list[Any], dict[str, Any]]:
    """Text, annotations and Renglón's own fields of an answer."""
    with openai.OpenAI(base_url=f"{writing.url}/v1", api_key="-", max_retries=0, timeout=60) as client:
        if not stream:
            reply = client.chat.completions.create(model=name, messages=user(GIFT)).model_dump()
            message = reply["choices"][0]["message"]
            return message["content"], message["annotations"], reply["renglon"]
        chunks = [c.model_dump() for c in client.chat.completions.create(model=name, messages=user(GIFT), stream=True)]
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
        notes = next(delta["annotations"] for delta in deltas if "annotations" in delta)
        return "".join(delta["content"] or "" for delta in deltas), notes, chunks[-1]["renglon"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_written_answer(stream: bool, writing: LocalServer, model: ScriptedServer) -> None:
    model.play(Script(lambda m: [*"Putin le regaló una limusina [1]. Hubo 99 barcos. [77]"]))
    text, notes, ours = ask_writing(writing, stream)
    assert text.startswith("Putin le regaló una limusina")
    assert ours["mode"] == "generative"
    assert ours["dropped_markers"] == 1
    assert "77" not in text
    check(text, notes)


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_breaks_off_is_followed_by_the_extracted_answer(
    stream: bool, writing: LocalServer, model: ScriptedServer
) -> None:
    model.play(Script(["Putin le regaló ", "una limusina [1]. Y ", "además "], pause=0.05, breaks=True))
    text, notes, ours = ask_writing(writing, stream)
    assert ours["mode"] == "extractive"
    assert ours["notice"]
    assert FILE in text
    check(text, notes)
    # What a stream has sent can't be taken back; it says that the answer begins again.
    assert text.startswith("Putin le regaló una limusina") is stream


def test_the_extractive_model_asks_no_server(writing: LocalServer, model: ScriptedServer) -> None:
    model.play(Script("Hola. [1]"))
    names = [entry["id"] for entry in web.get(f"{writing.url}/v1/models").json()["data"]]
    assert names == ["renglon", "renglon-extractive"]
    for stream in (False, True):
        text, notes, ours = ask_writing(writing, stream, "renglon-extractive")
        assert ours["mode"] == "extractive"
        check(text, notes)
    assert model.requests == []


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_stops_the_model(stream: bool, writing: LocalServer, model: ScriptedServer) -> None:
    model.play(Script(["Putin "] * 1000, pause=0.1))
    body = json.dumps({"messages": user(GIFT), "stream": stream}).encode()
    address = httpx.URL(writing.url)
    with socket.create_connection((address.host, address.port or 80)) as leaving:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.host}\r\nContent-Type: application/json\r\n"
        leaving.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        wait_for(lambda: model.sent)
        assert not model.gone
    wait_for(lambda: model.gone)
    assert len(model.requests) == 1
    assert len(model.sent) < 1000
