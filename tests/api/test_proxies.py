"""docs/deployment.md with the real programs: TLS, streams, uploads, keys, and clients that misbehave."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from api.http.writes import AT_ONCE_BYTES
from api.keys import WRONG_A_MINUTE
from tests.support.models import Held
from tests.support.proxies import NAME, Kind, ReverseProxy, reverse_proxy
from tests.support.server import LocalServer

KEY, READER = "la-clave-del-proxy", "solo-lectura"
LARGE = ("Una frase que ocupa un poco más de sitio que las demás frases. " * 30 + "\n") * (8 * AT_ONCE_BYTES // 1900)


@pytest.fixture(scope="module")
def encoder() -> Held:  # type: ignore[override]
    return Held()


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest, encoder: Held, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReverseProxy]:
    kind: Kind = request.param
    folder = tmp_path_factory.mktemp(kind)
    (folder / "corpus").mkdir()
    (folder / "corpus" / "uno.txt").write_text("El puente de Triana se abrió en 1852.\n")
    server = LocalServer(folder / "data", folder / "corpus", encoder, api_key=KEY, read_key=READER, allowed_hosts=NAME)
    try:
        server.wait("/readyz")
        with reverse_proxy(kind, server, folder) as started:
            yield started
    finally:
        encoder.gate.set()
        server.stop()


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_the_page_and_the_keys(proxy: ReverseProxy) -> None:
    assert "default-src 'none'" in proxy.request("GET", "/").headers["content-security-policy"]
    assert proxy.request("GET", "/v1/index").status_code == 401
    assert proxy.request("GET", "/v1/index", headers=bearer(READER)).json()["documents"] >= 1
    own = {**bearer(READER), "origin": proxy.origin, "sec-fetch-site": "same-origin"}
    assert proxy.request("POST", "/v1/query", json={"question": "¿Cuándo se abrió?"}, headers=own).is_success
    foreign = {**own, "origin": "https://evil.example"}
    assert proxy.request("POST", "/v1/query", json={"question": "¿Cuándo?"}, headers=foreign).status_code == 403
    assert "instance" not in proxy.request("GET", "/livez", headers={"host": "evil.example"}).text


def test_a_large_upload_and_events_as_they_come(proxy: ReverseProxy, encoder: Held) -> None:
    encoder.gate.clear()
    try:
        files = {"files": ("grande.txt", LARGE.encode())}
        assert len(LARGE) > 1_500_000  # nginx takes one megabyte unless it is told otherwise
        job = proxy.request("POST", "/v1/documents", files=files, headers=bearer(KEY))
        assert job.status_code == 202, job.text
        headers = {**bearer(READER), "accept": "text/event-stream"}
        path = f"/v1/jobs/{job.json()['id']}"
        with proxy.client.stream("GET", path, headers=headers, extensions={"sni_hostname": NAME}) as events:
            lines = (json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: "))
            assert next(lines)["state"] in ("queued", "running")  # it came although the end is far away
            encoder.gate.set()
            assert [step["state"] for step in lines][-1] == "done"
    finally:
        encoder.gate.set()


def test_slow_and_huge_heads_are_given_up(proxy: ReverseProxy) -> None:
    slow = proxy.connection()
    slow.sendall(f"GET / HTTP/1.1\r\nhost: {NAME}\r\nx: ".encode())
    huge = proxy.connection()
    try:
        huge.sendall(f"GET /livez HTTP/1.1\r\nhost: {NAME}\r\nx: ".encode() + b"a" * 1_000_000 + b"\r\n\r\n")
        assert huge.recv(1000)[9:12] in (b"400", b"431", b"")
    except OSError:
        pass  # closed before all of it was sent
    huge.close()
    assert proxy.request("GET", "/livez").is_success
    began = time.monotonic()
    while slow.recv(1000):
        pass
    slow.close()
    assert time.monotonic() - began < 30


def test_nobody_names_another_address(proxy: ReverseProxy) -> None:
    """The last test, since this client is refused afterwards."""
    for n in range(WRONG_A_MINUTE):
        forged = {**bearer("guess"), "x-forwarded-for": f"198.51.100.{n}"}
        assert proxy.request("GET", "/v1/index", headers=forged).status_code == 401
    refused = proxy.request("GET", "/v1/index", headers={**bearer("guess"), "x-forwarded-for": "198.51.100.99"})
    assert refused.status_code == 429
