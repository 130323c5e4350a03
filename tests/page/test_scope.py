"""Asking within a part of the corpus, and searching within a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.axe import axe
from tests.support.page import Open, ask, chips, marked, opened, pane, sent
from tests.support.server import LocalServer, small_server

FILE = "001_b66ed88974733697.txt"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A server with two collections."""
    folder = tmp_path_factory.mktemp("two")
    files = {"casa/puente.txt": "El puente se abrió en 1852.\n", "faros/faro.txt": "El faro mide 69 m.\n"}
    with small_server(folder, files, "casa", collections=f"faros={folder / 'faros'}") as started:
        yield started


def test_a_collection_is_chosen_and_remembered(visit: Open, two: LocalServer) -> None:
    page = visit(url=two.url)
    button = page.locator("#scope")
    expect(button).to_have_text("En todos los artículos")
    button.click()
    dialog = page.get_by_role("dialog", name="Dónde se busca")
    axe(page, "scope")
    dialog.get_by_role("checkbox", name="faros 1").check()
    expect(dialog.get_by_role("group", name="Documentos").get_by_role("checkbox")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(button).to_have_text("Solo en faros")
    page.reload()
    expect(button).to_have_text("Solo en faros")
    requests = sent(page)
    turn = ask(page, "¿Cuánto mide el faro?")
    assert requests[0]["collection"] == ["faros"]
    expect(turn.locator(".asked-in")).to_have_text("Solo en faros")
    assert set(turn.locator(".file").all_text_contents()) == {"faro.txt"}
    button.click()
    dialog.get_by_role("button", name="Buscar en todo").click()
    dialog.get_by_role("button", name="Cerrar").click()
    expect(button).to_have_text("En todos los artículos")
    ask(page, "¿Cuánto mide?")
    assert "collection" not in requests[1]


def test_files_are_added_to_the_collection_that_is_asked(visit: Open, two: LocalServer) -> None:
    page = visit(url=two.url)
    page.evaluate("""localStorage.setItem("renglon.scope", '{"collection": ["faros"], "documents": []}')""")
    page.reload()
    page.click("#open-sources")
    expect(page.get_by_label("a la colección")).to_have_value("faros")
    luz, sol = (
        {"name": name, "mimeType": "text/plain", "buffer": text}
        for name, text in (("luz.txt", b"La luz se ve a 20 millas.\n"), ("sol.txt", b"El sol sale a las siete.\n"))
    )
    page.set_input_files("#upload", luz)
    expect(page.get_by_text("uploads/faros/luz.txt")).to_be_visible()
    page.get_by_label("a la colección").select_option("default")
    page.set_input_files("#upload", sol)
    expect(page.get_by_text("uploads/sol.txt")).to_be_visible()


def test_what_is_gone_is_no_longer_chosen(visit: Open, two: LocalServer) -> None:
    page = visit(url=two.url)
    for kept in ('{"collection": ["paz", "faros"], "documents": [{"id": "0", "file": "x"}]}', '{"collection": 1}', "["):
        page.evaluate("kept => localStorage.setItem('renglon.scope', kept)", kept)
        page.reload()
        known = "Solo en faros" if "faros" in kept else "En todos los artículos"
        expect(page.locator("#scope")).to_have_text(known)


def test_only_this_document(page: Page) -> None:
    turn = ask(page)
    opened(page, chips(turn).first)
    page.get_by_role("button", name="Preguntar solo a este").click()
    expect(page.get_by_role("textbox", name="Tu pregunta")).to_be_focused()
    file = page.locator("#source-file").text_content() or ""
    expect(page.locator("#scope")).to_have_text(f"Solo en {file}")
    requests = sent(page)
    turn = ask(page, "¿Quién es Putin?")
    assert len(requests[0]["documents"]) == 1  # type: ignore[arg-type]
    assert {*turn.locator(".file").all_text_contents()} == {file}


def test_a_file_is_searched(page: Page) -> None:
    opened(page, chips(ask(page)).first)
    quote = marked(page)
    page.locator("#source-title").focus()
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Buscar en el archivo")
    expect(field).to_be_focused()
    page.keyboard.type("COREA del NÓRTE")  # whatever the case and the accents
    place = page.locator(".find [role=status]")
    expect(place).to_have_text(re.compile(r"^1 de \d+$"))
    expect(page.locator("mark.now").first).to_be_in_viewport()
    assert (page.locator("mark.now").first.text_content() or "").lower().startswith("corea")
    page.keyboard.press("Enter")
    expect(place).to_have_text(re.compile(r"^2 de \d+$"))
    page.keyboard.press("Shift+Enter")
    expect(place).to_have_text(re.compile(r"^1 de \d+$"))
    assert marked(page) == quote
    axe(page, "search in the source")
    field.fill("esto no está")
    expect(place).to_have_text("No está en el archivo")
    page.keyboard.press("Escape")  # the search first, then the pane
    expect(page.get_by_role("button", name="Buscar en el archivo")).to_be_focused()
    expect(page.locator("mark.found")).to_have_count(0)
    expect(pane(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(pane(page)).to_be_hidden()


def test_a_long_file_is_searched_to_its_end(visit: Open, two: LocalServer, tmp_path: Path) -> None:
    page = visit(url=two.url)
    found = page.evaluate(
        """async () => {
          const { occurrences } = await import("/web/source/search.js");
          const line = (n, text) => ({ n, char_start: n * 100, text });
          return [
            occurrences([line(1, "Un cañón y un CANON.")], "canon").map(({ n, start, end }) => [n, start, end]),
            occurrences([line(2, "😀 e\\u0301l")], "él").map(({ start, end }) => [start, end]),
            occurrences([line(1, "a".repeat(5000))], "a").length, occurrences([line(1, "x")], " ").length,
          ];
        }"""
    )
    assert found == [[[1, 103, 108], [1, 114, 119]], [[202, 205]], 1000, 0]
