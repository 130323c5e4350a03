"""Conversations: several of them, with titles, that are renamed, saved and forgotten; and answers of an older index."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.axe import axe
from tests.support.page import Open, ask
from tests.support.server import LocalServer, small_server
from tests.support.web import web


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    text = "El puente de Triana se abrió en 1852.\nEl faro mide 69 metros.\n"
    with small_server(tmp_path_factory.mktemp("talks"), {"corpus/uno.txt": text}, "corpus") as started:
        yield started


def history(page: Page) -> Locator:
    page.locator("#open-history").click()
    return page.get_by_role("dialog", name="Historial")


def test_conversations(visit: Open, tiny: LocalServer, tmp_path: Path) -> None:
    page = visit(url=tiny.url)
    ask(page, "¿Cuándo se abrió el puente?")
    ask(page, "¿Y el faro?")
    history(page).get_by_role("button", name="Conversación nueva").click()
    expect(page.get_by_role("article")).to_have_count(0)
    expect(page.get_by_role("textbox")).to_be_focused()
    page.reload()  # the empty conversation stays the one that is shown
    expect(page.locator("html")).to_have_attribute("data-page", "empty")
    ask(page, "¿Cuánto mide el faro?")
    expect(page.get_by_role("article")).to_have_count(1)
    page.reload()
    expect(page.get_by_role("article")).to_have_count(1)

    dialog = history(page)
    axe(page, "conversations")
    expect(dialog.locator(".talk")).to_have_count(2)
    expect(dialog.get_by_role("listitem")).to_have_count(1)  # the questions of the one that is shown
    dialog.get_by_role("button", name="Cambiar el título de «¿Cuándo se abrió el puente?»").click()
    field = dialog.get_by_role("textbox", name="Cambiar el título")
    expect(field).to_be_focused()
    field.fill("<b>Puentes</b>")
    page.keyboard.press("Enter")
    named = dialog.get_by_role("button", name="<b>Puentes</b>", exact=True)
    expect(named).to_be_visible()
    dialog.get_by_role("button", name="Cambiar el título de «<b>Puentes</b>»").click()
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    expect(named).to_be_visible()

    talk = dialog.locator(".talk").filter(has_text="Puentes")
    talk.get_by_text("Guardar como archivo").click()
    with page.expect_download() as downloaded:
        talk.get_by_role("button", name="JSON", exact=True).click()
    saved = json.loads(Path(downloaded.value.path()).read_text())
    assert [answer["question"] for answer in saved["answers"]] == ["¿Cuándo se abrió el puente?", "¿Y el faro?"]

    named.click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("article")).to_have_count(2)
    history(page)
    forget = dialog.get_by_role("button", name=re.compile("Olvidar la conversación «<b>Puentes"))
    forget.click()
    expect(dialog.locator(".talk")).to_have_count(2)  # asked twice
    forget.click()
    expect(dialog.locator(".talk")).to_have_count(1)
    assert page.evaluate("localStorage.getItem('renglon.titles')") is None
    dialog.get_by_role("button", name="¿Cuánto mide el faro?").first.click()
    expect(page.get_by_role("article")).to_have_count(1)


def test_a_question_is_asked_again_when_the_index_changed(visit: Open, tiny: LocalServer) -> None:
    page = visit(url=tiny.url)
    turn = ask(page, "¿Cuándo se abrió el puente?")
    again = turn.get_by_role("button", name="Preguntar otra vez: el índice ha cambiado")
    expect(again).to_have_count(0)
    web.post(f"{tiny.url}/v1/documents", files=[("files", ("nuevo.txt", b"El puente se abrio dos veces.\n"))])
    page.reload()
    again.click()
    expect(again).to_have_count(0)
    expect(page.get_by_role("article")).to_have_count(1)


def test_nothing_jumps(visit: Open, tiny: LocalServer) -> None:
    page = visit(url=tiny.url)
    watch = """() => { window.shifts = []; new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value);
    }).observe({ type: "layout-shift", buffered: true }); }"""
    page.evaluate(watch)
    page.wait_for_timeout(500)
    empty = page.evaluate("shifts.reduce((sum, one) => sum + one, 0)")
    ask(page, "¿Cuándo se abrió el puente?")
    page.reload()
    page.evaluate(watch)
    expect(page.get_by_role("article")).to_have_count(1)
    page.wait_for_timeout(500)
    assert max(empty, page.evaluate("shifts.reduce((sum, one) => sum + one, 0)")) < 0.05


def test_a_file_that_is_dragged_over_the_page_opens_the_sources(visit: Open, tiny: LocalServer, tmp_path: Path) -> None:
    (tmp_path / "nota.txt").write_text("El mercado abre los sábados.\n")
    page = visit(url=tiny.url)
    cdp = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(tmp_path / "nota.txt")], "dragOperationsMask": 1}
    cdp.send("Input.dispatchDragEvent", {"type": "dragEnter", "x": 20, "y": 200, "data": data})
    expect(page.get_by_role("dialog", name="Fuentes")).to_be_visible()
