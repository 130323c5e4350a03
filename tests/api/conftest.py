"""A server over two sentences, for tests of what is done with answers rather than of the answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.models import Tiny
from tests.support.server import LocalServer


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "uno.txt").write_text("El puente de Triana se abrió en 1852.\nLo diseñó Gustave Steinacher.\n")
    started = LocalServer(folder / "data", folder / "corpus", Tiny())
    started.wait("/readyz")
    yield started
    started.stop()
