"""The conversation saved as a file."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page

from tests.support.cli import renglon
from tests.support.page import ask
from tests.support.paths import SEEDS
from tests.support.questions import CONTAINERS, PAELLA
from tests.support.server import Served


def saved(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as downloaded:
        page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()
    path = folder / downloaded.value.suggested_filename
    downloaded.value.save_as(path)
    return path


def test_a_conversation_is_saved_and_checked(page: Page, server: Served, tmp_path: Path) -> None:
    ask(page)
    ask(page, PAELLA)
    page.get_by_role("button", name="Historial").click()
    text = saved(page, "Markdown", tmp_path).read_text()
    assert text.startswith(f"## {CONTAINERS}\n")
    assert f"## {PAELLA}" in text
    file = saved(page, "JSON", tmp_path)
    assert [answer["question"] for answer in json.loads(file.read_text())["answers"]] == [CONTAINERS, PAELLA]
    checked = renglon(server.data, "verify", str(file), "--in", str(SEEDS), "--json")
    report = json.loads(checked.stdout)
    assert (checked.returncode, report["valid"] > 0, report["stale"]) == (0, True, 0)
