"""The rules of the house: one arrow between packages, small modules, pinned dependencies."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
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


HEAVY = {"torch", "transformers", "sentence_transformers", "chromadb", "llama_index", "tantivy", "sklearn"}
LIGHT = ["rag.types", "rag.errors", "rag.settings", "rag.question", "api.app", "api.serve", "api.cli.commands"]


def test_light_modules_load_no_heavy_library() -> None:
    """A server listens, and the command line says what is wrong, before any of them is imported."""
    code = "import sys, importlib; [importlib.import_module(m) for m in sys.argv[1:]]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *LIGHT], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_settings_fit_a_page() -> None:
    assert len(Settings.model_fields) <= 32


def test_top_level() -> None:
    assert {"pyproject.toml", "rag", "api", "index", "tests", "seeds", "eval", "README.md"} <= {
        path.name for path in ROOT.iterdir()
    }


def test_the_seeds_are_as_they_were_given() -> None:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SEEDS.iterdir()))).hexdigest()
    assert digest == "ad7e157267b30b82e5d9aac56576b13b9eec24678a352d57fe830eb6c8859a20"


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


TEST_FILES = sorted((ROOT / "tests").rglob("*.py"))
OWN = ("self", "cls", "super()")  # whose private names a class may use


def private_uses(tree: ast.Module) -> list[str]:
    """Private names of others that are used or imported."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            owner = ast.unparse(node.value)
            if owner not in OWN and (owner, node.attr) != ("os", "_exit"):
                found.append(f"line {node.lineno}: {owner}.{node.attr}")
        elif isinstance(node, ast.ImportFrom):
            found += [f"line {node.lineno}: {a.name}" for a in node.names if a.name.startswith("_")]
    return found


def string_patches(tree: ast.Module) -> list[str]:
    """Calls that replace something named by a dotted string, which a renamed module silently leaves behind."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    return [
        f"line {call.lineno}: {ast.unparse(call.func)}"
        for call in calls
        if ast.unparse(call.func).rsplit(".")[-1] in ("setattr", "delattr", "patch")
        and isinstance(call.args[0], ast.Constant)
    ]


def imported_tests(tree: ast.Module) -> list[str]:
    """Test modules and conftests that are imported; what tests share belongs to `tests.support`."""
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names]
    return [m for m in modules if m.startswith("tests") and m.rsplit(".")[-1].startswith(("test_", "conftest"))]


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_tests_use_public_doors(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert private_uses(tree) == []
    assert string_patches(tree) == []
    assert imported_tests(tree) == []
