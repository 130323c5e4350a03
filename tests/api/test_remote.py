"""Which process the command line takes for its server, and that nobody else sees the key or the question."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from api.cli.commands import app
from api.cli.remote import Remote
from index.storage.lock import FolderLock, holder_of
from rag.errors import IndexBusy
from rag.settings import Settings
from tests.support.models import Tiny
from tests.support.server import LocalServer

KEY = "the-key-of-the-service"


class Impostor:
    """Answers whatever it is asked, and keeps what it saw."""

    def __init__(self, answer: object) -> None:
        seen: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append(f"{self.requestline}\n{self.headers}")
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            do_POST = do_CONNECT = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.seen = seen
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def impostor() -> Iterator[Impostor]:
    made = Impostor({"status": "alive", "instance": "guessed"})
    yield made
    made.close()


def settings_of(data: Path) -> Settings:
    return Settings(data_dir=data, api_key=SecretStr(KEY))


def test_the_note_of_a_dead_server_is_not_followed(tmp_path: Path, impostor: Impostor) -> None:
    FolderLock(tmp_path, "renglon serve").release()
    (tmp_path / "holder.json").write_text(json.dumps({"url": impostor.url, "instance": "guessed"}))
    assert Remote.of(settings_of(tmp_path)) is None
    assert impostor.seen == []


@pytest.mark.parametrize("instance", ["noted", ""])
def test_what_does_not_repeat_the_noted_number_gets_neither_key_nor_question(
    tmp_path: Path, impostor: Impostor, instance: str
) -> None:
    lock = FolderLock(tmp_path, "renglon serve")
    lock.announce(impostor.url, instance=instance)
    with pytest.raises(IndexBusy, match="something else answers"):
        Remote.of(settings_of(tmp_path))
    lock.release()
    (seen,) = impostor.seen
    assert seen.startswith("GET /livez")
    assert KEY not in seen


@pytest.mark.parametrize("url", ["http://192.0.2.1:8000", "http://localhost.example:8000", "http://[2001:db8::1]:1"])
def test_only_loopback_is_asked(tmp_path: Path, url: str) -> None:
    lock = FolderLock(tmp_path, "renglon serve")
    lock.announce(url, instance="noted")
    with pytest.raises(IndexBusy, match="loopback"):
        Remote.of(settings_of(tmp_path))
    lock.release()


def test_no_proxy_of_the_environment_has_a_part_in_it(
    tmp_path: Path, corpus: Path, impostor: Impostor, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = LocalServer(tmp_path / "data", corpus, Tiny(), api_key=KEY)
    server.wait("/readyz")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, impostor.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    try:
        remote = Remote.of(settings_of(tmp_path / "data"))
        assert remote is not None
        assert remote.post("/v1/search", {"query": "puente"})["passages"]
        assert remote.run("/v1/index/sync", lambda done, left: None)["unchanged"] == 2
    finally:
        server.stop()
    assert impostor.seen == []


def test_doctor_works_once_a_server_has_stopped_or_was_killed(tmp_path: Path, corpus: Path) -> None:
    data = tmp_path / "data"
    server = LocalServer(data, corpus, Tiny())
    server.wait("/readyz")
    doctor = ["doctor", "--fix"], {"RENGLON_DATA_DIR": str(data)}
    busy = CliRunner().invoke(app, doctor[0], env=doctor[1])
    assert isinstance(busy.exception, IndexBusy)
    assert server.url in str(busy.exception)
    server.stop()
    assert holder_of(data) is None
    note = {"pid": 1, "command": "renglon serve", "url": server.url}
    (data / "holder.json").write_text(json.dumps(note))  # what a server that was killed leaves behind
    mended = CliRunner().invoke(app, doctor[0], env=doctor[1])
    assert mended.exit_code == 0, mended.output
