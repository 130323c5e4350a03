"""The rules of the house: one arrow between packages, no import cycle, small modules, pinned dependencies."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from index.storage.dense import DenseIndex
from index.storage.lexical import Analysis, LexicalIndex
from index.storage.protocol import Entry, Projection, Query
from rag.settings import Settings
from tests.support.paths import ROOT, SEEDS

MAY_IMPORT = {"rag": set(), "index": {"rag"}, "api": {"rag", "index"}, "eval": {"rag", "index"}}
MODULES = sorted(path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))
POSTGRES = ("address", "connection", "database", "dense", "election", "notifications", "schema")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 450, 60


def name_of(path: Path) -> str:
    """`rag/evidence/rank.py` is `rag.evidence.rank`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def imported(path: Path) -> set[str]:
    """The project's modules that a module imports: anywhere in it, in functions and under TYPE_CHECKING too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            within = {f"{node.module}.{alias.name}" for alias in node.names} & NAMES
            names |= within or {node.module or ""}
    return names & NAMES


def libraries(path: Path) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """The names along a cycle of a graph, the first one repeated at the end; empty when there is none."""
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for other in sorted(graph.get(name, ())):
            if found := visit(other, [*trail, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := visit(name, []))), [])


def test_no_import_cycle() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({name_of(path): imported(path) for path in MODULES}) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_arrow_and_modules_stay_small(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    assert {name.split(".")[0] for name in imported(path)} <= MAY_IMPORT[package] | {package}
    assert libraries(path) & set(MAY_IMPORT) <= MAY_IMPORT[package] | {package}
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    assert len(path.read_text().splitlines()) <= MOST_LINES
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]
    assert not long


@pytest.mark.parametrize("library", ["chromadb", "tantivy", "sqlite3", "psycopg", "psycopg_pool"])
def test_storage_libraries_are_imported_in_their_room(library: str) -> None:
    users = {name_of(path) for path in MODULES if library in libraries(path)}
    rooms = {
        "chromadb": {"index.storage.dense"},
        "tantivy": {"index.storage.lexical"},
        "sqlite3": {"index.storage.disk", "index.storage.sqlite"},
        # The follower's module says how to install the driver where it is missing.
        "psycopg": {f"index.storage.postgres.{name}" for name in POSTGRES} | {"index.follower"},
        "psycopg_pool": {"index.storage.postgres.connection", "index.follower"},
    }
    assert users == rooms[library]


def test_the_projections_are_chosen_in_one_module() -> None:
    for module, others in {
        "index.storage.dense": set(),
        # The analysis of texts serves while the lexical index is being rebuilt.
        "index.storage.lexical": {"index.storage.live_views", "index.reading", "index.database_store"},
    }.items():
        users = {name_of(path) for path in MODULES if module in imported(path)}
        assert users == {"index.storage.projections"} | others


def test_both_projections_meet_the_protocol(tmp_path: Path) -> None:
    """mypy compares the signatures where `Projections` opens them; here each method is there and does its work."""
    for projection in (DenseIndex(tmp_path / "dense"), LexicalIndex(tmp_path / "lexical")):
        methods = [name for name in vars(Projection) if not name.startswith("_")]
        assert [name for name in methods if not callable(getattr(projection, name))] == []
        vector = np.array([1, 0], np.float32)
        projection.change([], [Entry(1, vector, "puente"), Entry(2, -vector, "biblioteca")])
        with projection.adding() as add:
            add([Entry(3, vector, "puente")])
        query = Query(vector, Analysis().terms("puente"))
        assert [pk for pk, _ in projection.search(query, 2)] == [1, 3]
        projection.change([1, 99], [])
        projection.reload()
        assert (projection.count(), projection.pks()) == (2, {2, 3})
        projection.discard()


HEAVY = {"torch", "transformers", "sentence_transformers", "chromadb", "llama_index", "tantivy", "sklearn", "babel"}
LIGHT = [
    "rag.types", "rag.events", "rag.errors", "rag.settings", "rag.question", "rag.vectors",
    "api.app", "api.serve", "api.cli.commands",
]  # fmt: skip


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
    wanted = sum(project["optional-dependencies"].values(), project["dependencies"])
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[=<>;]", name)[0]).lower() for name in wanted}
    assert names - {"renglon"} <= pinned  # its own extra, which the tests want


def _pins(name: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([^\s\\]+)", (ROOT / name).read_text(), re.M)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


HASHED = ("requirements.txt", "requirements-dev.txt")


def test_the_hashes_are_those_of_the_pins() -> None:
    """Fails after a pin has changed: `make hashes` asks for what is missing."""
    run, dev = map(_pins, HASHED)
    assert run.keys() & dev.keys() == set()
    pinned = _pins("constraints.txt")
    assert run | dev == {name: version for name, version in pinned.items() if name != "torch"}
    assert f"install -c constraints.txt torch=={pinned['torch']}" in (ROOT / "Makefile").read_text()
    for name in HASHED:
        text = (ROOT / name).read_text()
        blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:]
        assert [block for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", block)] == []
        assert not re.search(r"://|--index|--find-links|@", text)
        assert f"install --require-hashes --no-deps -r {name}" in (ROOT / "Makefile").read_text()
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert build == [f"setuptools=={run['setuptools']}"]


def test_no_file_of_the_project_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile("/" + r"(work|root|tmp/lab)\b|pypi\.|/opt/" + "pypi")
    for path in [*MODULES, ROOT / "README.md", ROOT / "Makefile", ROOT / "constraints.txt", ROOT / "pyproject.toml",
                 *map(ROOT.joinpath, HASHED)]:  # fmt: skip
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


def direct_runs(tree: ast.AST) -> list[str]:
    """Calls that start an event loop in the thread of the test, which has one while a browser is open."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("asyncio.run", "anyio.run"):
            found.append(f"line {node.lineno}: use tests.support.loops.run")
        elif not isinstance(node, ast.Lambda):  # for a thread
            found += direct_runs(node)
    return found


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_tests_use_public_doors(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert private_uses(tree) == []
    assert string_patches(tree) == []
    assert imported_tests(tree) == []
    if path.name.startswith("test_"):
        assert direct_runs(tree) == []
