"""Headings, lists, tables and code in the source pane: shown as such, with the quote marked as everywhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.axe import axe
from tests.support.packages import word
from tests.support.page import Open, ask, chips, marked, opened, unharmed
from tests.support.pdfs import report
from tests.support.server import LocalServer, Serve
from tests.support.web import web

GUIDE = """# Guía de *faros*

Para arrancar el servidor de mareas se ejecuta:

```sh
mareas serve --puerto 8080
mareas estado
```

## Horario

Hace falta:

- Una linterna.
1. Dos mecheros.

| Mes   | Visitas |
|-------|---------|
| enero | 1200    |
| marzo | 3400    |
"""
PAGE = """<html><head><title>El faro</title></head><body><h1>El faro de Mesa Roldán</h1>
<p>El faro de Mesa Roldán se encendió por primera vez en 1863 y alumbra desde entonces la costa de Almería.</p>
<h2>Obras &lt;script&gt;window.pwned = 1&lt;/script&gt;</h2>
<p>La reforma de la torre costó 48.000 pesetas, que pagó la provincia entera durante nueve años.</p>
<ul><li>La linterna vino de París en 1862.</li>
<li>El torrero &lt;img src=x onerror="window.pwned = 1"&gt; vivía allí.</li></ul>
<table><tr><th>Año</th><th>Naufragios</th></tr><tr><td>1881</td><td>14 en la bahía grande</td></tr>
<tr><td>1899, el invierno largo</td><td></td></tr></table>
<p>Cada año la visitan mil personas que llegan a pie desde el castillo vecino.</p>
<pre>luz cada 20 s
  dos destellos</pre>
<p>Desde 1927 un cable submarino la une a la central de Garrucha, que abastece a toda la comarca.</p></body></html>"""
FOUND = [
    ("heading", "El faro de Mesa Roldán"),
    (
        "text",
        "El faro de Mesa Roldán se encendió por primera vez en 1863 y alumbra desde entonces la costa de Almería.",
    ),
    ("heading", "Obras <script>window.pwned = 1</script>"),
    ("text", "La reforma de la torre costó 48.000 pesetas, que pagó la provincia entera durante nueve años."),
    ("item", "La linterna vino de París en 1862."),
    ("item", 'El torrero <img src=x onerror="window.pwned = 1"> vivía allí.'),
    ("head", "Año | Naufragios"),
    ("row", "1881 | 14 en la bahía grande"),
    ("row", "1899, el invierno largo |"),
    ("text", "Cada año la visitan mil personas que llegan a pie desde el castillo vecino."),
    ("code", "luz cada 20 s"),
    ("code", "  dos destellos"),
    ("text", "Desde 1927 un cable submarino la une a la central de Garrucha, que abastece a toda la comarca."),
]


@pytest.fixture(scope="module")
def structured(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> LocalServer:
    folder = tmp_path_factory.mktemp("structured")
    corpus = folder / "docs"
    corpus.mkdir()
    (corpus / "guia.md").write_text(GUIDE)
    (corpus / "faro.html").write_text(PAGE)
    (corpus / "carta.docx").write_bytes(word())
    (corpus / "nota.txt").write_text("# Nada\nUna nota | sin partes.\n")
    (corpus / "largo.pdf").write_bytes(
        report([("Las mareas", [f"Relleno {chr(97 + n % 26) * 3} y {chr(97 + n // 26) * 4}." for n in range(90)])])
    )
    return serve(folder / "data", corpus)


def show(visit: Open, server: LocalServer, file: str) -> Page:
    (found,) = (d for d in web.get(f"{server.url}/v1/documents").json()["documents"] if d["file"] == file)
    page = visit(f"/#/d/{found['id']}?L=1", url=server.url)
    expect(page.locator("#source-lines .line").first).to_be_visible()
    return page


def kinds(page: Page) -> list[tuple[str, str]]:
    """What each line of the pane is, and its text."""
    lines = page.locator("#source-lines .line").evaluate_all(
        "nodes => nodes.map((node) => [node.className, node.querySelector('.text').textContent])"
    )
    return [(re.sub(r".*\bkind-(\w+).*|.*", r"\1", classes), text) for classes, text in lines]


def test_a_web_page_has_headings_lists_tables_and_code(visit: Open, structured: LocalServer) -> None:
    page = show(visit, structured, "faro.html")
    assert kinds(page) == FOUND
    expect(page.get_by_role("heading", name="El faro de Mesa Roldán", level=3)).to_be_visible()
    first, second = (page.locator(f".kind-{kind} .cell").nth(1).bounding_box() for kind in ("head", "row"))
    assert first is not None
    assert second is not None
    assert abs(first["x"] - second["x"]) < 1  # cells stand under one another
    unharmed(page)
    axe(page, "lines by kind")


def test_word_markdown_and_plain_text(visit: Open, structured: LocalServer) -> None:
    found = kinds(show(visit, structured, "carta.docx"))
    assert [kind for kind, _ in found] == [
        "heading",
        "text",
        "heading",
        "text",
        "item",
        "item",
        "head",
        "row",
        "row",
        "text",
    ]
    page = show(visit, structured, "guia.md")
    by_text = {text: kind for kind, text in kinds(page)}
    assert by_text["# Guía de *faros*"] == by_text["## Horario"] == "heading"
    assert by_text["mareas serve --puerto 8080"] == by_text["mareas estado"] == "code"
    assert by_text["- Una linterna."] == by_text["1. Dos mecheros."] == "item"
    assert (by_text["| Mes   | Visitas |"], by_text["| enero | 1200    |"]) == ("head", "row")
    assert by_text["```sh"] == by_text["|-------|---------|"] == ""
    assert page.locator(".kind-row").first.locator(".cell").count() == 2
    assert {kind for kind, _ in kinds(show(visit, structured, "nota.txt"))} == {""}


def test_a_quote_of_code_and_of_a_row(visit: Open, structured: LocalServer) -> None:
    page = visit(url=structured.url)
    turn = ask(page, "¿Qué puerto usa mareas serve?")
    block = turn.locator(".code").first
    opened(page, chips(turn).first)
    assert block.text_content() == "mareas serve --puerto 8080\nmareas estado"
    assert "mono" in block.evaluate("node => getComputedStyle(node).fontFamily").lower()
    assert marked(page) == "mareas serve --puerto 8080\nmareas estado"
    chips(turn).first.hover()
    expect(page.locator("#tip .code")).to_have_text("mareas serve --puerto 8080 mareas estado")
    turn = ask(page, "¿Cuántos naufragios hubo en 1881?")
    opened(page, chips(turn).first)
    expect(page.locator("#source-check")).to_contain_text("Verificada")
    assert marked(page) == "1881 | 14 en la bahía grande"


def test_no_page_of_a_pdf_begins_twice(visit: Open, structured: LocalServer) -> None:
    page = show(visit, structured, "largo.pdf")
    later = page.get_by_role("button", name="Líneas siguientes")
    while later.count():
        later.click()
    breaks = page.locator(".page-n").all_text_contents()
    assert breaks == [f"Página {n}" for n in range(1, len(breaks) + 1)]
    assert len(breaks) > 2
    assert page.locator(".kind-aside").count() == 2  # the running head and the page number, once each
