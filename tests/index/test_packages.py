"""Word, OpenDocument, EPUB, e-mail and subtitles: text in order, structure, metadata, the place of each character."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import pytest

from index.corpus import epub, mail, opendocument, subtitles, word
from index.corpus.documents import TextLimits, document_of
from index.corpus.formats import reader_of
from index.corpus.package import Package, resolved, tree_of
from index.corpus.reader import Reading
from index.corpus.web_page import tree_of as page_tree
from rag.errors import FileRefused
from tests.support import packages
from tests.support.origins import assert_from_tree, assert_in_order
from tests.support.packages import zipped
from tests.support.pdfs import PROSE, encrypted, lines, report


def rows(reading: Reading) -> list[tuple[str, str, str, str]]:
    """Kind, section, lead and text of each block."""
    return [
        (b.kind, b.section, reading.text[slice(*b.lead)] if b.lead else "", reading.text[b.start : b.end])
        for b in reading.blocks
    ]


def test_word() -> None:
    raw = packages.word()
    reading = word.read(raw)
    visits = "El faro › Visitas"
    assert rows(reading) == [
        ("heading", "", "", "El faro"),
        ("text", "El faro", "", "Lo diseñó el ingeniero Juan Moreno Rocafull."),
        ("heading", "El faro", "", "Visitas"),
        ("text", visits, "", "Hace falta:"),
        ("text", visits, "Hace falta:", "Una linterna."),
        ("text", visits, "Hace falta:", "Dos mecheros."),
        ("heading", visits, "", "Año | Visitas"),
        ("text", visits, "Año | Visitas", "2020 | 1.200"),
        ("text", visits, "Año | Visitas", "2021 | 3.400"),
        ("text", visits, "", "Cierra los lunes."),
    ]
    assert (reading.metadata.title, reading.metadata.author) == ("El faro de Mesa", "Ana Ruiz")
    assert_from_tree(reading, list(Package(raw).tree("word/document.xml").iter()))


ODT = """<text:h text:outline-level="1">El faro</text:h><text:p>Lo diseñó<text:s/>el <text:span>ingeniero</text:span>
Moreno.<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Legajo 12.</text:p></text:note-body>
</text:note></text:p><text:p>Hace falta:</text:p>
<text:list><text:list-item><text:p>Una linterna.</text:p></text:list-item>
</text:list><table:table><table:table-row><table:table-cell><text:p>Año</text:p></table:table-cell><table:table-cell>
<text:p>Visitas</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>2020</text:p>
</table:table-cell><table:table-cell><text:p>1.200</text:p></table:table-cell></table:table-row></table:table>
<text:h text:outline-level="2">Horario</text:h><text:p>Cierra los lunes.</text:p>"""


def test_open_document() -> None:
    raw = packages.open_document(ODT)
    reading = opendocument.read(raw)
    assert rows(reading) == [
        ("heading", "", "", "El faro"),
        ("text", "El faro", "", "Legajo 12."),
        ("text", "El faro", "", "Lo diseñó el ingeniero Moreno."),
        ("text", "El faro", "", "Hace falta:"),
        ("text", "El faro", "Hace falta:", "Una linterna."),
        ("heading", "El faro", "", "Año | Visitas"),
        ("text", "El faro", "Año | Visitas", "2020 | 1.200"),
        ("heading", "El faro", "", "Horario"),
        ("text", "El faro › Horario", "", "Cierra los lunes."),
    ]
    about = reading.metadata
    assert (about.title, about.author, about.published) == ("El faro", "Ana", "2024-06-18")
    assert_from_tree(reading, list(Package(raw).tree("content.xml").iter()))


def test_epub_follows_the_spine() -> None:
    chapters = {
        "b.xhtml": "<h1>Dos</h1><p>El segundo faro.</p>",
        "a%20a.xhtml": "<p>El &#233;xito.</p>",
        "no.xhtml": "<p>x</p>",
    }
    raw = packages.book(chapters, '<itemref idref="c1"/><itemref idref="c0"/><itemref idref="c2" linear="no"/>')
    raw = renamed(raw, "OEBPS/a%20a.xhtml", "OEBPS/a a.xhtml")
    reading = epub.read(raw)
    assert reading.text == "El éxito.\nDos\nEl segundo faro.\n"
    assert {o.place["part"] for o in reading.origins} == {"OEBPS/a a.xhtml", "OEBPS/b.xhtml"}
    about = reading.metadata
    assert (about.title, about.author, about.language) == ("Faros", "Ana Ruiz", "es")
    nodes = list(page_tree(Package(raw).read("OEBPS/b.xhtml").decode()).iter())
    second = next(o for o in reading.origins if o.place["part"] == "OEBPS/b.xhtml")
    assert nodes[second.place["element"]].text == "Dos"


def renamed(raw: bytes, old: str, new: str) -> bytes:
    """An archive in which one part has another name."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return zipped({new if name == old else name: archive.read(name) for name in archive.namelist()})


