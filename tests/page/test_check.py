"""Checking: chips, cards, the source pane, its marks and badge, links that last, copies."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.page import Open, ask, chips, marked, opened, pane
from tests.support.questions import CONTAINERS
from tests.support.server import Served
from tests.support.web import web


@pytest.fixture
def answer(server: Served) -> dict[str, Any]:
    """What the server answers, asked without the page."""
    body: dict[str, Any] = web.post(f"{server.url}/v1/query", json={"question": CONTAINERS}).json()
    return body


def test_a_chip_shows_quote_file_and_line(page: Page, answer: dict[str, Any]) -> None:
    turn = ask(page)
    first = answer["citations"][0]
    expect(chips(turn)).to_have_count(len(answer["citations"]))
    tip = page.get_by_role("tooltip")
    chips(turn).first.hover()
    expect(tip).to_contain_text(first["quote"])
    expect(tip).to_contain_text(first["file"])
    expect(tip).to_contain_text(f"línea {first['line_start']}")
    tip.hover()  # the card can be pointed at, to read or select
    page.wait_for_timeout(250)
    expect(tip).to_be_visible()
    page.mouse.move(2, 2)
    expect(tip).to_be_hidden()
    page.mouse.move(2, 2)
    chips(turn).first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")  # by the keyboard, as a reader comes to it
    expect(tip).to_contain_text(first["quote"])
    expect(chips(turn).first).to_have_attribute("aria-describedby", "tip")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_a_click_opens_the_file_at_the_exact_characters(page: Page, answer: dict[str, Any]) -> None:
    turn = ask(page)
    for i, citation in enumerate(answer["citations"]):
        opened(page, chips(turn).nth(i))
        expect(page.locator("#source-file")).to_have_text(citation["file"])
        expect(page.locator("#source-lines .hit .n")).to_have_text(str(citation["line_start"]))
        assert marked(page) == citation["quote"]
        expect(page.locator("mark.own").first).to_be_in_viewport()
        expect(page.locator("#source-check")).to_contain_text("Verificada")
        expect(chips(turn).nth(i)).to_have_attribute("aria-current", "true")
        expect(page.locator(".chip[aria-current]")).to_have_count(1)


def test_the_lines_are_the_files_own(page: Page, server: Served, answer: dict[str, Any]) -> None:
    opened(page, chips(ask(page)).first)
    document = answer["citations"][0]["document_id"]
    lines = web.get(f"{server.url}/v1/documents/{document}/lines").json()["lines"]
    shown = page.locator("#source-lines .line .text").all_text_contents()
    assert shown == [line["text"] for line in lines]
    numbers = page.locator("#source-lines .line .n").all_text_contents()
    assert numbers == [str(line["n"]) for line in lines]


def test_next_and_previous_by_buttons_and_keys(page: Page, answer: dict[str, Any]) -> None:
    turn = ask(page)
    count = len(answer["citations"])
    opened(page, chips(turn).first)
    place = page.locator("#source-place")
    expect(place).to_have_text(f"Cita 1 de {count}")
    page.get_by_role("button", name="Cita siguiente").click()
    expect(place).to_have_text(f"Cita 2 de {count}")
    expect(page.locator("mark.own").first).to_be_visible()
    assert marked(page) == answer["citations"][1]["quote"]
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text(f"Cita 1 de {count}")
    page.keyboard.press("ArrowLeft")  # there is none before it
    expect(place).to_have_text(f"Cita 1 de {count}")
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text(f"Cita 2 de {count}")
    page.get_by_role("textbox").focus()
    page.keyboard.press("ArrowRight")  # in the text field the key moves the cursor
    expect(place).to_have_text(f"Cita 2 de {count}")


def test_an_open_citation_survives_a_reload(page: Page, answer: dict[str, Any]) -> None:
    turn = ask(page)
    opened(page, chips(turn).nth(1))
    page.reload()
    expect(page.locator("mark.own").first).to_be_in_viewport()
    assert marked(page) == answer["citations"][1]["quote"]
    expect(page.locator("#source-check")).to_contain_text("Verificada")
    expect(page.locator("#source-place")).to_have_text(f"Cita 2 de {len(answer['citations'])}")
    expect(chips(page.get_by_role("article").last).nth(1)).to_have_attribute("aria-current", "true")


def test_back_and_escape_close_the_pane(page: Page) -> None:
    turn = ask(page)
    opened(page, chips(turn).first)
    page.keyboard.press("ArrowRight")
    page.go_back()
    expect(pane(page)).to_be_hidden()
    page.go_forward()
    expect(pane(page)).to_be_visible()
    opened(page, chips(turn).first)
    page.keyboard.press("Escape")
    expect(pane(page)).to_be_hidden()
    expect(chips(turn).first).to_be_focused()
    assert "#" not in page.url


def test_a_link_to_lines(visit: Open, server: Served, answer: dict[str, Any]) -> None:
    document = next(c for c in answer["citations"] if c["file"].startswith("001"))["document_id"]
    page = visit(f"/#/d/{document}?L=8-9")
    for _ in range(2):
        expect(page.locator("#source-lines .hit .n")).to_have_text(["8", "9"])
        expect(page.locator("#source-lines .hit").first).to_be_in_viewport()
        expect(page.locator("#source-where")).to_have_text("líneas 8–9 de 11")
        expect(page.locator("mark.own")).to_have_count(0)
        expect(page.locator("#source-check")).to_be_hidden()
        page.reload()
    page.locator("#L10 .n").click()  # a line's number is the link to it
    expect(page.locator("#source-lines .hit .n")).to_have_text(["10"])
    assert page.url.endswith(f"#/d/{document}?L=10")


def test_the_link_is_copied(visit: Open, server: Served, answer: dict[str, Any]) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    opened(page, chips(ask(page)).first)
    page.get_by_role("button", name="Copiar enlace a la línea").click()
    expect(page.get_by_role("button", name="Copiado")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    citation = answer["citations"][0]
    assert copied == f"{server.url}/#/d/{citation['document_id']}?L={citation['line_start']}"


def test_the_answer_is_copied_as_markdown(visit: Open, server: Served, answer: dict[str, Any]) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    turn = ask(page)
    turn.get_by_role("button", name="Copiar con citas").click()
    expect(turn.get_by_role("button", name="Copiado")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"**{CONTAINERS}**\n\n")
    for citation in answer["citations"]:
        n, line = citation["n"], citation["line_start"]
        assert f"{citation['quote']}[^{n}]" in copied
        assert f"[^{n}]: `{citation['file']}`, línea {line}: «{citation['quote']}»" in copied
        assert f"<{server.url}/#/d/{citation['document_id']}?L={line}>" in copied


def test_cited_and_merely_retrieved_stand_apart(page: Page, answer: dict[str, Any]) -> None:
    turn = ask(page)
    cited = turn.get_by_role("group", name="Citado")
    expect(cited.get_by_role("listitem")).to_have_count(len(answer["citations"]))
    others = [p for p in answer["passages"] if not p["cited"]]
    turn.get_by_text(f"Encontrado, pero no citado ({len(others)})").click()
    expect(turn.locator(".others .row")).to_have_count(len(others))
    turn.locator(".others .row").first.click()
    hits = [str(n) for n in range(others[0]["line_start"], others[0]["line_end"] + 1)]
    expect(page.locator("#source-lines .hit .n")).to_have_text(hits)
    expect(page.locator("#source-file")).to_have_text(others[0]["file"])
    expect(page.locator("mark.own")).to_have_count(0)


def _tamper(page: Page, **changes: Any) -> None:
    """Change the first citation in the kept history, as if it had been made otherwise; then open it."""
    page.evaluate(
        """changes => {
          const turns = JSON.parse(localStorage.getItem("renglon.history"));
          Object.assign(turns[0].answer.citations[0], changes);
          localStorage.setItem("renglon.history", JSON.stringify(turns));
        }""",
        changes,
    )
    page.reload()
    chips(page.get_by_role("article").last).first.click()


def test_a_quote_that_the_lines_do_not_hold_is_told(page: Page, answer: dict[str, Any]) -> None:
    ask(page)
    citation = answer["citations"][0]
    _tamper(page, quote=citation["quote"].replace("6.700", "7.600"), verified=True)
    expect(page.locator("#source-check")).to_contain_text("No coincide")
    expect(page.locator("mark.own")).to_have_count(0)
    expect(page.locator("#source-lines .hit")).to_have_count(1)


def test_a_file_that_changed_since(page: Page, answer: dict[str, Any]) -> None:
    ask(page)
    citation = answer["citations"][0]
    check = page.locator("#source-check")
    _tamper(page, file_sha256="0" * 64)
    expect(check).to_contain_text("Coincide; el archivo cambió")
    assert marked(page) == citation["quote"]
    _tamper(page, char_start=5, char_end=5 + len(citation["quote"]), line_start=1, line_end=1)
    expect(check).to_contain_text("Movida")
    expect(check).to_contain_text(f"línea {citation['line_start']}")
    assert marked(page) == citation["quote"]
    _tamper(page, quote="Esto no está en ninguna parte.", char_end=5 + 30)
    expect(check).to_contain_text("Ya no está")
    expect(page.locator("mark.own")).to_have_count(0)
    page.keyboard.press("Escape")
    again = page.get_by_role("button", name="Preguntar otra vez: lo citado cambió")
    again.click()
    expect(again).to_have_count(0)
    expect(page.locator("article[data-state=done]")).to_have_count(1)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("/#/d/0123456789abcdef?L=3", "ya no está en el índice"),
        ("/#/d/..%2f..%2fetc?L=3", "ya no está en el índice"),
        ("/#/d/{document}?L=9999", "no hay línea 9999"),
    ],
)
def test_links_that_lead_nowhere(visit: Open, answer: dict[str, Any], link: str, said: str) -> None:
    page = visit(link.format(document=answer["citations"][0]["document_id"]))
    expect(page.locator("#source-lines")).to_contain_text(re.compile(said))


def test_history_that_cannot_be_read_does_no_harm(page: Page) -> None:
    for kept in ("{", "null", '[{"id": 1}]', json.dumps([{"id": "x", "question": "?", "answer": {}}]), "[null, 3]"):
        page.evaluate("kept => localStorage.setItem('renglon.history', kept)", kept)
        page.reload()
        expect(page.locator(".example").first).to_be_visible()
