"""A folder of several formats on the page: the PDF's own page with the quote marked, and every door's citations."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.packages import word
from tests.support.page import Open, ask, chips, marked, opened
from tests.support.pdfs import PROSE, report
from tests.support.server import LocalServer, Serve
from tests.support.web import web

QUESTION = "¿Quién diseñó el faro de Mesa Roldán?"
MARKDOWN = "# Museo\n\n* [Museo](https://museo.example): abre los **martes** a las nueve.\n"


@pytest.fixture(scope="module")
def mixed(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> LocalServer:
    folder = tmp_path_factory.mktemp("mixed")
    corpus = folder / "docs"
    corpus.mkdir()
    (corpus / "informe.pdf").write_bytes(
        report([("Introducción", ["Texto sin interés."]), ("El faro", [" ".join(PROSE)]), ("Anexo", ["Relleno."] * 50)])
    )
    (corpus / "museo.md").write_text(MARKDOWN)
    (corpus / "carta.docx").write_bytes(word())
    return serve(folder / "data", corpus)


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
    (document,) = (d for d in web.get(f"{mixed.url}/v1/documents").json()["documents"] if d["file"].endswith(".pdf"))
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


def test_every_door_names_page_and_line(mixed: LocalServer) -> None:
    found = {d["file"]: d for d in web.get(f"{mixed.url}/v1/documents").json()["documents"]}
    assert {name: d["format"] for name, d in found.items()} == {
        "informe.pdf": "pdf", "museo.md": "markdown", "carta.docx": "docx",
    }  # fmt: skip
    assert found["informe.pdf"]["title"] == "El faro de Mesa"
    body = {"question": QUESTION, "files": ["*.pdf"]}
    first = web.post(f"{mixed.url}/v1/query", json=body).json()["citations"][0]
    assert first["marker"] == f"[informe.pdf:1:{first['page_line']}]" or first["marker"].startswith("[informe.pdf:1:")
    assert first["boxes"]
    chat = {"model": "renglon", "messages": [{"role": "user", "content": QUESTION}]}
    said = web.post(f"{mixed.url}/v1/chat/completions", json=chat).json()["choices"][0]["message"]["content"]
    assert re.search(r"\[(informe\.pdf:1:\d+|carta\.docx:\d+)", said)
    picture = web.get(f"{mixed.url}/v1/documents/{found['informe.pdf']['id']}/pages/1.png?scale=1")
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["x-scale"] == "1"
    beyond, plain = f"{found['informe.pdf']['id']}/pages/9.png", f"{found['museo.md']['id']}/pages/1.png"
    for wrong, status in ((beyond, 422), (plain, 404)):
        assert web.get(f"{mixed.url}/v1/documents/{wrong}").status_code == status
