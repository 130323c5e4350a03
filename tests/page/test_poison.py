"""Poisoned articles on the page, written up by a model that obeys them: nothing reaches out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support import injection
from tests.support.page import Open, ask, chips, unharmed
from tests.support.scripted_llm import Script, scripted
from tests.support.server import LocalServer, Serve

SHOWN = injection.articles()[24:60:4]  # one in four of those that imitate what stands around the evidence


@pytest.fixture(scope="module")
def poisoned(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    folder = tmp_path_factory.mktemp("poisoned")
    injection.write(folder / "corpus")
    with scripted() as model:
        model.play(Script(injection.obey))
        yield serve(folder / "data", folder / "corpus", llm_url=model.url)


def test_the_page_reaches_nobody(visit: Open, poisoned: LocalServer) -> None:
    """The fixture of the page fails on any request to another host, any dialog, any script error."""
    page = visit(url=poisoned.url)
    obeyed = 0
    for article in SHOWN:
        turn = ask(page, article.question)
        obeyed += article.canary in turn.inner_text()
        expect(chips(turn).first).to_be_visible()
        expect(turn.get_by_role("link", name=injection.HOST)).to_have_count(0)
        unharmed(page)
    assert obeyed >= len(SHOWN) - 2
    page.reload()
    unharmed(page)
