"""A folder of all formats: asked and cited at every door, and shown in the source pane by what each line is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from typer.testing import CliRunner

from api.cli.commands import app
from tests.support.axe import axe
from tests.support.formats import FACTS, all_formats
from tests.support.page import Open, ask, chips, marked, opened, unharmed
from tests.support.server import LocalServer, Serve
from tests.support.web import web

QUESTION = FACTS[0].question
FOUND = [
    ("heading", "La torre de Sotomonte"),
    ("text", "La torre de Sotomonte se levantó en 1863 y vigila desde entonces los caminos de la sierra de Almería."),
    ("heading", "Obras <script>window.pwned = 1</script>"),
    ("text", "La reforma de la torre costó 48.000 pesetas, que pagó la provincia entera durante nueve años."),
    ("item", "La campana vino de París en 1862."),
    ("item", 'El guarda <img src=x onerror="window.pwned = 1"> vivía allí.'),
    ("head", "Año | Naufragios"),
    ("row", "1881 | 14 en la bahía grande"),
    ("row", "1899, el invierno largo |"),
    ("text", "Cada año la visitan mil personas que llegan a pie desde el castillo vecino."),
    ("code", "luz cada 20 s"),
    ("code", "  dos destellos"),
    ("text", "Desde 1927 un camino de piedra la une a la ermita de San Bruno, que abastece a toda la comarca."),
]


@pytest.fixture(scope="module")
def mixed(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> LocalServer:
    folder = tmp_path_factory.mktemp("mixed")
    return serve(folder / "data", all_formats(folder / "docs"))


def documents(server: LocalServer) -> dict[str, Any]:
    """The documents of the index, by file."""
    return {d["file"]: d for d in web.get(f"{server.url}/v1/documents").json()["documents"]}


def test_every_format_is_asked_and_cited_over_http(mixed: LocalServer) -> None:
    found = documents(mixed)
    assert {name: d["format"] for name, d in found.items()} == {
        "informe.pdf": "pdf", "guia.md": "markdown", "mercado.txt": "text", "torre.html": "html",
        "biblioteca.mhtml": "html", "carta.docx": "docx", "puente.odt": "odt", "molino.epub": "epub",
        "mail.eml": "email", "presa.srt": "subtitles", "refugio.vtt": "subtitles",
    }  # fmt: skip
    refused = web.get(f"{mixed.url}/v1/index").json()["last_sync"]["refused_files"]
    assert [(one["file"], "damaged" in one["reason"]) for one in refused] == [("mail.eml/roto.pdf", True)]
    for fact in FACTS:
        answer = web.post(f"{mixed.url}/v1/query", json={"question": fact.question}).json()
        first = answer["citations"][0]
        assert (first["file"], first["verified"]) == (fact.file, True), fact.question
        assert fact.said in first["quote"]
        assert re.fullmatch(rf"\[{re.escape(fact.file)}{fact.marker}", first["marker"])
        assert first["marker"] in answer["text"]
        assert bool(first["boxes"]) == (fact.file == "informe.pdf")
        lines = web.get(
            f"{mixed.url}/v1/documents/{first['document_id']}/lines?start={first['line_start']}&end={first['line_end']}"
        ).json()["lines"]
        assert first["quote"] in "\n".join(line["text"] for line in lines)
        if fact.file == "mail.eml":
            assert first["section"] == "acta.pdf"


def test_the_command_line_and_openai_door_name_page_and_line(mixed: LocalServer) -> None:
    chosen = [fact for fact in FACTS if fact.file in ("informe.pdf", "mail.eml", "molino.epub")]
    for fact in chosen:
        marker = rf"\[{re.escape(fact.file)}{fact.marker}"
        said = CliRunner().invoke(app, ["ask", fact.question, "--json"], env={"RENGLON_DATA_DIR": str(mixed.data)})
        assert said.exit_code == 0, said.output
        assert re.fullmatch(marker, json.loads(said.output)["citations"][0]["marker"])
        chat = {"model": "renglon", "messages": [{"role": "user", "content": fact.question}]}
        reply = web.post(f"{mixed.url}/v1/chat/completions", json=chat).json()["choices"][0]["message"]["content"]
        assert re.search(marker, reply)


def test_other_formats_on_the_page(visit: Open, mixed: LocalServer) -> None:
    page = visit(url=mixed.url)
    for fact in FACTS:
        if fact.file in ("mail.eml", "molino.epub", "puente.odt"):
            opened(page, chips(ask(page, fact.question)).first)
            expect(page.locator("#source-file")).to_have_text(fact.file)
            expect(page.locator("#source-check")).to_contain_text("Verificada")
            assert fact.said in marked(page)
    unharmed(page)


def colours(page: Any) -> int:
    """How many pixels of the page's picture are marked."""
    return int(
        page.evaluate("""() => {
            const c = document.querySelector("#source-lines canvas.page");
            const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
            let n = 0;
            for (let i = 0; i < data.length; i += 4) n += data[i] > 200 && data[i + 2] < 150 ? 1 : 0;
            return n;
        }""")
    )


def test_the_pdf_page_is_shown_with_the_quote_marked(visit: Open, mixed: LocalServer) -> None:
    page = visit(url=mixed.url)
    turn = ask(page, QUESTION)
    expect(turn).not_to_contain_text(re.compile(r"\[informe"))  # markers became chips
    opened(page, chips(turn).first)
    expect(page.locator("#source-check")).to_contain_text("Verificada")
    picture = page.get_by_role("img", name=re.compile("Página 1, con la cita marcada"))
    expect(picture).to_be_visible()
    assert colours(page) > 500
    assert "Juan Moreno Rocafull" in marked(page).replace("\n", " ")  # the lines below say the same


