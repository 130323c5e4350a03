"""Small talk and summaries through every door: HTTP, its events, OpenAI's form, and the command line."""

from __future__ import annotations

import httpx
import openai
import pytest

from tests.support.cli import renglon
from tests.support.server import Served

TALK, SUMMARY = "hola", "Resume los artículos"


@pytest.mark.parametrize(("message", "status", "cited"), [(TALK, "none_asked", False), (SUMMARY, "answered", True)])
def test_over_http(server: Served, message: str, status: str, cited: bool) -> None:
    answer = httpx.post(f"{server.url}/v1/query", json={"question": message}, timeout=60).json()
    assert (answer["status"], bool(answer["citations"])) == (status, cited)
    assert bool(answer["suggestions"]) is (not cited)


@pytest.mark.parametrize("message", [TALK, SUMMARY])
def test_as_events(server: Served, message: str) -> None:
    body = {"question": message, "stream": True}
    text = httpx.post(f"{server.url}/v1/query", json=body, timeout=60).text
    kinds = [line.removeprefix("event: ").strip() for line in text.splitlines() if line.startswith("event: ")]
    assert kinds[0] == "passages"
    assert "delta" in kinds
    assert kinds[-1] == "answer"


@pytest.mark.parametrize(("message", "status"), [(TALK, "none_asked"), (SUMMARY, "answered")])
def test_in_openais_form(server: Served, message: str, status: str) -> None:
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused")
    messages = [{"role": "user", "content": message}]
    reply = client.chat.completions.create(model="renglon", messages=messages)  # type: ignore[call-overload]
    assert reply.choices[0].message.content
    assert reply.model_dump()["renglon"]["status"] == status
    chunks = list(
        client.chat.completions.create(model="renglon", messages=messages, stream=True)  # type: ignore[call-overload]
    )
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert streamed == reply.choices[0].message.content


@pytest.mark.parametrize("message", [TALK, SUMMARY])
def test_on_the_command_line_the_exit_code_is_0(server: Served, message: str) -> None:
    result = renglon(server.data, "ask", message)
    assert result.returncode == 0
    assert result.stdout.strip()


def test_a_greeting_in_a_conversation_is_a_greeting(server: Served) -> None:
    history = [{"role": "user", "content": "¿Quién es Shoigu?"}, {"role": "assistant", "content": "El ministro."}]
    body = {"question": "gracias", "history": history}
    answer = httpx.post(f"{server.url}/v1/query", json=body, timeout=60).json()
    assert (answer["status"], answer["standalone_question"]) == ("none_asked", None)
