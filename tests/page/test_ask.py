"""Asking: focus, keys, examples, streaming, stop, bad connections."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Proxy
from tests.support.page import Open, ask, begin, chips, newest
from tests.support.questions import CONTAINERS


def test_the_first_look(page: Page) -> None:
    expect(page.get_by_role("textbox", name="Tu pregunta")).to_be_focused()
    examples = page.locator(".example")
    expect(examples).to_have_count(3)
    expect(page.get_by_text("5 archivos, ")).to_be_visible()
    for i in range(3):
        page.locator(".example").nth(i).click()
        turn = newest(page)
        expect(turn).to_have_attribute("data-state", "done")
        expect(turn).to_have_attribute("data-status", "answered")
        expect(chips(turn).first).to_be_visible()
        page.evaluate("localStorage.clear()")
        page.reload()


def test_enter_sends_and_shift_enter_breaks_the_line(page: Page) -> None:
    box = page.get_by_role("textbox")
    box.press_sequentially("¿Quién es")
    box.press("Shift+Enter")
    box.press_sequentially("Sergei Shoigu?")
    expect(box).to_have_value("¿Quién es\nSergei Shoigu?")
    box.press("Enter")
    expect(box).to_have_value("")
    expect(newest(page).get_by_role("heading", name="Sergei Shoigu")).to_be_visible()
    expect(newest(page)).to_have_attribute("data-status", "answered")


def test_nothing_is_sent_while_there_is_nothing_to_send(page: Page) -> None:
    page.get_by_role("textbox").press_sequentially("  \n ".replace("\n", ""))
    page.get_by_role("button", name="Preguntar").click()
    expect(page.get_by_role("article")).to_have_count(0)
    expect(page.get_by_role("textbox")).to_be_focused()


def test_an_answer_appears_as_it_is_made(visit: Open, proxy: Proxy) -> None:
    page = visit(url=proxy.url)
    proxy.hold_after = 1
    turn = begin(page)
    expect(turn.get_by_text("pasajes encontrados; escogiendo")).to_be_visible()
    proxy.let_go.set()
    expect(turn).to_have_attribute("data-state", "done")
    proxy.let_go.clear()
    proxy.hold_after = 3
    turn = begin(page, "¿Cuántos contenedores envió Corea del Norte a Rusia?")
    expect(chips(turn)).to_have_count(1)
    expect(turn.locator(".sentence")).to_have_count(1)
    expect(turn.locator(".sentence")).not_to_contain_text("[")
    expect(turn).to_have_attribute("data-state", "asking")
    chips(turn).focus()
    proxy.let_go.set()
    expect(turn).to_have_attribute("data-state", "done")
    assert chips(turn).count() >= 2
    expect(chips(turn).first).to_be_focused()  # what stood already was not drawn again


def test_stop_keeps_what_came_and_can_be_asked_again(visit: Open, proxy: Proxy) -> None:
    page = visit(url=proxy.url)
    proxy.hold_after = 3
    turn = begin(page)
    expect(chips(turn)).to_have_count(1)
    page.get_by_role("button", name="Detener").click()
    expect(turn).to_have_attribute("data-state", "stopped")
    expect(turn.get_by_text("Detenida por ti")).to_be_visible()
    expect(chips(turn)).to_have_count(1)
    expect(page.get_by_role("button", name="Detener")).to_be_hidden()
    expect(page.get_by_role("textbox")).to_be_focused()
    proxy.let_go.set()
    turn.get_by_role("button", name="Reintentar").click()
    expect(turn).to_have_attribute("data-state", "done")
    expect(turn.get_by_text("Detenida por ti")).to_have_count(0)
    assert chips(turn).count() > 1


def test_stop_before_anything_came(visit: Open, proxy: Proxy) -> None:
    page = visit(url=proxy.url)
    proxy.hold_after = 0
    turn = begin(page)
    page.get_by_role("button", name="Detener").click()
    expect(turn.get_by_text("antes de que llegara nada")).to_be_visible()


def test_a_slow_connection_is_told(visit: Open, proxy: Proxy) -> None:
    page = visit(url=proxy.url)
    proxy.hold_after = 0
    turn = begin(page)
    expect(turn.get_by_text("tarda más de lo normal")).to_be_visible()
    proxy.let_go.set()
    expect(turn).to_have_attribute("data-state", "done")
    expect(turn.get_by_text("tarda más de lo normal")).to_have_count(0)


@pytest.mark.parametrize("events", [0, 1, 3])
def test_a_broken_connection_keeps_the_question(visit: Open, proxy: Proxy, events: int) -> None:
    page = visit(url=proxy.url)
    proxy.cut_after = events
    turn = begin(page)
    expect(turn.get_by_role("alert")).to_contain_text("Se perdió la conexión")
    expect(turn.get_by_role("heading", name=CONTAINERS)).to_be_visible()
    page.reload()
    turn = newest(page)
    expect(turn.get_by_role("alert")).to_contain_text("La pregunta está a salvo")
    proxy.cut_after = None
    turn.get_by_role("button", name="Reintentar").click()
    expect(turn).to_have_attribute("data-status", "answered")
    expect(turn.get_by_role("alert")).to_have_count(0)


def test_a_server_that_went_away_and_came_back(visit: Open, proxy: Proxy) -> None:
    page = visit(url=proxy.url)
    expect(page.locator(".example").first).to_be_visible()
    proxy.down()
    turn = begin(page)
    expect(turn.get_by_role("alert")).to_contain_text("Se perdió la conexión")
    expect(page.locator("#status")).to_contain_text("Sin conexión con el servidor")
    proxy.up()
    expect(page.locator("#status")).to_be_hidden()
    turn.get_by_role("button", name="Reintentar").click()
    expect(turn).to_have_attribute("data-status", "answered")


def test_a_refused_question_says_why_and_can_be_edited(page: Page) -> None:
    page.get_by_role("textbox").fill("a" * 2001)
    page.get_by_role("textbox").press("Enter")
    turn = newest(page)
    expect(turn.get_by_role("alert")).to_contain_text("the limit is 2,000")
    turn.get_by_role("button", name="Editar la pregunta").click()
    expect(page.get_by_role("textbox")).to_have_value("a" * 2001)
    expect(page.get_by_role("textbox")).to_be_focused()


def test_a_draft_survives_a_reload(page: Page) -> None:
    page.get_by_role("textbox").fill("¿Qué le regaló")
    page.reload()
    expect(page.get_by_role("textbox")).to_have_value("¿Qué le regaló")


def test_two_questions_one_after_the_other(page: Page) -> None:
    ask(page)
    ask(page, "¿Quién es Sergei Shoigu?")
    expect(page.get_by_role("article")).to_have_count(2)
    expect(newest(page).get_by_role("heading", name="Shoigu")).to_be_in_viewport()
