"""Nothing scrolls sideways: no width from 320 px up, in no state of the page, in neither language, in no font."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.page import ask, begin, chips, opened
from tests.support.questions import PAELLA
from tests.support.server import Served

# Both sides of each of the page's breakpoints (24, 30 and 56 rem), and the usual screens.
WIDTHS = (320, 360, 384, 390, 480, 500, 640, 768, 895, 896, 1024, 1280)
FONTS = {
    "system": "",
    "wide": "* { font-family: 'DejaVu Sans' !important; letter-spacing: .06em !important }",
    "monospace": "* { font-family: 'DejaVu Sans Mono', monospace !important; letter-spacing: .06em !important }",
    # What readers may set for themselves (WCAG 2.2, 1.4.12).
    "spaced": "* { letter-spacing: .12em !important; word-spacing: .16em !important; line-height: 1.5 !important }",
}
# Until the page has done what it does when its size changes.
FRAME = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Elements that can be scrolled sideways, and elements that reach beyond the window's edges (where the page clips).
SIDEWAYS = """() => {
  const name = (node) => `${node.tagName.toLowerCase()}#${node.id}.${node.className?.baseVal ?? node.className}`;
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push(`page: ${document.documentElement.scrollWidth}`);
  for (const node of document.querySelectorAll("body, body *")) {
    if (!node.checkVisibility() || node.closest(".away, .skip, svg")) continue;
    const box = node.getBoundingClientRect();
    if (box.right > innerWidth + 0.5 || box.left < -0.5) found.push(`${name(node)}: ${box.left} to ${box.right}`);
    if (node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== "inline" && node.clientWidth)
      found.push(`${name(node)}: ${node.scrollWidth} in ${node.clientWidth}`);
  }
  return found;
}"""
QUESTION = {
    "es": "¿Cuántos contenedores envió Corea del Norte a Rusia?",
    "en": "Where did Kim and Putin meet in April 2019?",
}


def _empty(page: Page) -> None:
    expect(page.locator(".example")).to_have_count(3)


def _answer(page: Page) -> None:
    turn = ask(page, QUESTION[page.locator("html").get_attribute("lang") or "es"])
    turn.locator(".others summary").click()


def _point(page: Page) -> None:
    """At the last chip, so that its card shows."""
    chip = chips(page.get_by_role("article").last).last
    page.mouse.move(1, 1)
    page.keyboard.press("Escape")
    chip.evaluate("node => node.scrollIntoView({ block: 'center' })")
    page.evaluate(FRAME)  # scrolling hides the card
    chip.hover()
    page.wait_for_selector("#tip:not([hidden])")


def _no_evidence(page: Page) -> None:
    ask(page, PAELLA).locator(".nearest summary").click()


def _refused(page: Page) -> None:
    turn = begin(page, "palabra" * 300)
    expect(turn.get_by_role("alert")).to_be_visible()
    page.get_by_role("textbox").fill("sinespacios" * 30)


def _source(page: Page) -> None:
    turn = ask(page, QUESTION[page.locator("html").get_attribute("lang") or "es"])
    opened(page, chips(turn).first)
    expect(page.locator("#source-check")).to_be_visible()


def _sources(page: Page) -> None:
    page.locator("#open-sources").click()
    expect(page.get_by_role("table")).to_be_visible()


def _history(page: Page) -> None:
    ask(page, PAELLA)
    page.locator("#open-history").click()
    page.get_by_role("dialog").locator(".act-forget").click()
    sure = page.get_by_role("dialog").locator(".sure")
    colours = sure.evaluate("node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]")
    assert colours[0] != colours[1]


STATES: dict[str, Callable[[Page], None]] = {
    name.__name__.strip("_"): name for name in (_empty, _answer, _no_evidence, _refused, _source, _sources, _history)
}


@pytest.fixture(scope="module")
def shared(browser: Browser, server: Served) -> Iterator[Page]:
    """One page for all of these tests."""
    context = browser.new_context(locale="es-ES", reduced_motion="reduce", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)  # a busy machine is not a failure
    page = context.new_page()
    page.goto(server.url)
    yield page
    context.close()


@pytest.fixture(scope="module", params=[f"{language}-{state}" for language in ("es", "en") for state in STATES])
def arranged(request: pytest.FixtureRequest, shared: Page) -> tuple[Page, str]:
    """The page in one state and language, and the state's name; fonts and widths change nothing of it."""
    language, state = request.param.split("-")
    shared.set_viewport_size({"width": 1280, "height": 800})
    shared.evaluate(
        "language => { localStorage.clear(); localStorage.setItem('renglon.language', language) }", language
    )
    shared.evaluate("sessionStorage.clear(); location.hash = ''")
    shared.goto("about:blank")
    shared.go_back()
    shared.wait_for_selector("html[data-server=ready]")
    expect(shared.locator("html")).to_have_attribute("lang", re.compile(language))
    STATES[state](shared)
    return shared, state


@pytest.mark.parametrize("font", FONTS)
def test_nothing_scrolls_sideways(arranged: tuple[Page, str], font: str) -> None:
    page, state = arranged
    page.evaluate(
        "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet] }",
        FONTS[font],
    )
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        page.evaluate(FRAME)
        if state == "answer":
            _point(page)
        if sideways := page.evaluate(SIDEWAYS):
            found[width] = sideways[:8]
    assert found == {}
