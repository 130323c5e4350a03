from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.corpus import web_page
from index.corpus.documents import document_of
from index.corpus.formats import reader_of
from index.corpus.markup import numbered
from index.corpus.reader import Reading
from rag.errors import FileRefused
from tests.support.origins import assert_from_tree

PAGE = """<!DOCTYPE html><html lang="es"><head><title>Faro | CNN</title><meta property="og:site_name" content="CNN">
<meta property="og:title" content="El faro de Mesa"><meta property="article:published_time" content="2024-06-18T10:00">
<link rel="canonical" href="https://cnn.com/faro"></head><body>
<nav><ul><li><a href="/">Inicio</a></li><li><a href="/d">Deportes</a></li></ul></nav>
<div class="cookie">Usamos cookies para mejorar la experiencia. Acepte todas las cookies.</div>
<article><h1>El faro de Mesa</h1><p>El faro de <b>Mesa Roldán</b> se encendió por primera&nbsp;vez
  en 1863 y alumbra la costa de Almería desde entonces.</p><!-- c --><p>Lo diseñó el ingeniero Juan Moreno Rocafull,
según los archivos del puerto de Almería.</p>
<h2>Horario</h2><p>El museo abre los martes y los jueves por la mañana:</p>
<ul><li>Martes: de nueve a una.</li><li>Jueves: de diez a dos.</li></ul>
<table><tr><th>Año</th><th>Visitas</th></tr><tr><td>2020</td><td>1.200</td></tr><tr><td>2021</td><td>3.400</td></tr></table>
<pre>luz = 1
  torre = 2</pre></article>
<aside>Te puede interesar: diez playas secretas de Almería que no conocías todavía.</aside>
<footer>© 2024 Cable News. Todos los derechos reservados.</footer></body></html>"""


def rows(reading: Reading) -> list[tuple[str, str, str, str]]:
    """Kind, section, lead and text of each block."""
    return [
        (b.kind, b.section, reading.text[slice(*b.lead)] if b.lead else "", reading.text[b.start : b.end])
        for b in reading.blocks
    ]


def test_the_article_without_what_stands_around_it() -> None:
    reading = web_page.read(PAGE.encode())
    hours, museum = "El faro de Mesa › Horario", "El museo abre los martes y los jueves por la mañana:"
    assert rows(reading) == [
        ("heading", "", "", "El faro de Mesa"),
        ("text", "El faro de Mesa", "", "El faro de Mesa Roldán se encendió por primera vez en 1863 y alumbra la costa"
         " de Almería desde entonces."),
        ("text", "El faro de Mesa", "", "Lo diseñó el ingeniero Juan Moreno Rocafull, según los archivos del puerto de"
         " Almería."),
        ("heading", "El faro de Mesa", "", "Horario"),
        ("text", hours, "", museum),
        ("text", hours, museum, "Martes: de nueve a una."),
        ("text", hours, museum, "Jueves: de diez a dos."),
        ("heading", hours, "", "Año | Visitas"),
        ("text", hours, "Año | Visitas", "2020 | 1.200"),
        ("text", hours, "Año | Visitas", "2021 | 3.400"),
        ("code", hours, museum, "luz = 1\n  torre = 2"),
    ]  # fmt: skip
    about = reading.metadata
    assert (about.title, about.author, about.published) == ("El faro de Mesa", "CNN", "2024-06-18")
    assert about.url == "https://cnn.com/faro"
    assert_from_tree(reading, list(numbered(web_page.tree_of(PAGE))))


MARKUP = """<p> </p> <b> </b> <ul> <li> </ul> <table> <tr> <td> <th> </tr> </table> <h2> </h2> <pre> </pre> <br>
    <script> </script> <nav> </nav> <div> </div> &amp; &nbsp; \u00ad tres. < > </body> <td"""
TAGS = [*MARKUP.split(), "<!-- x -->", "uno ", " dos", "\n", "\t  "]


@given(st.lists(st.sampled_from(TAGS), max_size=40).map("".join))
def test_any_markup_keeps_the_place_of_each_character(markup: str) -> None:
    page = f"<html><body>palabra {markup}"
    assert_from_tree(web_page.read(page.encode()), list(numbered(web_page.tree_of(page))))


@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "koi8-r", "no-such"])
@pytest.mark.parametrize("real", ["utf-8", "cp1252"])
def test_a_wrong_declaration_of_the_encoding(declared: str, real: str) -> None:
    if (real, declared) == ("cp1252", "koi8-r"):  # bytes that are valid there too: nothing tells them apart
        return
    page = f'<html><head><meta charset="{declared}"></head><body><p>La niña comió piñones en Cádiz.</p>' * 3
    assert "La niña comió piñones en Cádiz." in web_page.read(page.encode(real)).text


def test_mhtml_has_its_address() -> None:
    message = EmailMessage()
    message["Snapshot-Content-Location"] = "https://cnn.com/faro"
    message.set_content("sin formato")
    message.add_alternative(PAGE.replace('<link rel="canonical" href="https://cnn.com/faro">', ""), subtype="html")
    raw = b"From: <Saved by Blink>\r\n" + message.as_bytes()
    reading = web_page.read(raw)
    assert reading.metadata.url == "https://cnn.com/faro"
    assert "Juan Moreno Rocafull" in reading.text
    assert "cookies" not in reading.text


def test_the_content_decides_and_plain_text_stays_what_it_is() -> None:
    assert reader_of("a.pdf", PAGE.encode()).name == "html"
    assert reader_of("a.txt", PAGE.encode()).name == "text"
    assert reader_of("a.txt", b"%PDF-1.7\n").name == "pdf"
    assert reader_of("a.html", b"%PDF-1.7\n").name == "pdf"


HOSTILE = {
    "nested.html": (b"<html><body>" + b"<div>" * 100_000 + b"hola", "no text"),
    "empty.html": (b" \n", "empty"),
    "binary.html": (bytes(range(32)) * 50, "binary"),
    "script.html": (b"<html><body><script>document.write('hola')</script>", "no text"),
    "external.html": (b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>&x;</p>', ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages(name: str) -> None:
    raw, reason = HOSTILE[name]
    if reason:
        with pytest.raises(FileRefused, match=reason):
            document_of(name, raw)
    else:
        assert "root" not in document_of(name, raw).source.text


def test_a_page_of_many_megabytes_is_read() -> None:
    page = b"<html><body>" + b"<p>El faro alumbra la costa de noche y de dia.</p>\n" * 100_000
    assert document_of("a.html", page).source.line_count == 100_000
