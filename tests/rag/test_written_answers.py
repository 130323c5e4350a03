"""Written answers, over real HTTP: what a good model's answer becomes, and what a bad one's."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
from llama_index.core.llms import CompletionResponse, CompletionResponseGen, CustomLLM, LLMMetadata

from index.model.encoder import Encoder
from index.renglon import build_engine, indexed
from index.retriever import HybridRetriever
from index.store import Store
from rag.engine import Engine
from rag.errors import ModelServerFailed
from rag.events import CitationAdded, Event, TextAdded
from rag.evidence.confidence import load_calibration
from rag.messages import NOT_WRITTEN
from rag.settings import Settings
from rag.types import Answer, Turn
from rag.written.author import Author
from rag.written.model_server import ModelServer
from tests.support.llama import llama
from tests.support.paths import MODELS, SEEDS
from tests.support.questions import CONTAINERS, GIFT, PAELLA
from tests.support.scripted_llm import Script, ScriptedServer, citing
from tests.support.server import LocalServer
from tests.support.waiting import wait_for
from tests.support.web import web


@pytest.fixture(scope="module")
def written(model: ScriptedServer, seeds_store: Store, encoder: Encoder) -> Engine:
    return build_engine(seeds_store, encoder, Settings(models_dir=MODELS, llm_url=model.url, llm_timeout_s=60))


@pytest.fixture(scope="module")
def hurried(model: ScriptedServer, seeds_store: Store, encoder: Encoder) -> Engine:
    return build_engine(seeds_store, encoder, Settings(models_dir=MODELS, llm_url=model.url, llm_timeout_s=3))


def in_steps(engine: Engine, question: str, history: list[Turn] | None = None) -> list[Event]:
    async def all_of() -> list[Event]:
        return [event async for event in engine.astream(question, history or [])]

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, all_of()).result()


def facts(answer: Answer) -> list[tuple[str, int, str]]:
    return [(c.file, c.line_start, c.quote) for c in answer.citations]


def test_a_written_answer_has_citations_that_are_facts(written: Engine, model: ScriptedServer) -> None:
    reply = citing("Corea del Norte envió unos 6.700 contenedores [{n}]. Hubo 99 barcos. [77] Nada más.", "6.700")
    model.play(Script(lambda m: [*reply(m)]))  # one character at a time
    events = in_steps(written, CONTAINERS)
    answer = events[-1].answer
    assert (answer.mode, answer.status, answer.notice, answer.dropped_markers) == ("generative", "answered", None, 1)
    [citation] = answer.citations
    assert "6.700" in citation.quote
    text = (SEEDS / citation.file).read_bytes().decode()
    assert text[citation.char_start : citation.char_end] == citation.quote
    assert citation.verified
    first = "Corea del Norte envió unos 6.700 contenedores."
    assert answer.text == f"{first} {citation.marker} Hubo 99 barcos. Nada más."
    assert answer.text[citation.answer_start : citation.answer_end] == first
    assert [(answer.text[s.answer_start : s.answer_end], s.supported) for s in answer.sentences] == [
        (first, True), ("Hubo 99 barcos.", False), ("Nada más.", False),
    ]  # fmt: skip
    assert all(s.reason for s in answer.sentences[1:])
    assert any(hit.cited for hit in answer.passages)
    assert "".join(e.text for e in events if isinstance(e, TextAdded)) == answer.text
    assert [e.citation for e in events if isinstance(e, CitationAdded)] == answer.citations
    assert events[0].kind == "passages"
    assert "write" in answer.timings_ms


def test_what_the_model_is_told(written: Engine, model: ScriptedServer) -> None:
    fences = set()
    for _ in range(2):
        model.play(Script(citing("A luxury limousine. [{n}]", "limusina")))
        answer = in_steps(written, GIFT)[-1].answer
        assert answer.mode == "generative"
        assert answer.language == "en"
        [request] = model.requests
        assert request["stream"] is True
        assert request["model"] == "scripted"
        system, user = (message["content"] for message in request["messages"])
        assert "Write English" in system
        [fence] = set(re.findall(r"=== \w{12} ===", user))
        fences.add(fence)
        assert user.count(fence) == 2
        evidence = user.split(fence)[1]
        assert re.findall(r"^\[(\d+)\]", evidence, re.M) == [str(n + 1) for n in range(evidence.count("["))]
    assert len(fences) == 2


OTHER = "http://127.0.0.1:9/v1"
FAILURES: dict[str, tuple[Script, str]] = {
    "500": (Script(status=500), "refused"),
    "401": (Script(status=401), "refused"),
    "429": (Script(status=429), "refused"),
    "redirect": (Script(location=OTHER), "refused"),
    "hangs": (Script("Tarde. [1]", wait=30), "timeout"),
    "stops in the middle": (Script(["Corea ", "del Norte [1]. "] + ["y "] * 100, pause=0.1), "timeout"),
    "empty": (Script(""), "empty"),
    "only thinks": (Script("<think>Según [1]</think>"), "uncited"),
    "too long": (Script(["Corea [1]. "], finish="length"), "cut"),
    "never ends": (Script("Corea envió [1]. " * 1000), "cut"),
    "no finish": (Script("Corea envió", finish=None), "cut"),
    "breaks off": (Script("Corea envió [1]. Y", breaks=True), "cut"),
    "no JSON": (Script(raw=b"data: {oh no\n\n"), "garbage"),
    "HTML": (Script(raw=b"<html>proxy</html>"), "empty"),
    "an error event": (Script(raw=b'data: {"error": {"message": "overloaded"}}\n\n'), "cut"),
    "no words": (Script("[1] ... 123 !!"), "garbage"),
    "no evidence": (Script("Fueron siete mil, creo yo."), "uncited"),
    "invented evidence": (Script("Fueron siete mil. [88]"), "uncited"),
    "declines": (Script(["NO_", "ANS", "WER"]), "declined"),
    "declines late": (Script("Veamos. NO_ANSWER"), "declined"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_gives_the_extracted_answer(
    case: str, written: Engine, hurried: Engine, engine: Engine, model: ScriptedServer
) -> None:
    script, reason = FAILURES[case]
    model.play(script)
    events = in_steps(hurried if reason == "timeout" else written, CONTAINERS)
    answer = events[-1].answer
    extracted = engine.answer(CONTAINERS)
    assert (answer.mode, answer.status, answer.text) == ("extractive", "answered", extracted.text)
    assert facts(answer) == facts(extracted)
    assert answer.notice == NOT_WRITTEN[reason]["es"]
    assert answer.sentences == []
    kinds = [event.kind for event in events]
    after = kinds.index("retract") + 1 if "retract" in kinds else 0
    assert "".join(e.text for e in events[after:] if isinstance(e, TextAdded)) == answer.text
    if "retract" not in kinds:
        assert "".join(e.text for e in events if isinstance(e, TextAdded)) == answer.text
    assert len(model.requests) == 1  # no second try


def test_a_dead_server(seeds_store: Store, encoder: Encoder, engine: Engine) -> None:
    settings = Settings(models_dir=MODELS, llm_url=OTHER, llm_model="any")
    answer = build_engine(seeds_store, encoder, settings).answer(CONTAINERS)
    assert answer.notice == NOT_WRITTEN["unreachable"]["es"]
    assert answer.text == engine.answer(CONTAINERS).text


def test_without_evidence_the_model_is_not_asked(written: Engine, model: ScriptedServer) -> None:
    model.play(Script("La paella se hace con arroz. [1]"))
    answer = in_steps(written, PAELLA)[-1].answer
    assert (answer.status, answer.mode, answer.citations) == ("no_evidence", "extractive", [])
    assert model.requests == []


def test_without_a_setting_nobody_is_asked(engine: Engine, model: ScriptedServer) -> None:
    model.play(Script("Hola. [1]"))
    answer = in_steps(engine, CONTAINERS)[-1].answer
    assert (answer.mode, answer.notice) == ("extractive", None)
    assert model.paths == []


def test_an_extract_in_another_language_says_so(engine: Engine) -> None:
    assert "another language" in (engine.answer(GIFT).notice or "")
    assert engine.answer(CONTAINERS).notice is None


def test_a_follow_up_is_rewritten_by_the_model(written: Engine, model: ScriptedServer) -> None:
    history = [
        Turn(role="user", content="¿Qué le regaló Putin a Kim?"),
        Turn(role="assistant", content="Un coche. [1]"),
    ]
    rewritten = "¿Cuándo le regaló Putin a Kim la limusina?"
    model.play(Script(f'"{rewritten}"\n'), Script(citing("En febrero. [{n}]", "limusina")))
    answer = in_steps(written, "¿Y cuándo fue?", history)[-1].answer
    assert (answer.question, answer.standalone_question) == ("¿Y cuándo fue?", rewritten)
    assert "limusina" in answer.citations[0].quote
    assert "Un coche. (1)" in model.requests[0]["messages"][-1]["content"]
    assert rewritten in model.requests[1]["messages"][-1]["content"]


@pytest.mark.parametrize("reply", ["", "Dos\nlíneas", "x" * 3000, "<think>hm", "\x00"])
def test_a_bad_rewriting_is_not_used(reply: str, written: Engine, model: ScriptedServer) -> None:
    history = [Turn(role="user", content=CONTAINERS)]
    model.play(Script(reply), Script("Algo. [1]"))
    answer = in_steps(written, "¿Y cuándo fue?", history)[-1].answer
    assert answer.mode == "generative"
    assert "contenedores" in answer.standalone_question  # as the rules have it
    assert answer.citations


def test_a_question_that_stands_alone_is_not_rewritten(written: Engine, model: ScriptedServer) -> None:
    model.play(Script("Algo. [1]"))
    answer = in_steps(written, CONTAINERS, [Turn(role="user", content=GIFT)])[-1].answer
    assert (answer.mode, answer.standalone_question) == ("generative", None)
    assert len(model.requests) == 1


def test_the_servers_first_model_and_the_key(model: ScriptedServer) -> None:
    model.play(Script())
    server = ModelServer(model.url.removesuffix("/v1"), None, "geheim", 5)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, server.names()).result() == ["scripted"]
    assert model.headers[0]["Authorization"] == "Bearer geheim"


@pytest.mark.parametrize("url", ["ftp://x/v1", "http://", "file:///etc/passwd"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ModelServerFailed):
        ModelServer(url, None, None, 5)


class Fixed(CustomLLM):
    """Any model of LlamaIndex's: it knows nothing of OpenAI's protocol."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata()

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text="Lo envió Corea. [1]")

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        return iter([CompletionResponse(text=text, delta=text) for text in ("Lo envió Corea. ", "[1]")])


