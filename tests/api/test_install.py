"""The wheel outside any checkout, names that other packages hold, the file of settings, completion, packaging."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from rag.settings import Settings, default_data_dir
from tests.support.paths import MODELS, ROOT, SEEDS
from tests.support.processes import LIMIT_S
from tests.support.server import free_port
from tests.support.web import web

PACKAGES = ("rag", "index", "api", "eval")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, as `make wheel` does it from the checkout, with what is installed."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", "renglon.py"):
        shutil.copy(ROOT / name, source)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*command, str(target), str(source)], check=True, timeout=LIMIT_S, capture_output=True)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel alone is installed; what it needs comes from the tests' environment."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), str(wheel)]
    subprocess.run(command, check=True, timeout=LIMIT_S, capture_output=True)
    return folder


def installed(site: Path, cwd: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`renglon` from an installation, run in a folder."""
    env = {**os.environ, "PYTHONPATH": str(site), "HOME": str(cwd), "COLUMNS": "200", **more}
    command = [sys.executable, "-m", "renglon", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=LIMIT_S, check=False)


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {*PACKAGES, "renglon.py"}
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"
    }
    assert expected - names == set()


def test_it_answers_from_a_plain_folder(site: Path, tmp_path: Path) -> None:
    """No checkout, no setting: data goes to the user's place for it, and the browser is opened when asked for."""
    (tmp_path / "articles").mkdir()
    shutil.copy(SEEDS / "004_6b36a17d40a337a5.txt", tmp_path / "articles")
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o700)
    port = free_port()
    env = {key: value for key, value in os.environ.items() if not key.startswith("RENGLON_")}
    env |= {"PYTHONPATH": str(site), "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "share"),
            "BROWSER": f"{browser} %s", "RENGLON_MODELS_DIR": str(MODELS), "RENGLON_THREADS": "1"}  # fmt: skip
    command = [sys.executable, "-m", "renglon", "serve", "articles", "--port", str(port), "--open"]
    process = subprocess.Popen(command, env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + LIMIT_S
        while not _ready(url):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
        answer = web.post(f"{url}/v1/query", json={"question": "¿Qué le regaló Putin a Kim?"}).json()
        assert answer["citations"][0]["marker"] == "[004_6b36a17d40a337a5.txt:11]"
        assert web.get(f"{url}/web/main.js").status_code == 200
    finally:
        process.terminate()
        _, said = process.communicate(timeout=LIMIT_S)
    assert (tmp_path / "opened").read_text().strip() == url
    assert (tmp_path / "share" / "renglon" / "catalog.sqlite").exists()
    assert f"data in {tmp_path}/share/renglon" in said
    assert not (tmp_path / ".renglon").exists()


def _ready(url: str) -> bool:
    try:
        return web.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


def test_another_package_of_the_same_name(site: Path, tmp_path: Path) -> None:
    (tmp_path / "other" / "api").mkdir(parents=True)
    (tmp_path / "other" / "api" / "__init__.py").write_text("raise SystemExit('somebody else')\n")
    result = installed(Path(f"{tmp_path / 'other'}{os.pathsep}{site}"), tmp_path, "--version")
    assert result.returncode == 1
    assert "The Python package `api`" in result.stderr
    assert f"belongs to another package, in {tmp_path / 'other'}" in result.stderr
    assert "pipx" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_package_that_was_installed_over_it(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "site")
    (tmp_path / "site" / "api" / "cli" / "commands.py").write_text("")
    info = tmp_path / "site" / "other_api-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-api\nVersion: 1.0\n")
    (info / "RECORD").write_text("api/__init__.py,,\napi/cli/commands.py,,\n")
    result = installed(tmp_path / "site", tmp_path, "--version")
    assert result.returncode == 1
    assert "The package other-api also installs `api`" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_file_of_settings(site: Path, tmp_path: Path) -> None:
    done = installed(site, tmp_path, "init")
    assert (done.returncode, "RENGLON_ENV_FILE=.env renglon serve" in done.stdout) == (0, True), done.stderr
    file = tmp_path / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = file.read_text().splitlines()
    assert all(line.startswith("#") for line in lines if line)
    assert set(re.findall(r"^# (RENGLON_\w+)=", file.read_text(), re.M)) == {
        f"RENGLON_{name.upper()}" for name in Settings.model_fields
    }
    again = installed(site, tmp_path, "init")
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    assert installed(site, tmp_path, "init", "none/x.env").returncode == 1


def test_a_setting_taken_from_the_file_has_its_default(tmp_path: Path) -> None:
    from api.cli.init_command import text

    file = tmp_path / "all.env"
    file.write_text(re.sub(r"^# (RENGLON_\w+=.+)$", r"\1", text(), flags=re.M))
    assert Settings(_env_file=file).model_dump() == Settings(_env_file=None).model_dump()  # type: ignore[call-arg]


def test_completion(site: Path, tmp_path: Path) -> None:
    asked = {"_RENGLON_COMPLETE": "complete_bash", "COMP_WORDS": "renglon ser", "COMP_CWORD": "1"}
    assert installed(site, tmp_path, **asked).stdout.split() == ["serve"]
    options = installed(site, tmp_path, "--help").stdout
    assert "--install-completion" in options


def test_where_data_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.delenv("RENGLON_DATA_DIR", raising=False)
    assert default_data_dir() == tmp_path / "share" / "renglon"
    (tmp_path / ".renglon").mkdir()
    assert Settings(_env_file=None).data_dir == Path(".renglon")  # type: ignore[call-arg]
    monkeypatch.setattr(os, "getuid", lambda: 12345)  # somebody else's folder
    assert default_data_dir() == tmp_path / "share" / "renglon"


@pytest.mark.parametrize("name", ["renglon.service", "Dockerfile"])
def test_packaging_names_settings_that_exist(name: str) -> None:
    text = (ROOT / "packaging" / name).read_text()
    known = {f"RENGLON_{field.upper()}" for field in Settings.model_fields} | {"RENGLON_ENV_FILE"}
    assert set(re.findall(r"RENGLON_[A-Z_]+", text)) <= known
