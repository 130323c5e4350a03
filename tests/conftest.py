"""Real parts, shared: the bundled model is loaded once, the five articles are indexed once."""

from __future__ import annotations

import gc
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests.support.paths import MAX_BYTES, MODELS, SEEDS

# Imported within the fixtures: pytest's own process, which hands the tests out, would otherwise load torch and
# LlamaIndex for five seconds before the workers begin, and run no test.
if TYPE_CHECKING:
    from index.ingest.sync import Syncer
    from index.model.encoder import Encoder
    from index.store import Store
    from index.writing import WritableStore
    from rag.engine import Engine
    from tests.support.scripted_llm import ScriptedServer
    from tests.support.server import LocalServer, Serve, Served, Server

# A busy machine is not a failure: no example has a time limit of its own.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("suite")

# Files that take more than ten seconds come first, the longest one before all: whatever a worker takes at the end of
# a run, the other one does not wait for it long.
LONGEST_FIRST = (
    "eval/test_floors.py", "api/test_cli.py", "page/test_honest.py", "api/test_nodes.py", "rag/test_written_answers.py",
    "page/test_narrow.py", "page/test_check.py", "page/test_home.py", "page/test_ask.py", "api/test_node_deaths.py",
    "api/test_writes.py", "rag/test_injection.py", "index/test_bert.py", "page/test_formats.py",
    "index/test_state_machine.py", "index/test_previous.py", "api/test_install.py", "eval/test_run.py",
    "api/test_openai.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    place = {folder / name: number for number, name in enumerate(LONGEST_FIRST)}
    assert all(path.exists() for path in place)
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish() -> None:
    """The garbage collector need not look at three thousand tests and the libraries again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:
    """Workers are forked from one process that has imported the libraries, unless coverage must see theirs start."""
    from tests.support.template import PYTHON, Template

    if config.pluginmanager.hasplugin("_cov"):
        return
    template = Template()
    config.add_cleanup(template.stop)
    os.environ[PYTHON] = str(template.python)
    for spec in specs:
        if spec.popen and not spec.python:
            spec.python = shlex.quote(str(template.python))


@pytest.fixture(scope="session", autouse=True)
def _environment() -> None:
    os.environ["RENGLON_MODELS_DIR"] = str(MODELS)
    os.environ.setdefault("RENGLON_MAX_WAIT_S", "600")  # a busy machine is not a failure
    os.environ.setdefault("RENGLON_THREADS", "1")  # processes and workers beside each other: more threads only wait


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    from index.model.encoder import load_encoder
    from rag.settings import Settings

    return load_encoder(Settings(models_dir=MODELS, threads=1))


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def seeds_data(encoder: Encoder, run_folder: Path) -> Path:
    """A data folder with the five articles, closed properly. It is copied, never opened: embedding takes seconds.

    The worker that needs it first makes it for all.
    """
    from filelock import FileLock

    from index.ingest.sync import Syncer
    from index.store import Store

    folder, unfinished = run_folder / "seeds-data", run_folder / "seeds-unfinished"
    with FileLock(run_folder / "seeds-data.lock"):
        if not folder.exists():
            with Store(unfinished) as store:
                Syncer(store, encoder, MAX_BYTES).sync(SEEDS)
            unfinished.rename(folder)
    return folder


@pytest.fixture(scope="session")
def seeds_store(seeds_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    from index.store import Store
    from tests.support.folders import copied

    with Store(copied(seeds_data, tmp_path_factory.mktemp("seeds-store"))) as store:
        store.catch_up()
        yield store


@pytest.fixture(scope="session")
def engine(seeds_store: Store, encoder: Encoder) -> Engine:
    from index.renglon import build_engine
    from rag.settings import Settings

    return build_engine(seeds_store, encoder, Settings(models_dir=MODELS))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A small corpus that a test may change."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "uno.txt").write_text("El puente de Triana se abrió en 1852.\nLo diseñó Gustave Steinacher.\n")
    (folder / "dos.txt").write_text("La biblioteca cierra los lunes.\n\nAbre a las nueve de la mañana.\n")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL with pgvector, started when the first test needs it."""
    from tests.support.postgres import GIVEN, Postgres

    if given := os.environ.get(GIVEN):
        yield given
        return
    server = Postgres()
    yield server.url
    server.stop()


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The URL of an empty database."""
    from tests.support.postgres import drop_schema, new_schema

    url = new_schema(postgres)
    yield url
    drop_schema(url)


# Their tests of a `store` run over both kinds of it, but for those that are marked `folder`.
OVER_BOTH = {f"tests.index.test_{name}" for name in ("sync", "uploads", "refusals", "scope", "boilerplate")}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module = metafunc.module.__name__
    if (
        "store" in metafunc.fixturenames
        and module in OVER_BOTH
        and not list(metafunc.definition.iter_markers("folder"))
    ):
        metafunc.parametrize("store", ["folder", "postgresql"], indirect=True)


@pytest.fixture
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WritableStore]:
    """An empty store: a data folder, or a database where the test asks for one."""
    from index.database_store import DatabaseStore
    from index.store import Store

    if getattr(request, "param", "folder") == "folder":
        with Store(tmp_path / "data") as opened:
            yield opened
        return
    with DatabaseStore(tmp_path / "data", request.getfixturevalue("database")) as node:
        node.require_writer()
        yield node


@pytest.fixture
def syncer(store: Store, encoder: Encoder) -> Syncer:
    from index.ingest.sync import Syncer

    return Syncer(store, encoder, MAX_BYTES)


@pytest.fixture(scope="session")
def server(seeds_data: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The application on the five articles, for all tests that neither stop nor change it."""
    from tests.support.folders import copied
    from tests.support.server import LocalServer

    started = LocalServer(copied(seeds_data, tmp_path_factory.mktemp("server")), SEEDS, encoder)
    started.wait("/readyz")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def model() -> Iterator[ScriptedServer]:
    """A scripted model server; each test plays its own script first."""
    from tests.support.scripted_llm import scripted

    with scripted() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def writing(
    model: ScriptedServer, seeds_data: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalServer]:
    """The application on the five articles, its answers written by `model`."""
    from tests.support.folders import copied
    from tests.support.server import LocalServer

    data = copied(seeds_data, tmp_path_factory.mktemp("writing"))
    started = LocalServer(data, SEEDS, encoder, llm_url=model.url, llm_timeout_s=20)
    started.wait("/readyz")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def serve(encoder: Encoder) -> Iterator[Serve]:
    """Starts the application in this process, `serve(data, corpus, **settings)`; for the tests of a module."""
    from tests.support.server import LocalServer

    servers: list[LocalServer] = []

    def start(data: Path, corpus: Path, watch: bool = False, ready: bool = True, **settings: Any) -> LocalServer:
        servers.append(LocalServer(data, corpus, settings.pop("encoder", encoder), watch, **settings))
        if ready:
            servers[-1].wait("/readyz")
        return servers[-1]

    yield start
    for one in servers:
        one.stop()


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    from tests.support.server import Server, free_port

    servers: list[Server] = []

    def start(
        data: Path, corpus: Path, port: int | None = None, arguments: Sequence[str] = (), **environment: str
    ) -> Server:
        servers.append(Server(data, corpus, port or free_port(), *arguments, **environment))
        return servers[-1]

    yield start
    for one in servers:
        one.stop()