def test_any_llm_of_llamaindex_can_write(seeds_store: Store, encoder: Encoder) -> None:
    answer = Engine(
        retriever=HybridRetriever(seeds_store, encoder, Settings().passages), encoder=encoder,
        index=indexed(seeds_store), calibration=load_calibration(), author=Author(lambda: nullcontext(Fixed()), 5),
    ).answer(CONTAINERS)  # fmt: skip
    assert answer.mode == "generative"
    assert answer.text.startswith("Lo envió Corea. [")


# -- through the service


def test_a_written_answer_over_http(writing: LocalServer, model: ScriptedServer) -> None:
    model.play(Script(citing("Una limusina rusa. [{n}]", "limusina")))
    answer = Answer(**web.post(f"{writing.url}/v1/query", json={"question": GIFT}, timeout=30).json())
    assert answer.mode == "generative"
    assert answer.citations[0].marker in answer.text


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_the_models_work(stream: bool, writing: LocalServer, model: ScriptedServer) -> None:
    model.play(Script(["Corea del Norte "] * 1000, pause=0.1))
    body = json.dumps({"question": CONTAINERS, "stream": stream}).encode()
    address = httpx.URL(writing.url)
    with socket.create_connection((address.host, address.port or 80)) as client:
        head = f"POST /v1/query HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nContent-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        wait_for(lambda: model.sent)
        if stream:
            received = b""
            while b"event: delta" not in received:
                received += client.recv(65536)
        assert not model.gone
    wait_for(lambda: model.gone)
    assert len(model.sent) < 1000
    assert web.get(f"{writing.url}/readyz").is_success


