"""The page that writes: the key, files added and deleted, old answers marked when their files changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.page import Open, ask, chips
from tests.support.server import LocalServer, Serve
from tests.support.web import web

KEY = "llave-ñ-larga"
FARO = "El faro de Chipiona mide 69 metros de altura.\n"
ASKED = "¿Cuánto mide el faro de Chipiona?"


@pytest.fixture(scope="module")
def own(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> LocalServer:
    """A server that these tests may write to, with a key."""
    folder = tmp_path_factory.mktemp("page-writes")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "puente.txt").write_text("El puente de Triana se abrió en 1852.\n")
    return serve(folder / "data", folder / "corpus", api_key=KEY)


@pytest.fixture
def inside(visit: Open, own: LocalServer) -> Page:
    """The page, its key given."""
    page = visit(url=own.url, wait=False)
    give(page, KEY)
    expect(page.locator("html")).to_have_attribute("data-server", "ready")
    return page


def give(page: Page, key: str) -> None:
    page.get_by_label("Clave", exact=True).fill(key)
    page.get_by_role("button", name="Usarla").click()


def violations(page: Page) -> list[str]:
    return [found["id"] for found in Axe().run(page).response["violations"]]


def add(page: Page, *files: Path) -> None:
    page.locator("#upload").set_input_files([str(file) for file in files])


def test_the_page_asks_for_the_key_and_keeps_it_in_the_tab(visit: Open, own: LocalServer) -> None:
    page = visit(url=own.url, wait=False)
    dialog = page.get_by_role("dialog", name="Este servicio pide una clave")
    expect(dialog).to_be_visible()
    expect(page.get_by_label("Clave", exact=True)).to_be_focused()
    assert violations(page) == []
    give(page, "otra")
    expect(dialog).to_contain_text("Esa no es la clave")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#status")).to_contain_text("clave")
    page.wait_for_timeout(1500)
    expect(dialog).to_be_hidden()  # who declined is left in peace …
    page.get_by_role("textbox").fill("¿Cuándo se abrió el puente de Triana?")
    page.get_by_role("textbox").press("Enter")
    expect(dialog).to_be_visible()  # … until they ask for something
    give(page, KEY)
    expect(page.get_by_role("article").last).to_contain_text("1852", timeout=20_000)
    expect(page.locator("html")).to_have_attribute("data-server", "ready")
    chips(page.get_by_role("article").last).first.click()
    expect(page.locator("#source-check")).to_contain_text("Verificada")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-server", "ready")
    expect(dialog).to_be_hidden()
    assert page.evaluate("Object.keys(localStorage).some(k => localStorage[k].includes('llave'))") is False
    # What was asked is kept as the key is: in this tab.
    expect(page.get_by_role("article").last).to_contain_text("1852")
    assert page.evaluate("sessionStorage.getItem('renglon.history')")
    assert page.evaluate("localStorage.getItem('renglon.history')") is None


def test_add_files_and_delete_them(inside: Page, own: LocalServer, tmp_path: Path) -> None:
    page, faro, foto = inside, tmp_path / "faro.txt", tmp_path / "foto.txt"
    faro.write_text(FARO)
    foto.write_bytes(bytes(500))
    page.get_by_role("button", name="Fuentes").click()
    panel = page.get_by_role("dialog", name="Fuentes")
    add(page, faro, foto)
    said = panel.get_by_role("status")
    expect(said).to_contain_text("faro.txt añadido")
    expect(said).to_contain_text("binary")
    row = panel.get_by_role("row", name=re.compile("uploads.faro.txt"))
    expect(row).to_be_visible()
    assert violations(page) == []
    add(page, faro)
    expect(said).to_contain_text("sin cambios")
    expect(panel.get_by_role("row", name=re.compile("puente")).get_by_role("button")).to_have_count(0)
    page.keyboard.press("Escape")
    assert "69 metros" in (ask(page, ASKED).text_content() or "")
    page.get_by_role("button", name="Fuentes").click()
    delete = row.get_by_role("button", name=re.compile("uploads.faro.txt"))
    delete.press("Enter")
    expect(said).to_contain_text("¿Seguro?")
    delete.press("Enter")
    expect(said).to_contain_text("borrado")
    expect(row).to_have_count(0)
    found = web.get(f"{own.url}/v1/documents", headers={"authorization": f"Bearer {KEY}".encode()}).json()
    assert [document["file"] for document in found["documents"]] == ["puente.txt"]


def test_files_can_be_dropped(inside: Page) -> None:
    inside.get_by_role("button", name="Fuentes").click()
    panel = inside.get_by_role("dialog", name="Fuentes")
    expect(panel.locator(".upload")).to_be_visible()
    inside.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["Una nota que se suelta.\\n"], "suelta.txt", { type: "text/plain" }));
          const target = document.querySelector("#sources .panel-body");
          for (const kind of ["dragenter", "dragover", "drop"])
            target.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(panel.get_by_role("status")).to_contain_text("suelta.txt añadido")


def test_old_answers_are_marked_when_their_file_changed(inside: Page, own: LocalServer, tmp_path: Path) -> None:
    bearer = {"authorization": f"Bearer {KEY}".encode()}

    def put(text: str) -> None:
        parts = {"files": ("viejo.txt", text.encode())}
        assert web.post(f"{own.url}/v1/documents", files=parts, headers=bearer).is_success

    put("El archivo de Simancas se fundó en 1540.\n")
    turn = ask(inside, "¿Cuándo se fundó el archivo de Simancas?")
    chip = chips(turn).first
    expect(chip).not_to_have_attribute("data-now", re.compile("."))
    put("Una línea nueva.\nEl archivo de Simancas se fundó en 1540.\n")
    inside.reload()
    expect(chip).to_have_attribute("data-now", "moved")
    expect(chip).to_have_accessible_name(re.compile("Movida|Movido|Se movió|Trasladad", re.I))
    put("Otra cosa muy distinta.\n")
    ask(inside, "¿Cuándo se abrió el puente de Triana?")  # the answer tells that the index changed
    expect(chips(inside.get_by_role("article").first).first).to_have_attribute("data-now", "stale")
    put("El archivo de Simancas se fundó en 1540.\n")
    inside.reload()
    expect(inside.get_by_role("article").first).to_contain_text("1540")
    inside.wait_for_timeout(500)
    expect(chips(inside.get_by_role("article").first).first).not_to_have_attribute("data-now", re.compile("."))
