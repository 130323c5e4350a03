"""What axe finds wrong with a page for people who can't see it, or can't use a mouse."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page


def axe(page: Page, where: str) -> None:
    """Nothing that matters is wrong with the page as it stands; `where` names it in the failure."""
    options = {
        "resultTypes": ["violations"],
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
    violations = Axe().run(page, options=options).response["violations"]
    assert [
        (where, v["id"], v["impact"], [(n["target"], n["failureSummary"]) for n in v["nodes"][:3]])
        for v in violations
        if v["impact"] in ("serious", "critical", "moderate")
    ] == []
