"""The documents say what is so: modules, settings, routes, commands and links that they name exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from api.app import create_app
from api.cli.commands import app as commands
from eval.cli import command as eval_command
from rag.settings import ENV_FILE, Settings
from tests.support.paths import ROOT
from tests.support.postgres import GIVEN

PACKAGES = ("rag", "index", "api", "eval")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("eval/*.md")])
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()
HTTP_API = (ROOT / "docs/http-api.md").read_text()


def test_the_module_map_is_the_tree() -> None:
    """docs/architecture.md has one line for each module: - `path`: what it does."""
    mapped = re.findall(r"^- `([a-z]+/\S+\.py)`: \S", ARCHITECTURE, re.M)
    modules = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }
    assert sorted(mapped) == sorted(set(mapped)), "a module stands twice in the map"
    assert modules - set(mapped) == set(), "these modules need a line in docs/architecture.md"
    assert set(mapped) - modules == set(), "these lines of docs/architecture.md have no module"


def test_the_module_map_has_a_heading_for_each_package() -> None:
    headings = set(re.findall(r"^### (\S+):", ARCHITECTURE, re.M))
    folders = {
        str(path.parent.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }
    assert headings == folders


def test_paths_in_the_documents_exist() -> None:
    """Paths in backticks that begin with a folder of the project."""
    wrong = []
    for document in DOCUMENTS:
        for path in re.findall(r"`((?:rag|index|api|eval|tests|docs|seeds)/[\w./-]*)`", document.read_text()):
            if document.name not in ("LOG.md", "CHANGELOG.md") and not (ROOT / path).exists():
                wrong.append(f"{document.name}: {path}")
    assert wrong == []


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_setting_is_documented_with_its_default(name: str) -> None:
    row = re.search(rf"^\| `RENGLON_{name.upper()}` \| ([^|]+) \| [^|]+ \|$", CONFIGURATION, re.M)
    assert row, f"RENGLON_{name.upper()} has no row in docs/configuration.md"
    default, said = Settings.model_fields[name].default, row[1]
    # A default that is a value stands in backticks; one that means "decide yourself" is described in words.
    if default in (None, "", 0):
        assert not re.fullmatch(r"`[^`]*`", said)
    else:
        assert said == f"`{default}`"


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {f"RENGLON_{name.upper()}" for name in Settings.model_fields} | {"RENGLON_CHROMIUM", GIVEN, ENV_FILE}
    for document in DOCUMENTS:
        assert set(re.findall(r"RENGLON_[A-Z_]*[A-Z]", document.read_text())) <= known, document.name


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_files_resolve(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name) if name else document
        assert path.exists(), f"{document.name} links to {target}"
        if anchor:
            assert anchor in _anchors(path.read_text()), f"{document.name} links to {target}"


def _routes(tmp_path: Path) -> set[str]:
    described = create_app(Settings(data_dir=tmp_path)).openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}


def test_every_route_is_documented_and_no_other(tmp_path: Path) -> None:
    documented = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /\S+)`", HTTP_API))
    routes = _routes(tmp_path)
    assert routes - documented == set()
    assert {route for route in documented if " /v1" in route} - routes == set()


@cache
def _command_line() -> TyperGroup:
    whole = typer.Typer()
    for command in commands.registered_commands:
        whole.registered_commands.append(command)
    whole.command("eval")(eval_command)
    whole.registered_callback = commands.registered_callback
    group = typer.main.get_command(whole)
    assert isinstance(group, TyperGroup)
    return group


def _options(command: Any) -> set[str]:
    return {name for option in command.params for name in [*option.opts, *option.secondary_opts]} | {"--help", "-h"}


# "renglon" and what follows it on a line of text, up to a sign that ends a command.
_COMMAND = re.compile(r"\brenglon (--?[a-z][\w-]*|[a-z][\w-]*)((?:[ ](?:--?[\w-]+|[^\s`\"'()|;,.—]+))*)")


def _misnamed(text: str) -> list[str]:
    """Commands in a text that the real command line does not have, options included."""
    group, wrong = _command_line(), []
    for name, rest in _COMMAND.findall(text):
        options = re.findall(r"(?<!\S)--[a-z][\w-]*", rest)
        if name.startswith("-"):
            wrong += [name] if name not in _options(group) else []
        elif name not in group.commands:
            wrong += [name] if options else []
        else:
            wrong += [f"{name} {option}" for option in options if option not in _options(group.commands[name])]
    return wrong


def test_a_wrong_command_is_found() -> None:
    assert _misnamed("Run: renglon sync --all FOLDER") == ["sync --all"]
    assert _misnamed("`renglon --versions`") == ["--versions"]
    assert _misnamed("renglon sync --rebuild, renglon doctor --fix") == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_documents_exist(document: Path) -> None:
    text = document.read_text()
    assert _misnamed(text) == []
    # In backticks or at the start of a line of a code block, the word after `renglon` is a command.
    named = set(re.findall(r"(?:`|^(?:\$ )?(?:\.venv/bin/)?)renglon ([a-z]+)", text, re.M))
    assert named <= set(_command_line().commands)


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in _command_line().commands if f"renglon {name}" not in readme] == []


def _strings(path: Path) -> list[str]:
    found: list[Any] = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    return [value for value in found if isinstance(value, str)]


def _advised(text: str) -> list[str]:
    """Commands that a message recommends and that the real command line does not have."""
    named = re.findall(r"(?:Run|with|then|or): renglon ([a-z-]+)", text)
    return _misnamed(text) + [name for name in named if name not in _command_line().commands]


def test_advice_names_commands_that_exist() -> None:
    """Every string of the program, messages of errors and of `doctor` among them."""
    wrong = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for text in _strings(path):
                wrong += [f"{path.relative_to(ROOT)}: {name}" for name in _advised(text)]
    assert wrong == []
