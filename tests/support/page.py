"""What a person does with the page, by what a person sees of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from tests.support.questions import CONTAINERS


def ask(page: Page, question: str = CONTAINERS) -> Locator:
    """Ask, and wait for the end of the answer. The turn."""
    begin(page, question)
    # Not `expect`, which looks again only after a quarter of a second.
    page.wait_for_selector("article:last-child[data-state=done]", timeout=20_000)
    return newest(page)


def begin(page: Page, question: str = CONTAINERS) -> Locator:
    """Ask, and don't wait."""
    before = page.get_by_role("article").count()
    page.get_by_role("textbox").fill(question)
    page.get_by_role("textbox").press("Enter")
    expect(page.get_by_role("article")).to_have_count(before + 1)
    return newest(page)


def sent(page: Page) -> list[dict[str, Any]]:
    """The bodies of the questions that the page sends from now on."""
    bodies: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/v1/query"):
            bodies.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    return bodies


def newest(page: Page) -> Locator:
    """The last turn."""
    return page.get_by_role("article").last


def chips(turn: Locator) -> Locator:
    """The numbered chips of a turn."""
    return turn.get_by_role("button", name=re.compile(r"^(Cita|Citation) \d"))


def pane(page: Page) -> Locator:
    """The source pane."""
    return page.locator("#source")


def marked(page: Page) -> str:
    """The characters that are marked as the citation's own, line by line."""
    lines = page.locator("#source-lines .line:has(mark.own)")
    return "\n".join(
        "".join(line.locator("mark.own").all_text_contents()) for line in lines.all()
    )  # fmt: skip


def opened(page: Page, chip: Locator) -> None:
    """Click a chip and wait for its mark."""
    chip.click()
    expect(page.locator("#source-lines mark.own").first).to_be_visible()


Open = Callable[..., Page]


# Elements that only markup could have brought into what shows other people's text.
NOT_OURS = "script img iframe object embed style link form input:not(#upload) video math base"


FOREIGN = ", ".join(f":is(#thread, #source, #tip, dialog) {tag}" for tag in NOT_OURS.split())


def unharmed(page: Page) -> None:
    assert page.evaluate("window.pwned") is None
    assert page.locator(FOREIGN).count() == 0
    assert page.locator("[onerror], [onload], [onclick], [onfocus], [onmouseover]").count() == 0
    assert page.locator('a:not([href^="#"])').count() == 0