# -- with a real model


@pytest.fixture(scope="module")
def small_model() -> Iterator[str]:
    with llama() as url:
        yield url


# The model reads the evidence of one passage: it is the reading of its prompt that takes its time.
SHORT_PROMPT = {"passages": 1, "llm_timeout_s": 60}


def test_llama_cpp_writes(small_model: str, seeds_store: Store, encoder: Encoder) -> None:
    """Whatever the small model makes of it: citations are facts, or the extract is given."""
    settings = Settings(models_dir=MODELS, llm_url=small_model, **SHORT_PROMPT)
    engine = build_engine(seeds_store, encoder, settings)
    for question in (GIFT, CONTAINERS):
        answer = in_steps(engine, question)[-1].answer
        assert answer.status == "answered"
        told = tuple(notice[answer.language] for notice in NOT_WRITTEN.values())
        assert answer.mode == "generative" or (answer.notice or "").startswith(told)
        for citation in answer.citations:
            text = (SEEDS / citation.file).read_bytes().decode()
            assert text[citation.char_start : citation.char_end] == citation.quote


def test_llama_cpp_names_its_model_and_is_stopped(small_model: str, seeds_store: Store, encoder: Encoder) -> None:
    settings = Settings(models_dir=MODELS, llm_url=small_model, **SHORT_PROMPT)
    server = ModelServer.of(settings)
    assert server is not None
    engine = build_engine(seeds_store, encoder, settings)

    async def leave() -> list[str]:
        names = await server.names()
        async for event in engine.astream(CONTAINERS):
            if event.kind == "delta":
                break
        return names

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, leave()).result()[0].endswith(".gguf")

    def slots() -> bool:
        return not any(slot["is_processing"] for slot in web.get(small_model.removesuffix("/v1") + "/slots").json())

    wait_for(slots)


def test_llama_cpp_out_of_context(tmp_path: Path, small_model: str, encoder: Encoder, engine: Engine) -> None:
    """A prompt that doesn't fit is refused by the server, and the extract is given."""
    author = Author(ModelServer(small_model, None, None, 60).open, 60)
    long = "¿" + "y qué más " * 2000 + CONTAINERS
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, author.standalone(long, "es", [], author.deadline(), 100)).result() is None
