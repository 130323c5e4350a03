from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from index.health import healer
from index.storage.lock import read_holder
from tests.support.cli import renglon
from tests.support.folders import copied
from tests.support.paths import MODELS, ROOT, SEEDS
from tests.support.scripted_llm import Script, scripted
from tests.support.server import Served, Server, free_port


@pytest.fixture(scope="module")
def synced(seeds_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the five articles that no server holds."""
    return copied(seeds_data, tmp_path_factory.mktemp("cli"))


@pytest.fixture
def served(server: Served) -> Path:
    """The data folder of a running server: the command line asks it, and needs no model of its own."""
    return server.data


def test_ask_without_an_index_says_how_to_make_one(tmp_path: Path) -> None:
    for command in (["ask", "¿Quién?"], ["search", "algo"], ["doctor"]):
        result = renglon(tmp_path / "none", *command)
        assert result.returncode == 1
        assert "Run: renglon sync FOLDER" in result.stderr
        assert not (tmp_path / "none").exists()


def test_sync_tells_what_it_did(synced: Path) -> None:
    result = renglon(synced, "sync", str(SEEDS), "--json")
    assert json.loads(result.stdout)["unchanged"] == 5
    rebuilt = renglon(synced, "sync", "--rebuild")
    assert "rebuilt passages" in rebuilt.stdout


def test_sync_of_nothing(synced: Path, tmp_path: Path) -> None:
    empty = renglon(synced, "sync", str(tmp_path))
    assert empty.returncode == 1
    assert "no readable file" in empty.stderr


def test_ask_prints_markers_and_quotes(synced: Path) -> None:
    result = renglon(synced, "ask", "What gift did Putin give Kim?")
    assert result.returncode == 0
    answer, _, first, *rest = result.stdout.splitlines()
    assert answer.startswith("→ ")
    assert "limusina" in answer
    assert "[004_6b36a17d40a337a5.txt:11]" in first
    assert any(line.startswith("✓ [004_6b36a17d40a337a5.txt:11]") and "limusina" in line for line in rest)
    assert (synced / healer.MARK).exists()  # it closed the folder: the next start need not check it


def test_ask_shows_values_that_differ_side_by_side(served: Path) -> None:
    lines = renglon(served, "ask", "How many containers did North Korea send to Russia?").stdout.splitlines()
    at = lines.index("The sources differ:")
    values = {line.split()[0]: line for line in lines[at + 1 : at + 3]}
    assert values.keys() == {"6.700", "11.000"}
    assert values["11.000"].endswith("[001_b66ed88974733697.txt:9]")


def test_ask_as_json_is_the_wire_form(served: Path) -> None:
    answer = json.loads(renglon(served, "ask", "--json", "What gift did Putin give Kim?").stdout)
    assert answer["citations"][0]["line_start"] == 11


def test_no_evidence_has_an_exit_code_of_its_own(served: Path) -> None:
    result = renglon(served, "ask", "¿Cómo se prepara una paella valenciana?")
    assert result.returncode == 3
    assert result.stdout.startswith("Los artículos no lo dicen.")
    assert "Relacionado:" in result.stdout


def test_a_blank_question(served: Path) -> None:
    result = renglon(served, "ask", "  ")
    assert (result.returncode, result.stdout) == (1, "")
    assert "The question is empty" in result.stderr


def test_search(served: Path) -> None:
    assert renglon(served, "search", "limusina").stdout.startswith("  004_6b36a17d40a337a5.txt:11  ")
    assert json.loads(renglon(served, "search", "limusina", "--json").stdout)["passages"]


def test_only_some_files_are_asked(served: Path) -> None:
    found = json.loads(renglon(served, "search", "limusina", "--json", "--files", "000*", "--files", "001*").stdout)
    assert {hit["file"][:3] for hit in found["passages"]} == {"000", "001"}
    nothing = renglon(served, "ask", "¿Qué le regaló Putin a Kim?", "--files", "*.none")
    assert nothing.returncode == 3
    assert "Ningún documento indexado cumple el filtro." in nothing.stdout


def test_a_written_answer_and_its_doubts(synced: Path) -> None:
    with scripted() as model:
        model.play(Script("Putin le regaló una limusina a Kim. [1] Costó 900 euros. [1][50]"))
        result = renglon(synced, "ask", "What gift did Putin give Kim?", RENGLON_LLM_URL=model.url)
        assert result.returncode == 0
        assert "✗ Costó 900 euros. (" in result.stdout
        assert "cited 1 source that doesn't exist" in result.stdout


def test_a_file_of_questions_without_a_server(synced: Path, tmp_path: Path) -> None:
    (tmp_path / "questions.csv").write_text("question\nWhat gift did Putin give Kim?\n¿Cómo se prepara una paella?\n")
    arguments = ["--from", str(tmp_path / "questions.csv"), "--out", str(tmp_path / "answers.csv")]
    result = renglon(synced, "ask", *arguments)
    assert result.returncode == 0
    assert "1 answered" in result.stdout
    assert "004_6b36a17d40a337a5.txt:11" in (tmp_path / "answers.csv").read_text()


def test_doctor_looks_at_the_model_server(synced: Path) -> None:
    with scripted() as model:
        there = renglon(synced, "doctor", RENGLON_LLM_URL=model.url)
        assert f"✓ model server: {model.url} answers with scripted" in there.stdout
        other = renglon(synced, "doctor", RENGLON_LLM_URL=model.url, RENGLON_LLM_MODEL="gpt-9")
        assert (other.returncode, "has no model 'gpt-9'; it has scripted" in other.stdout) == (1, True)
    gone = renglon(synced, "doctor", RENGLON_LLM_URL=model.url)
    assert gone.returncode == 1
    assert "can't be reached" in gone.stdout
    assert "RENGLON_LLM_URL" in gone.stdout


def test_doctor(synced: Path) -> None:
    result = renglon(synced, "doctor")
    assert result.returncode == 0
    assert "✗" not in result.stdout
    assert all(finding["ok"] for finding in json.loads(renglon(synced, "doctor", "--json").stdout))


def test_doctor_looks_at_the_chroma_server(synced: Path, tmp_path: Path) -> None:
    """It must not make a local projection beside the one on a server."""
    data = copied(synced, tmp_path)
    before = sorted(path.name for path in (data / "dense").iterdir())
    result = renglon(data, "doctor", RENGLON_CHROMA_URL=f"http://127.0.0.1:{free_port()}")
    assert result.returncode == 1
    assert "✗ Chroma: Chroma at http://127.0.0.1" in result.stdout
    assert sorted(path.name for path in (data / "dense").iterdir()) == before


def test_doctor_names_the_command_that_mends(synced: Path) -> None:
    (folder,) = (synced / "lexical").iterdir()
    (folder / "meta.json").write_text("{")
    result = renglon(synced, "doctor")
    assert result.returncode == 1
    assert "mend it with: renglon doctor --fix" in result.stdout
    assert renglon(synced, "sync", "--rebuild").returncode == 0
    assert renglon(synced, "doctor").returncode == 0


def test_version(tmp_path: Path) -> None:
    result = renglon(tmp_path, "--version")
    assert (result.returncode, result.stdout.strip()) == (0, f"renglon {version('renglon')}")


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = renglon(tmp_path / "file" / "data", "sync", str(SEEDS))
    assert result.returncode == 1
    assert "RENGLON_DATA_DIR" in result.stderr


def test_wrong_usage(tmp_path: Path) -> None:
    assert renglon(tmp_path, "nonsense").returncode == 2
    assert renglon(tmp_path, "ask").returncode == 2


def test_ask_goes_to_the_server_that_holds_the_folder(
    start_server: Callable[..., Server], tmp_path: Path, corpus: Path
) -> None:
    server = start_server(tmp_path / "data", corpus)
    server.wait("/readyz")
    result = renglon(tmp_path / "data", "ask", "¿Quién diseñó el puente de Triana?")
    assert "[uno.txt:2]" in result.stdout
    server.process.kill()
    server.process.wait()
    assert "[uno.txt:2]" in renglon(tmp_path / "data", "ask", "¿Quién diseñó el puente de Triana?").stdout


def test_sync_options(tmp_path: Path, corpus: Path) -> None:
    data = tmp_path / "data"
    dry = renglon(data, "sync", str(corpus), "--dry-run")
    assert dry.returncode == 0
    assert "added uno.txt" in dry.stdout
    assert "would be: 2 added" in dry.stdout
    assert not data.exists()
    other = tmp_path / "otro"
    other.mkdir()
    (other / "tres.txt").write_text("Tres.\n")
    (other / "borrador.txt").write_text("Borrador.\n")
    (other / "nada.txt").write_text("")
    result = renglon(data, "sync", str(corpus), str(other), "--exclude", "borr*")
    assert "3 added" in result.stdout
    assert "refused nada.txt: The file is empty." in result.stderr
    dry = json.loads(renglon(data, "sync", str(other), "--dry-run", "--json", "--include", "nada*,borr*").stdout)
    assert (dry["added"], dry["removed"]) == (["borrador.txt"], ["tres.txt"])
    assert renglon(data, "sync", "--dry-run", "--rebuild").returncode == 2
    assert "freed bytes" in renglon(data, "purge").stdout


def test_work_is_handed_to_the_running_server(
    start_server: Callable[..., Server], tmp_path: Path, corpus: Path
) -> None:
    data, key = tmp_path / "data", {"RENGLON_API_KEY": "llave-ñ"}
    server = start_server(data, corpus, **key)
    (corpus / "tres.txt").write_text("El faro de Chipiona mide 69 metros de altura.\n")
    (corpus / "nada.txt").write_text("")
    while not read_holder(data):  # the server has the folder; it may not have said yet where it listens
        assert server.process.poll() is None
        time.sleep(0.02)
    for _ in range(10):  # it waits for a server that is starting, for ten seconds; a busy machine is not a failure
        synced = renglon(data, "sync", str(corpus), "--json", **key)
        if "in use by" not in synced.stderr:
            break
    assert synced.returncode == 0, synced.stderr
    report = json.loads(synced.stdout)
    assert report["unchanged"] + len(report["added"]) == 3
    assert "[tres.txt:1]" in renglon(data, "ask", "¿Cuánto mide el faro de Chipiona?", **key).stdout
    (corpus / "tres.txt").unlink()
    again = renglon(data, "sync", **key)
    assert "1 removed" in again.stdout
    assert "refused nada.txt" in again.stderr
    assert "rebuilt passages" in renglon(data, "sync", "--rebuild", **key).stdout
    assert "freed bytes" in renglon(data, "purge", **key).stdout
    assert "API key" in renglon(data, "sync").stderr
    (tmp_path / "otro").mkdir()
    for wrong in ([str(tmp_path / "otro")], ["--exclude", "x"]):
        refused = renglon(data, "sync", *wrong, **key)
        assert refused.returncode == 1
        assert f"process {server.process.pid}" in refused.stderr
    dry = renglon(data, "sync", str(corpus), "--dry-run")
    assert "2 unchanged" in dry.stdout


def test_a_second_writer_is_refused_by_name_every_time(tmp_path: Path, corpus: Path) -> None:
    from index.storage.lock import FolderLock

    lock = FolderLock(tmp_path / "data", "renglon sync --watch")
    try:
        code = """
import sys
from pathlib import Path
from index.storage.lock import FolderLock
from rag.errors import IndexBusy
for _ in range(10):
    try:
        FolderLock(Path(sys.argv[1]), "renglon sync").release()
    except IndexBusy as error:
        print(error.detail)
"""
        command = [sys.executable, "-c", code, str(tmp_path / "data")]
        second = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
        held = f"in use by `renglon sync --watch` (process {os.getpid()})."
        assert [held in line for line in second.stdout.splitlines()] == [True] * 10
        refused = renglon(tmp_path / "data", "sync", str(corpus))
        assert refused.returncode == 1
        assert held in refused.stderr
    finally:
        lock.release()


def test_sync_watch_goes_on_until_it_is_stopped(tmp_path: Path, corpus: Path) -> None:
    env = {**os.environ, "RENGLON_DATA_DIR": str(tmp_path / "data"), "RENGLON_MODELS_DIR": str(MODELS)}
    command = [sys.executable, "-u", "-m", "api", "sync", str(corpus), "--watch"]
    process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert "2 added" in next(lines)
        assert "watching" in next(lines)
        (corpus / "tres.txt").write_text("Tres.\n")
        assert "1 added" in next(lines)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()  # closes the pipe too
    assert renglon(tmp_path / "data", "doctor").returncode == 0
