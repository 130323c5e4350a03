"""The rules of the house: one arrow between packages, small modules, a README that names every room."""

from __future__ import annotations

import ast
import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from rag.settings import Settings
from tests.support.paths import ROOT, SEEDS

MAY_IMPORT = {"rag": set(), "index": {"rag"}, "api": {"rag", "index"}, "eval": {"rag", "index"}}
MODULES = sorted(path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add((node.module or "").split(".")[0])
    return names & set(MAY_IMPORT)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_one_arrow_and_small_modules(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    assert imported(path) <= MAY_IMPORT[package] | {package}
    assert len(path.read_text().splitlines()) <= 450
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_rag_does_not_import_the_heavy_ones_for_its_types() -> None:
    light = ("types", "errors", "settings", "question")
    for name in light:
        assert not re.search(
            r"^(import|from) (llama_index|torch|chromadb)", (ROOT / "rag" / f"{name}.py").read_text(), re.M
        )


def test_settings_fit_a_page() -> None:
    assert len(Settings.model_fields) <= 25


def test_top_level() -> None:
    assert {"pyproject.toml", "rag", "api", "index", "tests", "seeds", "eval", "README.md"} <= {
        path.name for path in ROOT.iterdir()
    }


def test_the_seeds_are_as_they_were_given() -> None:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SEEDS.iterdir()))).hexdigest()
    assert digest == "ad7e157267b30b82e5d9aac56576b13b9eec24678a352d57fe830eb6c8859a20"


def test_the_readme_names_every_module() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.name not in ("__init__.py", "__main__.py") and f"`{path.name}`" not in readme
    ]
    assert not missing


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [n for n in Settings.model_fields if f"RENGLON_{n.upper()}" not in readme] == []


def test_every_dependency_is_pinned() -> None:
    pinned = {
        re.sub(r"[-_.]+", "-", line.split("==")[0]).lower()
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[=<>;]", name)[0]).lower() for name in wanted}
    assert names <= pinned


def test_no_file_of_the_project_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile("/" + r"(work|root|tmp/lab)\b|pypi\.|/opt/" + "pypi")
    for path in [*MODULES, ROOT / "README.md", ROOT / "Makefile", ROOT / "constraints.txt", ROOT / "pyproject.toml"]:
        assert not forbidden.search(path.read_text()), path
