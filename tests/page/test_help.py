"""What helps: the list of keys, the first steps, a folder that is dropped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.models import Tiny
from tests.support.page import Open
from tests.support.server import LocalServer
from tests.support.web import web

TEXT = "El puente de Triana se abrió en 1852.\nEl puente de Triana lo diseñó Gustave Steinacher.\n"


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[LocalServer]:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "uno.txt").write_text(TEXT)
    started = LocalServer(tmp_path / "data", tmp_path / "corpus", Tiny())
    started.wait("/readyz")
    yield started
    started.stop()


def test_the_keys(page: Page) -> None:
    page.get_by_role("textbox").press("?")
    expect(page.get_by_role("textbox")).to_have_value("?")  # in the question it is a question mark
    page.get_by_role("textbox").fill("")
    page.locator("#main").click(position={"x": 5, "y": 5})
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Teclas")
    expect(keys.get_by_text("Cerrar la fuente o la lista")).to_be_visible()
    page.keyboard.press("?")
    expect(keys).to_have_count(1)
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    page.locator("#open-help").click()
    expect(keys).to_be_visible()
    keys.get_by_role("button", name="Cerrar").click()
    expect(page.locator("#open-help")).to_be_focused()


def test_three_steps_while_nothing_is_indexed(visit: Open, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    server = LocalServer(tmp_path / "data", tmp_path / "corpus", Tiny())
    try:
        with pytest.raises(AssertionError, match="no readable file"):  # it listens, and can answer nothing
            server.wait("/readyz")
        page = visit(url=server.url)
        expect(page.get_by_role("heading", name="Para empezar")).to_be_visible()
        expect(page.locator("#examples li")).to_have_count(3)
        expect(page.locator("#examples")).to_contain_text("renglon serve CARPETA")
    finally:
        server.stop()


def test_a_folder_is_dropped(visit: Open, tiny: LocalServer, tmp_path: Path) -> None:
    folder = tmp_path / "notas"
    (folder / "más").mkdir(parents=True)
    (folder / "faro.txt").write_text("El faro de Chipiona mide 69 metros.\n")
    (folder / "más" / "mercado.md").write_text("El mercado abre los sábados.\n")
    (folder / "más" / "foto.png").write_bytes(b"\x89PNG")
    (folder / ".oculto.txt").write_text("Oculto.\n")
    page = visit(url=tiny.url)
    page.get_by_role("button", name="Fuentes").click()
    box = page.locator(".upload").bounding_box()
    assert box
    cdp = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        cdp.send("Input.dispatchDragEvent", {"type": kind, "x": box["x"] + 20, "y": box["y"] + 10, "data": data})
    expect(page.locator("dialog th", has_text="uploads/mercado.md")).to_be_visible(timeout=60_000)
    expect(page.locator("dialog th", has_text="uploads/faro.txt")).to_be_visible()
    files = {one["file"] for one in web.get(f"{tiny.url}/v1/documents").json()["documents"]}
    assert files == {"uno.txt", "uploads/faro.txt", "uploads/mercado.md"}


def test_files_by_folder_and_what_was_refused(visit: Open, tiny: LocalServer, tmp_path: Path) -> None:
    (tmp_path / "corpus" / "2024" / "mayo").mkdir(parents=True)
    (tmp_path / "corpus" / "2024" / "mayo" / "faro.txt").write_text("El faro mide 69 metros.\n")
    (tmp_path / "corpus" / "<b>nada.txt").write_text("")
    job = web.post(f"{tiny.url}/v1/index/sync").json()
    while web.get(f"{tiny.url}/v1/jobs/{job['id']}").json()["state"] in ("queued", "running"):
        time.sleep(0.05)
    found = web.get(f"{tiny.url}/v1/index").json()["last_sync"]
    assert (found["added"], found["unchanged"], found["refused"]) == (1, 1, 1)
    assert found["refused_files"] == [{"file": "<b>nada.txt", "reason": "The file is empty."}]
    page = visit(url=tiny.url)
    page.get_by_role("button", name="Fuentes").click()
    dialog = page.get_by_role("dialog", name="Fuentes")
    dialog.get_by_text("1 archivo no se pudo indexar").click()
    expect(dialog.get_by_role("listitem")).to_have_text("<b>nada.txt: The file is empty.")
    file = dialog.get_by_role("link", name="2024/mayo/faro.txt")
    expect(file).to_be_visible()
    dialog.get_by_role("button", name="2024/mayo/ 1").click()
    expect(file).to_be_hidden()
    expect(dialog.get_by_role("link", name="uno.txt")).to_be_visible()
