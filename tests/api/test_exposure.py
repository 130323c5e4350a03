"""What is shown, and to whom: no path on open routes, no password anywhere, nothing that a terminal obeys."""

from __future__ import annotations

import io
import logging
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from api.logs import OneLine
from index.storage.dense import DenseIndex
from index.storage.lock import FolderLock
from rag.errors import ModelServerFailed, ProjectionDamaged, RenglonError
from rag.settings import ENV_FILE, Settings
from rag.written.model_server import ModelServer
from tests.support.cli import renglon
from tests.support.loops import run
from tests.support.models import Held, Tiny
from tests.support.scripted_llm import ScriptedServer
from tests.support.server import LocalServer, Server
from tests.support.web import web

COLOUR = "\x1b[31m"
PASSWORD = "secreto"


def test_the_phase_names_no_path(tmp_path: Path, corpus: Path) -> None:
    encoder = Held()
    encoder.gate.clear()
    server = LocalServer(tmp_path / "data", corpus, encoder)
    try:
        server.wait("/livez")
        assert encoder.reached.wait(120)
        ready = web.get(f"{server.url}/readyz")
        assert ready.json()["phase"].startswith("indexing")
        assert str(tmp_path) not in ready.text
    finally:
        encoder.gate.set()
        server.wait("/readyz")
        server.stop()


def test_the_data_folder_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "below" / "data"
    FolderLock(folder, "renglon").release()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_of_settings_is_read_only_when_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("RENGLON_LLM_URL=http://elsewhere.example/v1\nRENGLON_PORT=1234\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RENGLON_PORT", raising=False)
    assert (Settings().llm_url, Settings().port) == (None, 8000)
    monkeypatch.setenv(ENV_FILE, str(tmp_path / ".env"))
    assert (Settings().llm_url, Settings().port) == ("http://elsewhere.example/v1", 1234)
    monkeypatch.setenv("RENGLON_PORT", "4321")
    assert Settings().port == 4321
    monkeypatch.setenv(ENV_FILE, str(tmp_path / "none"))
    with pytest.raises(RenglonError, match="There is no file"):
        Settings()


def test_a_password_in_an_address_is_used_and_not_shown(
    model: ScriptedServer, tmp_path: Path, corpus: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "renglon")
    server = ModelServer.of(Settings(llm_url=model.url.replace("://", f"://user:{PASSWORD}@")))
    assert server is not None
    assert run(server.names())
    assert PASSWORD not in server.url
    gone = f"http://user:{PASSWORD}@127.0.0.1:9"
    for url in (gone, f"http://user:{PASSWORD}/@host", f"ftp://user:{PASSWORD}@host", f"http://user:{PASSWORD}@[::1"):
        with pytest.raises(ModelServerFailed) as failed:
            run(ModelServer(url, None, None, 5).names())
        assert PASSWORD not in str(failed.value)
    for url in (gone, f"http://user:{PASSWORD}@[", f"user:{PASSWORD}@host"):
        with pytest.raises(ProjectionDamaged) as damaged:
            DenseIndex(tmp_path / "chroma", url)
        assert PASSWORD not in str(damaged.value)
    local = LocalServer(tmp_path / "data", corpus, Tiny(), llm_url=gone)
    try:
        local.wait("/readyz")
        answer = web.post(f"{local.url}/v1/query", json={"question": "¿Cuándo cierra la biblioteca?"})
        assert answer.json()["notice"]
        shown = [answer.text, *(web.get(local.url + path).text for path in ("/readyz", "/v1/index"))]
        assert PASSWORD not in "".join(shown) + caplog.text
    finally:
        local.stop()


def test_a_message_is_one_line_of_the_log() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine("%(levelname)s %(name)s: %(message)s"))
    logger = logging.Logger("renglon")
    logger.addHandler(handler)
    logger.warning("refused %s: no", f"a\nERROR renglon: forged\r{COLOUR}\u2028\x85.txt")
    try:
        raise ValueError(f"x\nERROR renglon: forged{COLOUR} http://user:{PASSWORD}@host")
    except ValueError:
        logger.exception("failed at http://user:%s@host", PASSWORD)
    lines = stream.getvalue().split("\n")
    assert [line for line in lines if line.startswith("ERROR renglon: forged")] == []
    assert len(lines) == len(stream.getvalue().splitlines()) + 1
    assert "\x1b" not in stream.getvalue()
    assert PASSWORD not in stream.getvalue()


def test_a_name_forges_no_line_of_the_servers_log(start_server: Callable[..., Server], tmp_path: Path) -> None:
    data = tmp_path / f"no\nERROR renglon: forged{COLOUR}"
    data.write_text("a file where the folder should be")
    server = start_server(data, tmp_path)
    server.wait("/livez")
    server.wait_until("failed")
    printed = server.stop()
    assert "not ready" in printed
    assert "\nERROR renglon: forged" not in printed
    assert "\x1b" not in printed


def test_the_terminal_gets_no_control_characters(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / f"a{COLOUR}\n\u202eb.txt").write_text(f"El puente {COLOUR}rojo\x9b31m se abrió en 1852.\n")
    (corpus / f"{COLOUR}binary.txt").write_bytes(bytes(500))
    server = LocalServer(tmp_path / "data", corpus, Tiny())
    try:
        server.wait("/readyz")
        results = [
            renglon(tmp_path / "data", *arguments)
            for arguments in (
                ("sync", "--dry-run", str(corpus)),
                ("search", "puente rojo"),
                ("ask", "¿Cuándo se abrió el puente rojo?"),
                ("search", "puente rojo", "--json"),
            )
        ]
    finally:
        server.stop()
    for result in results:
        shown = result.stdout + result.stderr
        assert all(c.isprintable() or c in "\n\t" for c in shown), ascii(shown)
    assert "\\x1b[31mbinary.txt: " in results[0].stderr
    assert any("1852" in result.stdout for result in results[1:])
