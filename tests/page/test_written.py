"""A written answer on the page: the same chips, badges and source pane as an extracted one, and its doubts shown."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.page import Open, ask, begin, chips, marked, opened
from tests.support.questions import CONTAINERS, GIFT, PAELLA
from tests.support.scripted_llm import Script, ScriptedServer, citing
from tests.support.server import LocalServer


def test_chips_open_the_source_and_doubts_are_shown(visit: Open, writing: LocalServer, model: ScriptedServer) -> None:
    model.play(
        Script(
            citing(
                "Corea del Norte envió unos 6.700 contenedores a Rusia. [{n}] Envió también 450 aviones. [{n}] [99]",
                "6.700",
            )
        )
    )
    page = visit(url=writing.url)
    turn = ask(page, CONTAINERS)
    expect(turn.locator(".sentence")).to_have_count(2)
    expect(chips(turn)).to_have_count(2)
    expect(turn.locator(".sentence").first).not_to_have_class("sentence doubt")
    expect(turn.locator(".sentence.doubt")).to_contain_text("450 aviones")
    expect(turn.locator(".doubt-label")).to_contain_text("450")
    expect(turn.locator(".note")).to_contain_text("1 fuente que no existe")
    expect(turn.locator(".meta")).to_contain_text("modelo")
    opened(page, chips(turn).first)
    assert "6.700 contenedores" in marked(page)
    expect(page.locator("#source")).to_contain_text("Verificada")
    page.reload()
    expect(page.locator(".sentence.doubt")).to_contain_text("450 aviones")


def test_words_appear_as_they_are_written(visit: Open, writing: LocalServer, model: ScriptedServer) -> None:
    model.play(Script(["Una limusina ", *["muy "] * 40, "negra. [1]"], pause=0.1))
    page = visit(url=writing.url)
    turn = begin(page, GIFT)
    expect(turn).to_contain_text("Una limusina muy", timeout=20_000)
    assert turn.get_attribute("data-state") == "asking"
    expect(turn).to_have_attribute("data-state", "done", timeout=20_000)
    expect(turn.locator(".sentence").first).to_contain_text("negra.")


def test_a_failure_in_the_middle_leaves_only_the_extract(
    visit: Open, writing: LocalServer, model: ScriptedServer
) -> None:
    model.play(Script(["Se inventó ", "todo esto ", "sin citas."], pause=0.2))
    page = visit(url=writing.url)
    turn = ask(page, CONTAINERS)
    expect(turn).not_to_contain_text("Se inventó")
    expect(turn.locator(".note")).to_contain_text("El modelo no citó ninguna frase.")
    assert chips(turn).count() >= 1


def test_what_the_model_writes_is_only_text(visit: Open, writing: LocalServer, model: ScriptedServer) -> None:
    hostile = "<img src=x onerror='window.pwned=1'> ![a](https://e.example/p.png) [b](javascript:pwned) **Kim** [{n}]."
    model.play(Script(citing(hostile, "6.700")))
    page = visit(url=writing.url)
    turn = ask(page, CONTAINERS)
    expect(turn.locator(".sentence").first).to_contain_text("Kim")
    assert page.evaluate("window.pwned") is None
    assert turn.locator("img, script, iframe").count() == 0
    assert turn.locator('a:not([href^="#"])').count() == 0


def test_no_evidence_is_not_put_to_the_model(visit: Open, writing: LocalServer, model: ScriptedServer) -> None:
    model.play(Script("Con arroz. [1]"))
    turn = ask(visit(url=writing.url), PAELLA)
    expect(turn).to_have_attribute("data-status", "no_evidence")
    assert model.requests == []