def message(html: str = "", text: str = "") -> EmailMessage:
    found = EmailMessage()
    found["From"], found["Subject"] = "Ana Ruiz <ana@example.org>", "El faro"
    found["Date"] = "Tue, 18 Jun 2024 10:00:00 +0200"
    if text:
        found.set_content(text)
    if html and text:
        found.add_alternative(html, subtype="html")
    elif html:
        found.set_content(html, subtype="html")
    return found


def test_mail() -> None:
    reading = mail.read(message("<p>Otra <b>cosa</b>.</p>", "El faro alumbra.\nCierra los lunes.\n").as_bytes())
    assert reading.text == "El faro alumbra.\nCierra los lunes.\n"
    about = reading.metadata
    assert (about.title, about.author, about.published) == ("El faro", "Ana Ruiz", "2024-06-18")
    reading = mail.read(message("<h1>Hola</h1><p>El <b>faro</b> alumbra.</p>").as_bytes())
    assert reading.text == "Hola\nEl faro alumbra.\n"
    assert_in_order(reading)
    crowd = message(text="hola")
    crowd.make_mixed()
    for _ in range(1000):
        crowd.add_attachment(b"x", maintype="application", subtype="octet-stream")
    with pytest.raises(FileRefused, match="more than 500 parts"):
        document_of("a.eml", crowd.as_bytes())


def carrying(*files: tuple[str, bytes]) -> EmailMessage:
    """A message with attachments."""
    carrier = message(text="Te mando los papeles.\nUn saludo.\n")
    for name, content in files:
        carrier.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return carrier


def test_attachments_are_parts_of_the_message() -> None:
    guide = b"# Horario\n\nCierra los **lunes**.\n"
    carrier = carrying(
        ("informe.pdf", report([("El faro", [PROSE[1]])])), ("carta.docx", packages.word()), ("guía\r\n.md", guide),
        ("notas.txt", b"Primera nota.\r\nSegunda nota."), ("foto.png", b"\x89PNG"), ("nada.txt", b" "),
        ("cifrado.pdf", encrypted(lines("hola"))), ("bomba.docx", BOMB), ("otro.eml", message(text="hola").as_bytes()),
    )  # fmt: skip
    carrier.add_attachment(carrying(("dentro.txt", b"No se lee.")))
    document = document_of("a.eml", carrier.as_bytes())
    text = document.source.text
    found = [(b.kind, b.level, b.section, text[b.start : b.end]) for b in document.blocks]
    assert found[:3] == [
        ("text", 0, "", "Te mando los papeles."), ("text", 0, "", "Un saludo."), ("heading", 1, "", "informe.pdf"),
    ]  # fmt: skip
    assert ("heading", 2, "informe.pdf", "El faro") in found
    assert ("text", 0, "informe.pdf › El faro", PROSE[1]) in [
        (kind, level, section, " ".join(own.split())) for kind, level, section, own in found
    ]
    assert ("text", 0, "carta.docx › El faro › Visitas", "Dos mecheros.") in found
    assert found[-3:] == [
        ("heading", 1, "", "notas.txt"), ("text", 0, "notas.txt", "Primera nota."),
        ("text", 0, "notas.txt", "Segunda nota."),
    ]  # fmt: skip
    (item,) = (b for b in document.blocks if text[b.start : b.end] == "Dos mecheros.")
    assert item.lead is not None
    assert text[slice(*item.lead)] == "Hace falta:"
    assert [text[e.start : e.end] for e in document.edits] == ["*"] * 4
    assert_in_order(Reading(text, blocks=document.blocks, origins=document.origins))
    (page,) = {o.place["at"]["page"] for o in document.origins if "page" in o.place.get("at", {})}
    assert (page, {o.boxes for o in document.origins}) == (1, {b""})
    assert {name: reason.split(".")[0] for name, reason in document.refused} == {
        "nada.txt": "The file is empty", "cifrado.pdf": "The PDF is encrypted",
        "bomba.docx": "The file unpacks to far more than its size: it looks like a zip bomb",
        "otro.eml": "An e-mail within an e-mail is not read", "message.eml": "An e-mail within an e-mail is not read",
    }  # fmt: skip
    assert "No se lee" not in text
    assert "foto.png" not in text