def test_an_address_names_page_and_line(visit: Open, mixed: LocalServer) -> None:
    document = documents(mixed)["informe.pdf"]
    address = f"{mixed.url}/v1/documents/{document['id']}/lines"
    lines = web.get(address).json()["lines"]
    last = max(line["page"] for line in lines if line["page"])
    own = [line for line in lines if line["page"] == last]
    assert last > 1
    assert [line["page_line"] for line in own] == sorted(line["page_line"] for line in own)
    assert [line["n"] for line in web.get(f"{address}?page={last}").json()["lines"] if line["page"]] == [
        line["n"] for line in own
    ]
    assert web.get(f"{address}?page={last + 1}").status_code == 416
    page = visit(f"/#/d/{document['id']}?p={last}&L={own[-1]['page_line']}", url=mixed.url)
    expect(page.locator("#source-lines .hit .n")).to_have_text(str(own[-1]["n"]))
    expect(page.locator(".page-n").filter(has_text=f"Página {last}").first).to_be_visible()
    page = visit(f"/#/d/{document['id']}?p={last + 1}", url=mixed.url)
    expect(page.locator("#source-lines .message")).to_have_text(f"El archivo no tiene página {last + 1}.")


def test_markdown_is_shown_readable_and_quoted_verbatim(visit: Open, mixed: LocalServer) -> None:
    page = visit(url=mixed.url)
    turn = ask(page, "¿Qué día abre el museo?")
    expect(turn).to_contain_text("Museo: abre los martes a las nueve.")
    opened(page, chips(turn).first)
    expect(page.locator("#source-check")).to_contain_text("Verificada")
    assert marked(page) == "[Museo](https://museo.example): abre los **martes** a las nueve."


def test_pages_of_a_pdf(mixed: LocalServer) -> None:
    found = documents(mixed)
    assert found["informe.pdf"]["title"] == "El faro de Mesa"
    picture = web.get(f"{mixed.url}/v1/documents/{found['informe.pdf']['id']}/pages/1.png?scale=1")
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["x-scale"] == "1"
    beyond, plain = f"{found['informe.pdf']['id']}/pages/9.png", f"{found['guia.md']['id']}/pages/1.png"
    for wrong, status in ((beyond, 422), (plain, 404)):
        assert web.get(f"{mixed.url}/v1/documents/{wrong}").status_code == status


def show(page: Page, server: LocalServer, file: str) -> Page:
    page.goto(f"{server.url}/#/d/{documents(server)[file]['id']}?L=1")
    expect(page.locator("#source-file")).to_have_text(file)
    expect(page.locator("#source-lines .line").first).to_be_visible()
    return page


def kinds(page: Page) -> list[tuple[str, str]]:
    """What each line of the pane is, and its text."""
    lines = page.locator("#source-lines .line").evaluate_all(
        "nodes => nodes.map((node) => [node.className, node.querySelector('.text').textContent])"
    )
    return [(re.sub(r".*\bkind-(\w+).*|.*", r"\1", classes), text) for classes, text in lines]


def test_a_web_page_has_headings_lists_tables_and_code(visit: Open, mixed: LocalServer) -> None:
    page = show(visit(url=mixed.url), mixed, "torre.html")
    assert kinds(page) == FOUND
    expect(page.get_by_role("heading", name="La torre de Sotomonte", level=3)).to_be_visible()
    first, second = (page.locator(f".kind-{kind} .cell").nth(1).bounding_box() for kind in ("head", "row"))
    assert first is not None
    assert second is not None
    assert abs(first["x"] - second["x"]) < 1  # cells stand under one another
    unharmed(page)
    axe(page, "lines by kind")


def test_word_markdown_and_plain_text(visit: Open, mixed: LocalServer) -> None:
    page = visit(url=mixed.url)
    found = kinds(show(page, mixed, "carta.docx"))
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
    show(page, mixed, "guia.md")
    by_text = {text: kind for kind, text in kinds(page)}
    assert by_text["# Guía de *mareas*"] == by_text["## Horario"] == "heading"
    assert by_text["mareas serve --puerto 8080"] == by_text["mareas estado"] == "code"
    assert by_text["- Una linterna."] == by_text["1. Dos mecheros."] == "item"
    assert (by_text["| Mes   | Botes |"], by_text["| enero | 1200  |"]) == ("head", "row")
    assert by_text["```sh"] == by_text["|-------|-------|"] == ""
    assert page.locator(".kind-row").first.locator(".cell").count() == 2
    assert {kind for kind, _ in kinds(show(page, mixed, "mercado.txt"))} == {""}


def test_a_quote_of_code_and_of_a_row(visit: Open, mixed: LocalServer) -> None:
    page = visit(url=mixed.url)
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


def test_no_page_of_a_pdf_begins_twice(visit: Open, mixed: LocalServer) -> None:
    page = show(visit(url=mixed.url), mixed, "informe.pdf")
    later = page.get_by_role("button", name="Líneas siguientes")
    while later.count():
        later.click()
    breaks = page.locator(".page-n").all_text_contents()
    assert breaks == [f"Página {n}" for n in range(1, len(breaks) + 1)]
    assert len(breaks) > 2
    assert page.locator(".kind-aside").count() == 2  # the running head and the page number, once each
