"""Slow, stalled, huge and very many connections cost little, and other clients are served meanwhile."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from api.connections import Limits
from tests.support.clients import Client, get
from tests.support.http import documents, problem, send
from tests.support.models import Held, Tiny
from tests.support.server import LocalServer
from tests.support.web import web

# A tenth of the real times and more of room: a busy machine is not a failure.
QUICK = Limits(connections=40, head_s=1.5, keep_alive_s=1, body_s=1.5, write_s=2, progress_bytes=500)
LONG_LINES, LINE = 2000, "x" * 100 + " "


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:  # type: ignore[override]
    folder = tmp_path_factory.mktemp("connections")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "largo.txt").write_text((LINE * 30 + "\n") * LONG_LINES)
    started = LocalServer(folder / "data", folder / "corpus", Tiny(), limits=QUICK)
    started.wait("/readyz")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def large(server: LocalServer) -> str:
    """The path of an answer of 6 MB."""
    return f"/v1/documents/{documents(server)['largo.txt']}/lines"


def served(server: LocalServer) -> None:
    """Another client gets what it asks for."""
    for path in ("/livez", "/", "/v1/documents"):
        assert web.get(server.url + path, timeout=30).is_success


def dribble(client: Client, data: bytes, seconds: float) -> int:
    """Send something again and again until the connection is closed; how often it was sent."""
    until, times = time.monotonic() + seconds, 0
    while time.monotonic() < until and client.send(data):
        times += 1
        time.sleep(0.1)
    return times


@pytest.mark.parametrize(
    ("sent", "more", "answer"),
    [
        (b"", b"", b""),
        (b"GET /livez HTTP/1.1\r\nhost: localhost\r\n", b"x: y\r\n", b"HTTP/1.1 408 "),
        (b"POST /v1/query HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900\r\n\r\n{", b" ", b""),
        (b"POST /v1/documents HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b""),
    ],
    ids=["nothing", "slow head", "half a request", "slow body"],
)
def test_a_request_that_does_not_arrive_is_given_up(
    server: LocalServer, sent: bytes, more: bytes, answer: bytes
) -> None:
    with Client(server.url, sent) as client:
        writing = threading.Thread(target=dribble, args=(client, more, 30)) if more else None
        began = time.monotonic()
        if writing:
            writing.start()
        served(server)
        assert client.read_all().startswith(answer)
        assert time.monotonic() - began < 25
        if writing:
            writing.join()


def test_a_slow_body_that_goes_on_arrives(server: LocalServer) -> None:
    note = ("Una nota que llega despacio. " * 120).encode()
    head = b'--x\r\ncontent-disposition: form-data; name="files"; filename="lenta.txt"\r\n\r\n'
    body = head + note + b"\r\n--x--\r\n"
    length = f"content-length: {len(body)}\r\n\r\n".encode()
    with Client(
        server.url,
        b"POST /v1/documents HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=x\r\n" + length,
    ) as client:
        for at in range(0, len(body), 300):  # 1,000 bytes a second, for more than twice `body_s`
            assert client.send(body[at : at + 300])
            time.sleep(0.3)
        assert client.read().startswith(b"HTTP/1.1 201 ")


def test_a_connection_is_kept_for_a_while_and_closed(server: LocalServer) -> None:
    with Client(server.url, get("/livez")) as client:
        assert client.read().startswith(b"HTTP/1.1 200 ")
        assert client.send(get("/livez"))
        assert client.read().startswith(b"HTTP/1.1 200 ")
        assert client.closed_after() < 20
    with Client(server.url, get("/livez") * 3) as client:  # several at once
        assert client.read_all().count(b"HTTP/1.1 200 ") == 3


def test_a_reader_that_stalls_is_left(server: LocalServer, large: str) -> None:
    clients = [Client(server.url, get(large), buffer=8192) for _ in range(3)]
    for client in clients:
        assert client.read(1000).startswith(b"HTTP/1.1 200 ")
    until = time.monotonic() + 3 * QUICK.write_s
    while time.monotonic() < until:
        served(server)
        time.sleep(0.5)
    for client in clients:
        assert len(client.read_all()) < 5_500_000
        client.close()


def test_a_slow_reader_that_goes_on_gets_everything(server: LocalServer, large: str) -> None:
    whole = len(web.get(server.url + large).content)
    with Client(server.url, get(large, "connection: close"), buffer=65_536) as client:
        got = 0
        for _ in range(9):  # for more than twice `write_s`
            got += len(client.read(100_000))
            time.sleep(0.5)
        got += len(client.read_all())
    assert got > whole


def test_a_head_of_a_megabyte_is_refused(server: LocalServer) -> None:
    for line in (b"x: " + b"a" * 1_000_000, b"x: aaaaaaa\r\n" * 100_000):
        with Client(server.url) as client:
            client.send(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n" + line)
            assert client.read().startswith((b"HTTP/1.1 400 ", b""))
            client.read_all()
    served(server)
    assert web.get(f"{server.url}/livez", headers={"x": "a" * 60_000}).is_success


def test_the_connection_that_waited_longest_makes_room(server: LocalServer) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(Client(server.url, b"GET / HT" * (n % 2))) for n in range(QUICK.connections)]
        served(server)
        started = time.monotonic()
        more = [stack.enter_context(Client(server.url, get("/livez"))) for _ in range(QUICK.connections)]
        assert all(client.read().startswith(b"HTTP/1.1 200 ") for client in more)
        assert idle[0].read() == b""
        assert time.monotonic() - started < 25


def test_nobody_is_cut_off_while_the_service_works(tmp_path: Path, corpus: Path) -> None:
    encoder, count = Held(), 4
    server = LocalServer(tmp_path / "data", corpus, encoder, limits=Limits(connections=count, write_s=0.5))
    answers: list[httpx.Response] = []
    try:
        server.wait("/readyz")
        encoder.gate.clear()
        encoder.reached.clear()
        names = [f"n{n}.txt" for n in range(count)]
        asking = [
            threading.Thread(target=lambda n=name: answers.append(send(server, (n, f"La nota {n}.\n"))))
            for name in names
        ]
        for thread in asking:
            thread.start()
            time.sleep(0.3)  # its request has arrived: one that is arriving still would make room for the next
        assert encoder.reached.wait(60)
        refused: httpx.Response | None = None
        until = time.monotonic() + 60
        while refused is None and time.monotonic() < until:
            answer = web.get(f"{server.url}/livez")
            refused = answer if answer.status_code == 503 else None
            time.sleep(0.05)
        assert refused is not None
        assert problem(refused, 503)["type"] == "urn:renglon:too-many-connections"
        assert refused.headers["retry-after"] == "1"
        time.sleep(1)
    finally:
        encoder.gate.set()
        for thread in asking:
            thread.join()
        server.stop()
    assert [answer.status_code for answer in answers] == [201] * count


def _resident_mb() -> float:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_descriptors")
@pytest.mark.parametrize(
    "sent",
    [
        lambda n: b"",
        lambda n: b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 60_000,
        lambda n: b"POST /v1/query HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500000\r\n\r\n" + b" " * 60_000,
    ],
    ids=["idle", "half a head", "half a body"],
)
def test_a_thousand_connections(tmp_path: Path, corpus: Path, sent: Callable[[int], bytes]) -> None:
    server = LocalServer(tmp_path / "data", corpus, Tiny())
    try:
        server.wait("/readyz")
        before = _resident_mb()
        with ExitStack() as stack:
            clients = [stack.enter_context(Client(server.url, sent(n))) for n in range(1000)]
            served(server)
            assert web.post(f"{server.url}/v1/search", json={"query": "biblioteca"}).is_success
            assert _resident_mb() - before < 200  # both ends of each connection live in this process
            assert clients[0].read() == b""  # it made room
        served(server)
    finally:
        server.stop()
