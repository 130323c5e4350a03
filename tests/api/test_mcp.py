"""The Model Context Protocol, with the client of its own SDK, over HTTP and over standard input and output."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.support.folders import copied
from tests.support.loops import run
from tests.support.models import Asked
from tests.support.paths import ROOT, SEEDS
from tests.support.processes import environment_of
from tests.support.server import Serve, Served
from tests.support.web import web

GIFT, FILE, LINE = "¿Qué le regaló Putin a Kim?", "004_6b36a17d40a337a5.txt", 11
PAELLA = "¿Cómo se prepara una paella valenciana?"
Work = Callable[[Client], Awaitable[None]]


def over(transport: Any, work: Work, **options: Any) -> None:
    """Connect, do some work, disconnect."""

    async def connected() -> None:
        with anyio.fail_after(600):
            async with Client(transport, **options) as client:
                await work(client)

    run(connected())


def over_stdio(data: Path, work: Work, *arguments: str, **environment: str) -> None:
    env = environment_of(data, **environment)
    over(StdioServerParameters(command=sys.executable, args=["-m", "api", "mcp", *arguments], env=env, cwd=ROOT), work)


def both(result: Any) -> dict[str, Any]:
    """What a tool returned: the text says the same as the structured part."""
    assert not result.is_error, result.content
    structured: dict[str, Any] = result.structured_content
    assert json.loads(result.content[0].text) == structured
    return structured


async def the_tools_and_resources(client: Client) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"search", "fetch", "ask"}
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools.values())
    assert tools["search"].input_schema["required"] == ["query"]
    assert all(tool.output_schema and tool.description for tool in tools.values())

    found = both(await client.call_tool("search", {"query": "limusina"}))
    assert set(found) == {"results"}
    first = found["results"][0]
    assert set(first) == {"id", "title", "url"}
    assert first["title"].startswith(f"{FILE}:")

    lines = (SEEDS / FILE).read_bytes().decode().split("\n")
    fetched = both(await client.call_tool("fetch", {"id": first["id"]}))
    assert {"id", "title", "text", "url"} <= set(fetched)
    assert "limusina" in fetched["text"]
    assert fetched["text"] in "\n".join(lines)
    document = first["id"].split(":")[0]
    assert both(await client.call_tool("fetch", {"id": document}))["text"].split("\n")[LINE - 1] == lines[LINE - 1]
    part = both(await client.call_tool("fetch", {"id": f"{document}:2-3"}))
    assert (part["text"], part["metadata"]["next"][:18]) == ("\n".join(lines[1:3]), f"{document}:4")

    result = await client.call_tool("ask", {"question": GIFT})
    answer = both(result)
    assert answer["status"] == "answered"
    cited = answer["answer"][0]["citations"][0]
    assert (cited["file"], cited["line_start"], cited["verified"]) == (FILE, LINE, True)
    assert cited["quote"] in lines[LINE - 1]
    assert "[" not in answer["answer"][0]["sentence"]
    link = result.content[1]
    assert (link.type, link.uri) == ("resource_link", f"renglon://doc/{FILE}")
    (content,) = (await client.read_resource(link.uri)).contents
    assert content.text.split("\n")[LINE - 1] == lines[LINE - 1]
    assert {resource.name for resource in (await client.list_resources()).resources} >= {FILE}
    (template,) = (await client.list_resource_templates()).resource_templates
    assert template.uri_template == "renglon://doc/{+path}"

    within = both(await client.call_tool("ask", {"question": GIFT, "files": ["001*"]}))
    assert {place["file"][:3] for said in within["answer"] for place in said["citations"]} <= {"001"}
    hits = both(await client.call_tool("search", {"query": "limusina", "files": ["000*", "001*"]}))["results"]
    assert {hit["title"][:3] for hit in hits} == {"000", "001"}
    one = {"query": "limusina", "documents": [document], "collection": ["default"]}
    assert {hit["title"][:3] for hit in both(await client.call_tool("search", one))["results"]} == {FILE[:3]}
    unknown = await client.call_tool("ask", {"question": GIFT, "collection": ["paz"]})
    assert unknown.is_error
    assert "There are: default." in unknown.content[0].text
    empty = both(await client.call_tool("ask", {"question": GIFT, "files": ["*.none"]}))
    assert (empty["status"], empty["notice"]) == ("no_evidence", "Ningún documento indexado cumple el filtro.")

    nothing = both(await client.call_tool("ask", {"question": PAELLA}))
    assert (nothing["status"], nothing["answer"][0]["citations"]) == ("no_evidence", [])


async def what_is_refused(client: Client) -> None:
    for tool, arguments, said in (
        ("ask", {"question": "  "}, "empty"),
        ("ask", {"question": "a" * 3000}, "2,000"),
        ("ask", {}, "question"),
        ("ask", {"question": GIFT, "files": ["*" * 9]}, "asterisks"),
        ("fetch", {"id": "../../etc/passwd"}, "is no id"),
        ("fetch", {"id": "0" * 16}, "There is no document"),
    ):
        refused = await client.call_tool(tool, arguments)
        assert refused.is_error
        assert said in refused.content[0].text
    (one,) = (await client.call_tool("search", {"query": "limusina"})).structured_content["results"][:1]
    beyond = await client.call_tool("fetch", {"id": f"{one['id'].split(':')[0]}:100000-100001"})
    assert "no such lines" in beyond.content[0].text
    for uri in ("renglon://doc/nothing.txt", "renglon://doc/../../etc/passwd", "renglon://other"):
        with pytest.raises(MCPError):
            await client.read_resource(uri)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_over_http(server: Served, mode: str) -> None:
    """Newer clients discover the server, older ones shake hands."""

    async def work(client: Client) -> None:
        await the_tools_and_resources(client)
        await what_is_refused(client)
        found = both(await client.call_tool("search", {"query": "limusina"}))
        assert found["results"][0]["url"].startswith(f"{server.url}/#/d/")

    over(f"{server.url}/mcp", work, mode=mode)


def test_over_stdio_beside_a_running_server(server: Served) -> None:
    """The server alone may open the data folder: it is asked."""

    async def work(client: Client) -> None:
        await the_tools_and_resources(client)
        await what_is_refused(client)
        found = both(await client.call_tool("search", {"query": "limusina"}))
        assert found["results"][0]["url"].startswith(f"{server.url}/#/d/")

    over_stdio(server.data, work)


def test_over_stdio_without_a_server(seeds_data: Path, tmp_path: Path) -> None:
    """It opens the folder itself; a client that cancels while it loads does not disturb it."""

    async def work(client: Client) -> None:
        with anyio.move_on_after(0.1) as scope:
            await client.call_tool("ask", {"question": GIFT})
        assert scope.cancelled_caught
        await the_tools_and_resources(client)
        found = both(await client.call_tool("search", {"query": "limusina"}))
        assert found["results"][0]["url"].startswith(f"renglon://doc/{FILE}#L")

    over_stdio(copied(seeds_data, tmp_path), work, str(SEEDS))


def test_a_client_that_cancels_over_http(serve: Serve, tmp_path: Path, corpus: Path) -> None:
    encoder = Asked()
    server = serve(tmp_path / "data", corpus, encoder=encoder)

    async def work(client: Client) -> None:
        encoder.gate.clear()
        with anyio.move_on_after(0.5) as scope:
            await client.call_tool("ask", {"question": "¿Quién diseñó el puente?"})
        assert scope.cancelled_caught
        assert encoder.reached.is_set()
        encoder.gate.set()
        assert both(await client.call_tool("ask", {"question": "¿Quién diseñó el puente?"}))["answer"]

    over(f"{server.url}/mcp", work)


def test_the_key_and_the_host(serve: Serve, seeds_data: Path, tmp_path: Path) -> None:
    server = serve(copied(seeds_data, tmp_path), SEEDS, api_key="llave")
    assert web.post(f"{server.url}/mcp", json={}).status_code == 401
    assert web.post(f"{server.url}/mcp", json={}, headers={"host": "evil.example"}).status_code == 403
    assert web.post(f"{server.url}/mcp", json={}, headers={"origin": "https://evil.example"}).status_code == 403

    async def connected() -> None:
        headers = {"Authorization": "Bearer llave"}
        async with (
            create_mcp_http_client(headers=headers) as http,
            Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as client,
        ):
            assert len((await client.list_tools()).tools) == 3

    run(connected())
    key = {"authorization": "Bearer llave", "accept": "application/json"}
    assert web.post(f"{server.url}/mcp", content=b"{" * 1_100_000, headers=key).status_code == 413
    assert web.post(f"{server.url}/mcp", content=b"{", headers=key).status_code in (400, 406)
