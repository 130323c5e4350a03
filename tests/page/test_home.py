"""At home: languages, themes, phone to wide screen, keys alone, screen readers, a history that can be forgotten."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.axe import axe
from tests.support.page import Open, ask, chips, newest, opened, pane
from tests.support.questions import CONTAINERS, PAELLA
from tests.support.server import Served

PHONE = ViewportSize(width=390, height=844)


@pytest.mark.parametrize(
    ("locale", "language", "placeholder"),
    [
        ("es-MX", "es", "Pregunta a los artículos"),
        ("en-US", "en", "Ask the articles"),
        ("ca-ES", "es", "Pregunta a"),
        ("de-DE", "en", "Ask the"),
    ],
)
def test_the_browsers_language(visit: Open, locale: str, language: str, placeholder: str) -> None:
    page = visit(locale=locale)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_role("textbox")).to_have_attribute("placeholder", re.compile(f"^{placeholder}"))


def test_the_language_can_be_switched_and_is_kept(page: Page) -> None:
    opened(page, chips(ask(page)).first)
    page.get_by_role("button", name="Switch to English").click()
    expect(page.get_by_text("Copy with citations")).to_be_visible()
    expect(page.locator("#source-check")).to_contain_text("Verified")
    expect(page.locator("#source-where")).to_contain_text("line ")
    expect(chips(newest(page)).first).to_have_attribute("aria-current", "true")
    page.reload()
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    turn = ask(page, "What did Putin give Kim as a gift?")
    expect(turn.locator(".sentence").first).to_contain_text("limusina")
    page.get_by_role("button", name="Cambiar a español").click()
    expect(page.get_by_role("button", name="Preguntar", exact=True)).to_be_visible()


def test_no_word_of_the_interface_is_missing(page: Page) -> None:
    """Each key that the page asks for is there in both languages."""
    keys = page.evaluate(
        """async () => {
          const [es, en] = await Promise.all([import('/web/words/es.js'), import('/web/words/en.js')]);
          return [Object.keys(es.words), Object.keys(en.words), es.questions.length, en.questions.length];
        }"""
    )
    assert keys[0] == keys[1]
    assert keys[2] == keys[3] == 3


def test_themes(visit: Open) -> None:
    page = visit(color_scheme="dark")

    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    dark = background()
    page.get_by_role("button", name="Tema: el del sistema").click()
    light = background()
    assert dark != light
    page.reload()
    assert background() == light
    page.get_by_role("button", name="Tema: claro").click()
    assert background() == dark
    page.get_by_role("button", name="Tema: oscuro").click()
    page.emulate_media(color_scheme="light")
    assert background() == light


def test_on_a_phone_the_source_is_a_sheet(visit: Open) -> None:
    page = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    turn = ask(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    chips(turn).first.tap()
    sheet = page.get_by_role("dialog", name="Fuente")
    expect(sheet.locator("mark.own").first).to_be_in_viewport()
    expect(page.get_by_role("tooltip")).to_be_hidden()
    box = sheet.bounding_box()
    assert box
    assert (box["x"], box["width"]) == (0, 390)
    assert box["y"] > 20
    expect(page.locator("#main")).to_have_attribute("inert", "")
    for width in (320, 390, 768):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Cerrar la fuente").tap()
    expect(sheet).to_be_hidden()
    expect(page.locator("#main")).not_to_have_attribute("inert", "")


def test_on_a_wide_screen_both_stand_side_by_side(visit: Open) -> None:
    page = visit(viewport={"width": 1920, "height": 1000})
    opened(page, chips(ask(page)).first)
    answer, source = newest(page).bounding_box(), pane(page).bounding_box()
    assert answer
    assert source
    assert answer["x"] + answer["width"] <= source["x"]
    expect(page.get_by_role("complementary", name="Fuente")).to_be_visible()


def _tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    for _ in range(40):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} can't be reached with {key}")


def test_with_the_keyboard_alone(page: Page) -> None:
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type(CONTAINERS)
    page.keyboard.press("Enter")
    expect(newest(page)).to_have_attribute("data-state", "done")
    _tab_to(page, ".chip", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#source-title")).to_be_focused()
    expect(page.locator("mark.own").first).to_be_in_viewport()
    page.keyboard.press("ArrowLeft")
    _tab_to(page, "#source-lines")
    page.keyboard.press("Escape")
    expect(pane(page)).to_be_hidden()
    expect(page.locator(".chip:focus")).to_have_count(1)
    _tab_to(page, ".others summary")
    page.keyboard.press("Enter")
    _tab_to(page, ".others .row")
    page.keyboard.press("Enter")
    expect(page.locator("#source-lines .hit").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".others .row:focus")).to_have_count(1)
    page.evaluate("document.activeElement.blur()")
    page.reload()
    expect(page.get_by_role("textbox")).to_be_focused()
    _tab_to(page, "#skip", "Shift+Tab")
    expect(page.locator("#skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox")).to_be_focused()
    _tab_to(page, "#open-history", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Historial")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#open-history")).to_be_focused()


def test_screen_readers_are_told(page: Page) -> None:
    live = page.locator("#live")
    expect(live).to_have_attribute("aria-live", "polite")
    ask(page)
    expect(live).to_contain_text("Respuesta: ")
    expect(live).not_to_contain_text(".txt:")
    expect(live).to_contain_text("citas.")
    ask(page, PAELLA)
    expect(live).to_contain_text("Los artículos no lo dicen")
    for role in ("banner", "main", "navigation"):
        expect(page.get_by_role(role)).to_have_count(1)


def test_the_history_lasts_and_can_be_forgotten(page: Page) -> None:
    ask(page)
    ask(page, PAELLA)
    page.reload()
    expect(page.get_by_role("article")).to_have_count(2)
    expect(chips(page.get_by_role("article").first).first).to_be_visible()
    opened(page, chips(page.get_by_role("article").first).first)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Historial").click()
    history = page.get_by_role("dialog", name="Historial")
    expect(history.get_by_role("listitem")).to_have_count(2)
    history.get_by_role("button", name=f"Olvidar «{PAELLA}»").click()
    expect(history.get_by_role("listitem")).to_have_count(1)
    expect(page.locator("#thread article")).to_have_count(1)
    history.get_by_role("button", name="Olvidar todo").click()
    history.get_by_role("button", name="¿Seguro?").click()
    expect(history.get_by_text("Aún no has preguntado nada")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".example").first).to_be_visible()
    assert page.evaluate("localStorage.getItem('renglon.history')") is None
    page.reload()
    expect(page.get_by_role("article")).to_have_count(0)


def test_a_past_question_is_found_again(page: Page) -> None:
    ask(page)
    for _ in range(2):
        ask(page, PAELLA)
    page.get_by_role("button", name="Historial").click()
    page.get_by_role("dialog").get_by_role("button", name=CONTAINERS).first.click()
    expect(page.get_by_role("article").first.get_by_role("heading").first).to_be_in_viewport()
    expect(page.get_by_role("article").first).to_be_focused()


def test_the_sources(page: Page) -> None:
    page.get_by_role("button", name="Fuentes").click()
    dialog = page.get_by_role("dialog", name="Fuentes")
    expect(dialog.get_by_role("row")).to_have_count(6)
    row = dialog.get_by_role("row", name=re.compile("001_b66ed88974733697"))
    expect(row.get_by_role("cell").first).to_have_text("11")
    expect(row.locator("time")).to_have_attribute("datetime", re.compile(r"^20\d\d-"))
    row.get_by_role("link").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#source-file")).to_have_text("001_b66ed88974733697.txt")
    expect(page.locator("#source-lines .line")).to_have_count(11)


def test_the_page_is_light_and_needs_nobody_else(visit: Open, server: Served) -> None:
    page = visit()
    page.reload()
    loaded = page.evaluate(
        """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
             .filter((entry) => !entry.name.includes("/v1/"))
             .map((entry) => [entry.name, entry.decodedBodySize])"""
    )
    assert len(loaded) > 15
    assert all(name.startswith(server.url) for name, _ in loaded)
    assert 0 < sum(size for _, size in loaded) < 100_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit: Open, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    expect(page.locator(".example").first).to_be_visible()
    axe(page, "empty")
    turn = ask(page)
    turn.locator(".others summary").click()
    opened(page, chips(turn).first)
    chips(turn).nth(1).hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    axe(page, "answer, card and source")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    expect(pane(page)).to_be_visible()
    page.keyboard.press("Escape")  # one for each
    expect(pane(page)).to_be_hidden()
    ask(page, PAELLA)
    page.get_by_role("textbox").fill("a" * 2001)
    page.get_by_role("textbox").press("Enter")
    expect(newest(page).get_by_role("alert")).to_be_visible()
    page.get_by_role("textbox").fill("¿Y esto?")
    axe(page, "no evidence, refused question")
    page.get_by_role("button", name="Fuentes").click()
    expect(page.get_by_role("table")).to_be_visible()
    axe(page, "sources")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Historial").click()
    page.get_by_role("button", name="Olvidar todo").click()
    axe(page, "history")
    page.keyboard.press("Escape")
    page.set_viewport_size(PHONE)
    chips(page.get_by_role("article").first).first.click()
    expect(page.get_by_role("dialog", name="Fuente")).to_be_visible()
    axe(page, "sheet")
