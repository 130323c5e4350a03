"""A real browser for the page, and a page that fails its test when a script fails in it or it calls elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from tests.support.browser import ARGUMENTS, Proxy, chromium
from tests.support.page import Open
from tests.support.server import Served

DESKTOP = {"width": 1280, "height": 800}
PATIENCE_MS = 60_000  # a busy machine is not a failure
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        reason = "no Chromium: apt-get install chromium-headless-shell, or point RENGLON_CHROMIUM at one"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def still_page(browser: Browser, server: Served) -> Iterator[Page]:
    """One page for all tests of a file that only call its functions."""
    opened = browser.new_page()
    opened.goto(server.url)
    yield opened
    opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    opened: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        settings = {"viewport": DESKTOP, "locale": "es-ES", "reduced_motion": "reduce", **options}
        opened.append(browser.new_context(**settings))
        opened[-1].set_default_timeout(PATIENCE_MS)
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def visit(server: Served, context: Callable[..., BrowserContext]) -> Iterator[Open]:
    """Opens the page: `visit(path, url=…, **context options)`. What it must never do is checked at the end."""
    trouble: list[str] = []

    def open_page(path: str = "/", url: str = server.url, wait: bool = True, **options: Any) -> Page:
        page = context(**options).new_page()
        own = urlsplit(url).netloc

        def requested(address: str) -> None:
            if urlsplit(address).netloc != own:
                trouble.append(f"request to {address}")

        def dialog_shown(dialog: Dialog) -> None:
            trouble.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("request", lambda request: requested(request.url))
        page.on("pageerror", lambda error: trouble.append(f"script error: {error}"))
        page.on("dialog", dialog_shown)
        page.on("console", lambda m: trouble.append(m.text) if "Content Security Policy" in m.text else None)
        page.goto(url + path)
        if wait:
            page.wait_for_selector("html[data-server]")
        return page

    yield open_page
    assert not trouble


@pytest.fixture
def page(visit: Open) -> Page:
    """The page on the five articles, in Spanish."""
    return visit()


@pytest.fixture
def proxy(server: Served) -> Iterator[Proxy]:
    made = Proxy(server.url)
    yield made
    made.close()
