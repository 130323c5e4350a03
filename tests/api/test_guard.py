"""Who may ask and who may write: over real connections, with headers that a browser would send for a foreign page."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.errors import OPENAI_PATHS
from tests.support.cli import renglon
from tests.support.http import problem
from tests.support.paths import SEEDS
from tests.support.server import LocalServer, Serve, Served, Server
from tests.support.web import web

KEY = "clave-ñ-with-some-length"
QUESTION = {"question": "¿Quién es Sergei Shoigu?"}


@pytest.fixture(scope="module")
def guarded(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> LocalServer:
    """A server that asks for a key. It never becomes ready: the guard comes before everything else."""
    data = tmp_path_factory.mktemp("guard-data")
    names = "noticias.example, Otra.Example"
    server = serve(data, data / "none", ready=False, api_key=KEY, allowed_hosts=names)
    server.wait("/livez")
    return server


_clients = itertools.count()


def bearer(key: str) -> dict[str, str | bytes]:
    """The header with a key; each time from another address, as a proxy tells it, since wrong keys are counted."""
    n = next(_clients)
    return {"authorization": f"Bearer {key}".encode(), "x-forwarded-for": f"198.51.{n >> 8}.{n & 255}"}


def refused(response: httpx.Response) -> None:
    """401, in the form that the route speaks."""
    if response.url.path.startswith(OPENAI_PATHS):
        assert (response.status_code, response.json()["error"]["code"]) == (401, "key_required")
    else:
        problem(response, 401)


def test_the_description_of_the_interface_calls_nobody_else(server: Served) -> None:
    page = web.get(f"{server.url}/docs").text
    assert not re.search(r"https?://", page)
    for path in re.findall(r"(?:src|href)=\"(/[^\"]+)", page):
        assert web.get(server.url + path).status_code == 200


def test_no_v1_route_is_missed(guarded: LocalServer) -> None:
    schema = web.get(f"{guarded.url}/openapi.json").json()
    routes = [(method, path) for path, operations in schema["paths"].items() for method in operations]
    closed = [(method, path) for method, path in routes if path.startswith("/v1")]
    assert len(closed) > 12
    for method, path in closed:
        url = guarded.url + path.replace("{document_id}", "x").replace("{job_id}", "x")
        refused(web.request(method, url))
        assert "Bearer" in web.request(method, url).headers["www-authenticate"]
        refused(web.request(method, url, headers=bearer(KEY + "x")))
        assert web.request(method, url, headers=bearer(KEY)).status_code != 401
        assert {"401", "403"} <= set(schema["paths"][path][method]["responses"])
    # What is open is only what tells nothing of the articles.
    assert {path for _, path in routes if not path.startswith("/v1")} <= {"/livez", "/readyz", "/metrics"}


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1", "/v1/../v1/index", "/%761/index", "//v1/index", "/V1/index"])
def test_no_spelling_of_a_path_goes_around_the_key(guarded: LocalServer, path: str) -> None:
    import socket

    port = int(guarded.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
        assert b" 401 " in connection.recv(1000).split(b"\r\n")[0]


@pytest.mark.parametrize(
    "value", ["", "Bearer", f"Basic {KEY}", KEY, f"Bearer {KEY[:-1]}", f"Bearer {KEY.upper()}", "Bearer \xff"]
)
def test_wrong_keys(guarded: LocalServer, value: str) -> None:
    headers = {"authorization": value.encode()}
    problem(web.get(f"{guarded.url}/v1/index", headers=headers), 401)


def test_the_page_and_health_are_open(guarded: LocalServer) -> None:
    for path in ("/", "/web/main.js", "/livez"):
        assert web.get(guarded.url + path).is_success
    guarded.wait_for_failure()
    waiting = web.get(f"{guarded.url}/readyz")
    assert waiting.status_code == 503
    assert str(guarded.data) not in waiting.text
    assert str(guarded.data) in web.get(f"{guarded.url}/v1/index", headers=bearer(KEY)).json()["phase"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "localhost.", "127.0.0.1", "127.1.2.3:80", "[::1]:8000", "noticias.example",
             "otra.example:443"],
)  # fmt: skip
def test_hosts_that_are_answered(guarded: LocalServer, host: str) -> None:
    assert web.get(f"{guarded.url}/livez", headers={"host": host}).is_success


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "192.168.1.5:8000",
             "", "localhost@evil.example", "evil.example#localhost", "localhost:x", "[::1", "noticias.example.evil"],
)  # fmt: skip
def test_a_name_that_was_pointed_at_this_machine_is_refused(guarded: LocalServer, host: str) -> None:
    for path in ("/", "/livez", "/v1/documents", "/v1/query"):
        refused = web.get(guarded.url + path, headers={"host": host, **bearer(KEY)})
        assert refused.status_code == 403
        assert refused.json()["type"] == "urn:renglon:not-allowed"


FOREIGN: list[dict[str, str]] = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost:1"},
    {"origin": "file://"},
    {"origin": "http://["},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_foreign_page_changes_nothing(guarded: LocalServer, method: str, headers: dict[str, str]) -> None:
    for path in ("/v1/documents", "/v1/documents/x", "/v1/index/sync", "/v1/query"):
        problem(web.request(method, guarded.url + path, headers={**headers, **bearer(KEY)}), 403)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin, cross-site"])
def test_a_foreign_page_does_not_learn_what_is_indexed(guarded: LocalServer, site: str) -> None:
    for path in ("/v1/documents", "/v1/documents/x", "/v1/documents/x/lines", "/v1/index", "/v1/models", "/v1/jobs/x"):
        for method in ("GET", "HEAD", "OPTIONS"):
            refused = web.request(method, guarded.url + path, headers={"sec-fetch-site": site, **bearer(KEY)})
            assert refused.status_code == 403
    # A link on another site may lead to the page.
    assert web.get(guarded.url + "/", headers={"sec-fetch-site": site}).is_success


def test_our_own_page_and_programs_are_let_in(server: Served) -> None:
    own: list[dict[str, str]] = [
        {},
        {"origin": server.url, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ]
    for headers in own:
        assert web.post(f"{server.url}/v1/query", json=QUESTION, headers=headers).is_success
    # A browser sends the host that it was told; the origin is compared with that one.
    spelled = {"host": "localhost:8000", "origin": "http://localhost:8000"}
    assert web.post(f"{server.url}/v1/query", json=QUESTION, headers=spelled).is_success


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", ""])
def test_another_address_without_a_key_is_refused(host: str, tmp_path: Path) -> None:
    result = renglon(tmp_path / "data", "serve", str(SEEDS), "--port", "0", "--host", host)
    assert result.returncode == 1
    assert "RENGLON_API_KEY" in result.stderr
    assert not (tmp_path / "data").exists()


def test_every_address_with_a_key_answers_to_the_one_that_was_reached(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = start_server(tmp_path / "data", tmp_path / "none", RENGLON_HOST="0.0.0.0", RENGLON_API_KEY=KEY)
    server.wait("/livez")
    assert web.get(f"{server.url}/v1/index", headers=bearer(KEY)).is_success
    problem(web.get(f"{server.url}/v1/index", headers={"host": "evil.example", **bearer(KEY)}), 403)
    problem(web.get(f"{server.url}/v1/index"), 401)


def test_an_empty_key_is_none() -> None:
    from api.serve import require_safe_address
    from rag.errors import UnsafeAddress
    from rag.settings import Settings

    empty: Any = {"api_key": ""}
    assert Settings(**empty).api_keys == []
    with pytest.raises(UnsafeAddress):
        require_safe_address(Settings(host="0.0.0.0", **empty))
    for host in ("127.0.0.1", "::1", "localhost"):
        require_safe_address(Settings(host=host))