def test_limits_of_attachments() -> None:
    document = document_of("a.eml", carrying(*[(f"{n}.txt", b"Nota.") for n in range(60)]).as_bytes())
    assert document.source.text.count("Nota.") == 50
    assert [name for name, _ in document.refused] == [f"{n}.txt" for n in range(50, 60)]
    long = document_of("a.eml", carrying(("largo.txt", b"a\n" * 400), ("b.txt", b"Nota.")).as_bytes(), TextLimits(300))
    assert [name for name, _ in long.refused] == ["largo.txt"]
    assert "Nota." in long.source.text
    empty = EmailMessage()
    empty["Subject"] = "Sin texto"
    empty.add_attachment(encrypted(lines("hola")), maintype="application", subtype="pdf", filename="x.pdf")
    with pytest.raises(FileRefused, match=r"none of its attachments can be read. x.pdf: The PDF is encrypted"):
        document_of("a.eml", empty.as_bytes())


@pytest.mark.parametrize("dot", [",", "."])
def test_subtitles_keep_their_times(dot: str) -> None:
    cues = ("El faro de <i>Mesa</i> se encendió", "en 1863.", "Luego llegó el cable.")
    times = [f"00:00:0{n}{dot}000 --> 00:00:0{n}{dot}900" for n in (1, 2, 3)]
    raw = "\n".join(f"{n}\n{time}\n{cue}\n" for n, (time, cue) in enumerate(zip(times, cues, strict=True), 1)).encode()
    reading = subtitles.read(raw if dot == "," else b"WEBVTT\n\n" + raw)
    assert reading.text == "El faro de Mesa se encendió\nen 1863.\nLuego llegó el cable.\n"
    assert [reading.text[b.start : b.end] for b in reading.blocks] == [
        "El faro de Mesa se encendió\nen 1863.",
        "Luego llegó el cable.",
    ]
    found = list(dict.fromkeys(o.place["time"] for o in reading.origins))
    assert found == ["00:00:01.000", "00:00:02.000", "00:00:03.000"]


def test_the_content_decides() -> None:
    assert reader_of("a.pdf", packages.word()).name == "docx"
    assert reader_of("a.docx", packages.open_document(ODT)).name == "odt"
    assert reader_of("x.bin", packages.book({"a.xhtml": "<p>a</p>"})).name == "epub"


BOMB = zipped({"word/document.xml": b"<a>" + b" " * 60_000_000})
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c SYSTEM "file:///etc/passwd">]><a>&b;&c;</a>'
LAUGHS = b"<!DOCTYPE a [<!ENTITY l0 'ha'>" + b"".join(
    b"<!ENTITY l%d '%s'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12)
) + b"]><a>&l11;</a>"  # fmt: skip


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("bomb.docx", BOMB, "zip bomb"),
        ("cut.docx", packages.word()[:3000], "damaged"),
        ("none.docx", zipped({"[Content_Types].xml": "x"}), "no part"),
        ("many.epub", zipped({f"{n}": "" for n in range(10_001)}), "10,001 parts"),
        ("entities.docx", zipped({"word/document.xml": ENTITIES}), "no text"),
        ("laughs.docx", zipped({"word/document.xml": LAUGHS}), "no text|damaged"),
        ("deep.docx", zipped({"word/document.xml": b"<a>" * 100_000}, compressed=False), "damaged"),
        ("out.epub", packages.book({"../../../etc/passwd": "<p>hola</p>"}, folder="OEBPS/x/"), "no text"),
        ("empty.odt", packages.open_document(""), "no text"),
        ("empty.eml", message().as_bytes(), "no text"),
    ],
)
def test_what_is_refused(name: str, raw: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        document_of(name, raw)


def test_references_and_entities_lead_nowhere() -> None:
    assert resolved("OEBPS/b.opf", "text/a.xhtml#x") == "OEBPS/text/a.xhtml"
    assert resolved("OEBPS/b.opf", "../a.xhtml") == "a.xhtml"
    for target in ("../../a", "/etc/passwd", "http://example.org/a", "file:///etc/passwd", "\\\\host\\a"):
        assert resolved("OEBPS/b.opf", target) is None
    assert "root" not in "".join(tree_of(ENTITIES).itertext())
