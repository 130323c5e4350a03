"""What each key opens, and what becomes of those who guess."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from api.keys import MINUTE_S, MOST_CLIENTS, WRONG_A_MINUTE, Keys, WrongKeys
from rag.errors import KeyRequired, NotAllowed, TooManyWrongKeys
from rag.settings import Settings
from tests.support.http import problem
from tests.support.models import Tiny
from tests.support.server import LocalServer
from tests.support.web import web

OLD, NEW, READER = "la-clave-vieja", "la-clave-nueva-ñ", "solo-lectura"
READING = {
    ("post", "/v1/query"), ("post", "/v1/batch"), ("post", "/v1/exports"),
    ("post", "/v1/search"), ("post", "/v1/citations/verify"), ("post", "/v1/chat/completions")
}  # fmt: skip


def keys(**settings: Any) -> Keys:
    return Keys(Settings(**settings))


def check(checked: Keys, key: str, method: str = "GET", path: str = "/v1/index", client: str = "192.0.2.1") -> None:
    scope = {"method": method, "path": path, "client": (client, 1)}
    checked.check(scope, f"Bearer {key.encode().decode('latin-1')}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("keys")
    started = LocalServer(folder / "data", folder / "none", Tiny(), api_key=f"{OLD}, {NEW},", read_key=READER)
    started.wait("/livez")
    yield started
    started.stop()


def request(server: LocalServer, method: str, path: str, key: str, client: str = "192.0.2.1") -> httpx.Response:
    headers: dict[str, str | bytes] = {"authorization": f"Bearer {key}".strip().encode(), "x-forwarded-for": client}
    return web.request(method, server.url + path, headers=headers)


def test_several_keys_are_valid_at_once(server: LocalServer) -> None:
    for key in (OLD, NEW):
        assert request(server, "GET", "/v1/index", key).is_success
        assert request(server, "POST", "/v1/index/sync", key).status_code == 404  # the corpus folder is missing
    for key in ("", f"{OLD},{NEW}", f"{OLD}, {NEW},", ",", f"{OLD} "[:-2]):
        assert request(server, "GET", "/v1/index", key).status_code == 401


def test_the_reading_key_reads_and_changes_nothing(server: LocalServer) -> None:
    paths = web.get(f"{server.url}/openapi.json").json()["paths"]
    routes = {(method, path) for path, methods in paths.items() for method in methods if path.startswith("/v1")}
    assert routes > READING
    for method, path in routes:
        response = request(server, method, path.replace("{document_id}", "x").replace("{job_id}", "x"), READER)
        if method == "get" or (method, path) in READING:
            assert response.status_code not in (401, 403), (method, path)
        else:
            assert problem(response, 403)["detail"] == "This API key only reads."


def test_a_reading_key_alone_closes_the_rest() -> None:
    checked = keys(read_key=READER)
    assert checked
    check(checked, READER)
    check(checked, READER, "POST", "/mcp")  # its tools only read
    with pytest.raises(NotAllowed):
        check(checked, READER, "POST", "/v1/documents")
    assert not keys(read_key=" , ")


@pytest.mark.parametrize("path", ["/v1/query/", "/v1//query", "/V1/query", "/v1/documents", "/v1/new", "/mcp/x"])
def test_another_spelling_does_not_make_a_change_a_read(path: str) -> None:
    with pytest.raises(NotAllowed):
        check(keys(api_key=OLD, read_key=READER), READER, "POST", path)


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/exports", "/mcp"])
def test_asking_in_other_forms_is_a_read(path: str) -> None:
    check(keys(api_key=OLD, read_key=READER), READER, "POST", path)


def test_who_guesses_is_refused_for_a_minute(server: LocalServer) -> None:
    guess = "203.0.113.7"
    for n in range(WRONG_A_MINUTE):
        assert request(server, "GET", "/v1/index", f"guess{n}", guess).status_code == 401
    for key in ("guess", OLD, READER):
        refused = request(server, "GET", "/v1/index", key, guess)
        assert problem(refused, 429)["type"] == "urn:renglon:too-many-wrong-keys"
        assert refused.headers["retry-after"] == "60"
    assert web.get(f"{server.url}/v1/index", headers={"x-forwarded-for": guess}).status_code == 401  # without a key
    assert request(server, "GET", "/v1/index", OLD, "203.0.113.8").is_success
    assert web.get(f"{server.url}/livez").is_success


def test_an_address_of_another_machine_cannot_be_made_up(tmp_path: Path) -> None:
    """Only a proxy on this machine is believed; IPv6 clients count by network, since each has many addresses."""
    checked = keys(api_key=OLD)
    for n in range(WRONG_A_MINUTE):
        with pytest.raises(KeyRequired):
            check(checked, "guess", client=f"2001:db8:1:2::{n:x}")
    with pytest.raises(TooManyWrongKeys):
        check(checked, OLD, client="2001:db8:1:2:ffff::1")
    check(checked, OLD, client="2001:db8:1:3::1")


def test_the_minute_passes_and_memory_is_bounded() -> None:
    now = 1000.0
    wrong = WrongKeys(lambda: now)
    for _ in range(WRONG_A_MINUTE):
        wrong.require_few("a")
        wrong.add("a")
    with pytest.raises(TooManyWrongKeys):
        wrong.require_few("a")
    now += MINUTE_S - 1
    with pytest.raises(TooManyWrongKeys):
        wrong.require_few("a")
    now += 1
    wrong.require_few("a")
    wrong.add("a")
    wrong.require_few("a")
    for n in range(3 * MOST_CLIENTS):
        wrong.add(str(n))
    assert len(wrong) == MOST_CLIENTS


def test_a_missing_key_is_no_wrong_one() -> None:
    checked = keys(api_key=OLD)
    for authorization in ("", "Bearer", "Bearer ", f"Basic {OLD}", OLD):
        for _ in range(WRONG_A_MINUTE + 1):
            with pytest.raises(KeyRequired):
                checked.check({"method": "GET", "path": "/v1/index", "client": ("a", 1)}, authorization)
    check(checked, OLD, client="a")
