"""Takes the pictures of the README from the running page: `python -m tests.page.screenshots [FOLDER]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import ARGUMENTS, chromium
from tests.support.page import ask, chips, opened
from tests.support.paths import ROOT, SEEDS
from tests.support.questions import CONTAINERS, PAELLA
from tests.support.server import ColdServer, free_port

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def _page(browser: Browser, url: str, **options: Any) -> Page:
    settings = {"viewport": WIDE, "locale": "es-ES", "reduced_motion": "reduce", "device_scale_factor": 1, **options}
    page = browser.new_context(**settings).new_page()
    page.goto(url)
    page.locator(".example").first.wait_for()
    return page


def _rest(page: Page) -> None:
    """Nothing is pointed at, nothing moves."""
    page.mouse.move(2, 2)
    page.wait_for_timeout(400)


def take(browser: Browser, url: str, folder: Path) -> None:
    """All pictures, into a folder."""
    page = _page(browser, url)
    _shoot(page, folder / "empty.png")
    turn = ask(page, CONTAINERS)
    opened(page, chips(turn).nth(1))
    _shoot(page, folder / "source.png")
    page.keyboard.press("Escape")
    chips(turn).nth(1).hover()
    page.wait_for_timeout(300)
    page.screenshot(path=folder / "chip.png")
    ask(page, PAELLA)
    _shoot(page, folder / "no-evidence.png")
    page = _page(browser, url, color_scheme="dark", locale="en-GB")
    opened(page, chips(ask(page, "Where did Kim and Putin meet in April 2019?")).first)
    _shoot(page, folder / "dark.png")
    page = _page(browser, url, viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=1.5)
    turn = ask(page, "¿Qué le regaló Putin a Kim?")
    _shoot(page, folder / "phone.png")
    opened(page, chips(turn).first)
    _shoot(page, folder / "phone-source.png")


def _shoot(page: Page, path: Path) -> None:
    _rest(page)
    page.screenshot(path=path)
    print(path)


def main() -> None:
    """Start a server on the seeds, look at it, stop it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    path = chromium()
    if path is None:
        sys.exit("no Chromium: install it (apt-get install chromium) or point RENGLON_CHROMIUM at one")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        server = ColdServer(Path(data), SEEDS, free_port())
        try:
            server.wait("/readyz")
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            take(browser, server.url, folder)
            browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
