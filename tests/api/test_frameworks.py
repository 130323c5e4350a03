"""The programs of docs/frameworks.md, as they stand there, but for the addresses of servers."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rag.types import Answer
from tests.support.folders import copied
from tests.support.paths import MODELS, ROOT, SEEDS
from tests.support.scripted_llm import Script, ScriptedServer
from tests.support.server import Served

# The agents of LlamaIndex still use what pydantic and their own workflows are about to drop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
FILE = "004_6b36a17d40a337a5.txt"
THOUGHT = 'Thought: I need the articles.\nAction: articles\nAction Input: {"input": "What gift did Putin give Kim?"}'


def programs() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/frameworks.md").read_text(), re.S | re.M)


@pytest.fixture(scope="module")
def ran(
    seeds_data: Path, server: Served, model: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The names that the programs leave behind, and what the agent's model was asked."""
    names: dict[str, Any] = {"__name__": "frameworks"}
    addresses = {"http://localhost:11434/v1": model.url, "http://127.0.0.1:8000/v1": f"{server.url}/v1"}
    engine, retriever, tool, client = programs()
    said = Script("Putin gave Kim a limousine [1].")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RENGLON_DATA_DIR", str(copied(seeds_data, tmp_path_factory.mktemp("frameworks"))))
        patch.setenv("RENGLON_MODELS_DIR", str(MODELS))
        scripts = [(engine, [said]), (retriever, [said]), (client, [said]),
                   (tool, [Script(THOUGHT), Script("Thought: I can answer.\nAnswer: A limousine.")])]  # fmt: skip
        with ThreadPoolExecutor(1) as pool:  # the browser tests leave an event loop running in this thread
            for program, played in scripts:
                model.play(*played)
                for written, real in addresses.items():
                    program = program.replace(written, real)
                pool.submit(exec, compile(program, "docs/frameworks.md", "exec"), names).result()
    names["asked"] = [request["messages"] for request in model.requests]
    return names


def test_the_engine(ran: dict[str, Any]) -> None:
    answer: Answer = ran["answer"]
    assert answer.citations[0].marker == f"[{FILE}:11]"
    source = (SEEDS / FILE).read_bytes().decode()
    assert source[answer.citations[0].char_start : answer.citations[0].char_end] == answer.citations[0].quote
    found = ran["response"].source_nodes
    assert [one.node.metadata["file"] for one in found] == [hit.file for hit in answer.passages]
    assert found[0].node.get_content() == answer.passages[0].text


@pytest.mark.parametrize("name", ["plain_response", "cited_response"])
def test_the_retriever_in_stock_engines(ran: dict[str, Any], name: str) -> None:
    response = ran[name]
    assert str(response) == "Putin gave Kim a limousine [1]."
    first = response.source_nodes[0].node
    assert first.metadata["file"] == FILE
    lines = (SEEDS / FILE).read_bytes().decode().split("\n")
    place = "\n".join(lines[first.metadata["line_start"] - 1 : first.metadata["line_end"]])
    assert "limusina" in first.get_content()
    assert first.get_content().removeprefix("Source 1:\n").split("\n")[0].strip() in place


def test_the_engine_as_a_tool(ran: dict[str, Any]) -> None:
    assert ran["agent_answer"] == "A limousine."
    observed = str(ran["asked"][-1])
    assert f"[{FILE}:11]" in observed  # the model was given the checked sentence, with its marker


def test_the_plain_client(ran: dict[str, Any]) -> None:
    assert f"[{FILE}:11]" in ran["message"].content
    assert ran["message"].annotations[0].url_citation.title == f"{FILE}:11"
