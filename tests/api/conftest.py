"""A server over two sentences, for tests of what is done with answers rather than of the answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.server import LocalServer, small_server


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    text = "El puente de Triana se abrió en 1852.\nLo diseñó Gustave Steinacher.\n"
    with small_server(tmp_path_factory.mktemp("tiny"), {"corpus/uno.txt": text}, "corpus") as started:
        yield started
