"""DOCX, ODT and EPUB files: DOCX by python-docx, the others put together part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import docx

OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(parts: Mapping[str, str | bytes], compressed: bool = True) -> bytes:
    """A zip archive of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return out.getvalue()


def word() -> bytes:
    """A Word file with headings, a list, a table and properties."""
    document = docx.Document()
    document.core_properties.title = "El faro de Mesa"
    document.core_properties.author = "Ana Ruiz"
    document.add_heading("El faro", 1)
    paragraph = document.add_paragraph("Lo diseñó el ingeniero ")
    paragraph.add_run("Juan Moreno").bold = True
    paragraph.add_run(" Rocafull.")
    document.add_heading("Visitas", 2)
    document.add_paragraph("Hace falta:")
    document.add_paragraph("Una linterna.", style="List Bullet")
    document.add_paragraph("Dos mecheros.", style="List Bullet")
    table = document.add_table(rows=0, cols=2)
    for row in (("Año", "Visitas"), ("2020", "1.200"), ("2021", "3.400")):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = row
    document.add_paragraph("Cierra los lunes.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def open_document(body: str) -> bytes:
    """An OpenDocument file with that content."""
    names = f'xmlns:office="{OFFICE}:office:1.0" xmlns:text="{OFFICE}:text:1.0" xmlns:table="{OFFICE}:table:1.0"'
    content = f"<office:document-content {names}><office:body><office:text>{body}</office:text></office:body>"
    meta = 'xmlns:office="o" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="m"'
    return zipped({
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f"{content}</office:document-content>",
        "meta.xml": f"<office:meta {meta}><dc:title>El faro</dc:title><meta:initial-creator>Ana</meta:initial-creator>"
        "<dc:date>2024-06-18T10:00:00</dc:date></office:meta>",
    })  # fmt: skip


def book(chapters: Mapping[str, str], spine: str | None = None, folder: str = "OEBPS/") -> bytes:
    """An EPUB of chapters (name: body)."""
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    refs = spine or "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>Faros</dc:title><dc:creator>Ana Ruiz</dc:creator><dc:language>es-ES</dc:language></metadata>"
        f"<manifest>{items}</manifest><spine>{refs}</spine></package>"
    )
    pages = {
        f"{folder}{name}": f"<html><head><title>x</title></head><body>{body}</body></html>"
        for name, body in chapters.items()
    }
    container = '<container><rootfiles><rootfile full-path="OEBPS/b.opf"/></rootfiles></container>'
    return zipped(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OEBPS/b.opf": opf, **pages}
    )
