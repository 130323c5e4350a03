"""Honest and safe: no answer where there is none, hostile articles are just text, and a model that loads says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from index.corpus.documents import document_id
from tests.support import hostile
from tests.support.page import Open, ask, begin, chips, marked, newest, opened, unharmed
from tests.support.questions import PAELLA
from tests.support.server import ColdServer, Served, free_port
from tests.support.web import web


@pytest.fixture(scope="module")
def starting(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser, server: Served
) -> Iterator[tuple[ColdServer, dict[str, list[str]]]]:
    """A server on the fifty hostile texts that just opened its port."""
    warm = browser.new_page()  # a server is soon ready; the browser must not need longer for its first page
    warm.goto(server.url)
    warm.close()
    folder = tmp_path_factory.mktemp("park")
    files = hostile.write(folder / "corpus")
    server = ColdServer(folder / "data", folder / "corpus", free_port(), RENGLON_THREADS="1")
    try:
        server.wait("/livez")
        yield server, files
    finally:
        server.stop()


@pytest.fixture(scope="module")
def park(starting: tuple[ColdServer, dict[str, list[str]]]) -> tuple[ColdServer, dict[str, list[str]]]:
    """The same, ready."""
    starting[0].wait("/readyz")
    return starting


def _documents(server: ColdServer) -> dict[str, str]:
    listed = web.get(f"{server.url}/v1/documents").json()["documents"]
    return {document["file"]: document["id"] for document in listed}


def test_while_the_model_loads(visit: Open, starting: tuple[ColdServer, dict[str, list[str]]]) -> None:
    """First in this file: the server that the others use is still starting."""
    loading, files = starting
    page = visit(url=loading.url)
    linked = visit(f"/#/d/{document_id('largo.txt')}?L=700", url=loading.url)
    expect(page.locator("#status")).to_contain_text("Ya puedes escribir la pregunta")
    turn = begin(page, "¿Cuándo se encendió el faro de la isla?")
    expect(turn.get_by_text("En espera: la pregunta sale")).to_be_visible()
    loading.wait("/readyz")
    expect(turn).to_have_attribute("data-state", "done", timeout=20_000)
    expect(turn.locator(".sentence").first).to_contain_text("1897")
    expect(page.locator("#status")).to_be_hidden()
    # A link that was opened too early leads to its line once there is one.
    expect(linked.locator("#source-lines .hit .text")).to_have_text(files["largo.txt"][699])
    page.evaluate("localStorage.clear()")
    page.reload()
    # A folder of somebody's own: the examples are made from its files.
    expect(page.get_by_text("De tus artículos")).to_be_visible()
    assert page.locator(".example").count() >= 2


def test_no_evidence_has_its_own_look_and_the_nearest_passages(page: Page) -> None:
    turn = ask(page, PAELLA)
    expect(turn).to_have_attribute("data-status", "no_evidence")
    expect(turn.get_by_text("Los artículos no lo dicen", exact=True)).to_be_visible()
    expect(chips(turn)).to_have_count(0)
    expect(turn.locator(".sentence")).to_have_count(0)
    nearest = turn.get_by_role("group", name="Lo más cercano")
    expect(nearest.locator(":scope > ul > li")).to_have_count(3)
    expect(turn.get_by_role("button", name="Copiar con citas")).to_have_count(0)
    nearest.locator(".row").first.click()
    expect(page.locator("#source-lines .hit").first).to_be_in_viewport()


def test_fifty_hostile_texts_as_answers(visit: Open, park: tuple[ColdServer, dict[str, list[str]]]) -> None:
    server, _ = park
    assert len(hostile.PAYLOADS) == len(hostile.WORDS) == 50
    page = visit(url=server.url, viewport={"width": 1280, "height": 800})
    shown = 0
    for i, word in enumerate(hostile.WORDS):
        turn = ask(page, f"¿Qué dice la inscripción grabada en el {word}?")
        text = " ".join(turn.inner_text().split())
        shown += " ".join(hostile.PAYLOADS[i].split()) in text
    assert shown >= 40  # some are refused: their words answer no question
    unharmed(page)
    page.reload()
    expect(page.get_by_role("article")).to_have_count(50)
    unharmed(page)
    for chip in chips(newest(page)).all():
        chip.hover()
        chip.click()
    page.get_by_role("button", name="Historial").click()
    unharmed(page)


def test_fifty_hostile_texts_as_sources(visit: Open, park: tuple[ColdServer, dict[str, list[str]]]) -> None:
    server, files = park
    page = visit(url=server.url)
    page.get_by_role("button", name="Fuentes").click()
    expect(page.get_by_role("row")).to_have_count(len(files) + 1)
    assert set(page.locator("#sources th .file").all_text_contents()) == set(files)
    unharmed(page)
    page.keyboard.press("Escape")
    for file, document in _documents(server).items():
        if file not in hostile.NAMES:
            continue
        page.goto(f"{server.url}/#/d/{document}?L=1")
        expect(page.locator("#source-file")).to_have_text(file)
        expect(page.locator("#source-lines .line")).to_have_count(len(files[file]))
        assert page.locator("#source-lines .line .text").all_text_contents() == files[file]
        unharmed(page)


def test_hostile_questions(visit: Open, park: tuple[ColdServer, dict[str, list[str]]]) -> None:
    page = visit(url=park[0].url, permissions=["clipboard-read", "clipboard-write"])
    for payload in (
        hostile.PAYLOADS[0],
        hostile.PAYLOADS[2],
        hostile.PAYLOADS[9],
        hostile.PAYLOADS[43],
        hostile.PAYLOADS[45],
    ):
        turn = ask(page, f"{payload} ¿qué es?")
        assert turn.get_by_role("heading", level=2).text_content() == f"{payload} ¿qué es?"
    unharmed(page)
    page.get_by_role("button", name="Historial").click()
    unharmed(page)


def test_directions_are_walled_off(visit: Open, park: tuple[ColdServer, dict[str, list[str]]]) -> None:
    server, _ = park
    page = visit(url=server.url)
    turn = ask(page, f"¿Qué dice la inscripción grabada en el {hostile.WORDS[45]}?")
    for part in (turn.locator(".words").first, turn.locator(".file").first, page.locator("#source-file")):
        assert part.evaluate("node => getComputedStyle(node).unicodeBidi") in ("isolate", "plaintext")
    # The number stands after its sentence, and the place after the file's name, whatever the text turns round.
    words, chip = turn.locator(".words").first.bounding_box(), chips(turn).first.bounding_box()
    assert words
    assert chip
    assert chip["y"] + chip["height"] > words["y"] + words["height"] - 8
    copied = page.evaluate(
        "async text => (await import('/web/conversation/markdown.js')).plain(text)", hostile.sentence(45)
    )
    assert (copied[0], copied[-1]) == ("\u2068", "\u2069")


def test_marks_count_code_points_and_long_files_come_in_pieces(
    visit: Open, park: tuple[ColdServer, dict[str, list[str]]]
) -> None:
    server, _ = park
    page = visit(url=server.url)
    opened(page, chips(ask(page, "¿Qué sube la cuesta de Brihuega?")).first)
    assert marked(page) == "𝒜𝒷 El tranvía amarillo sube la cuesta de Brihuega 👍🏽 cada tarde."
    expect(page.locator("#source-check")).to_contain_text("Verificada")
    document = _documents(server)["largo.txt"]
    page.goto(f"{server.url}/#/d/{document}?L=700")
    expect(page.locator("#L700")).to_be_in_viewport()
    expect(page.locator("#L399, #L1001")).to_have_count(0)
    page.get_by_role("button", name="Ver líneas siguientes").click()
    expect(page.locator("#L1001")).to_have_count(1)
    page.get_by_role("button", name="Ver líneas anteriores").click()
    expect(page.locator("#L399")).to_have_count(1)
    expect(page.locator("#L700 .text")).to_have_text("El faro de la isla se encendió por primera vez en 1897.")


def test_what_later_servers_may_say_is_shown(page: Page) -> None:
    """Fields that a written answer or a damaged index brings; put into the kept history as a server would."""
    turn = ask(page)
    sentences: list[dict[str, Any]] = [
        {"answer_start": 0, "answer_end": 20, "supported": False, "reason": "7.600 no está"}
    ]
    page.evaluate(
        """extra => {
          const turns = JSON.parse(localStorage.getItem("renglon.history"));
          Object.assign(turns[0].answer, extra);
          turns[0].answer.citations[0].verified = false;
          localStorage.setItem("renglon.history", JSON.stringify(turns));
        }""",
        {
            "notice": "El modelo no contestó.", "invalid_citations": 2, "dropped_markers": 1, "degraded": True,
            "mode": "generative", "sentences": sentences,
        },
    )  # fmt: skip
    page.reload()
    turn = newest(page)
    for said in (
        "El modelo no contestó.",
        "2 citas no superaron",
        "citó 1 fuente que no existe",
        "reparándose",
        "sin respaldo: 7.600",
        "Redactado por un modelo",
    ):
        expect(turn.get_by_text(said).first).to_be_visible()
    expect(turn.locator(".chip-bad")).to_have_count(1)
