"""PDFs of several kinds: the text as a person reads it, and each character where it is printed."""

from __future__ import annotations

import random
from pathlib import Path

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas

from index.corpus import pdf
from index.corpus.columns import Box, reading_order
from index.corpus.documents import document_of
from index.corpus.reader import Reading
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.renglon import build_engine
from index.storage.origins import printed
from index.store import Store
from rag.errors import FileRefused
from rag.settings import Settings
from tests.support.origins import assert_in_order, glyph_boxes
from tests.support.paths import MODELS
from tests.support.pdfs import PROSE, both, drawn, encrypted, lines, report, scan, table
from tests.support.quotes import assert_in_boxes, squeezed

NOUNS = """faro torre costa cable luz puerto ingeniero comarca archivo noche central obra barco viento muelle red"""
WORDS = NOUNS.split()


def prose(seed: int, paragraphs: int, sentences: int = 4) -> list[str]:
    """Paragraphs of sentences that are all different."""
    draw = random.Random(seed)
    return [
        " ".join(
            f"En {draw.randint(1800, 2020)} {' y '.join(' '.join(draw.sample(WORDS, 4)) for _ in range(3))} tuvo"
            f" {draw.randint(2, 99)} obras."
            for _ in range(sentences)
        )
        for _ in range(paragraphs)
    ]


def texts(reading: Reading, kind: str = "text") -> list[str]:
    """The blocks of a kind, their lines joined."""
    return [" ".join(reading.text[b.start : b.end].split("\n")) for b in reading.blocks if b.kind == kind]


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_columns_headings_and_running_heads(columns: int) -> None:
    first, second = prose(1, 14), prose(2, 14)
    raw = report([("El faro", first), ("La torre", second)], columns)
    reading = pdf.read(raw)
    assert_in_order(reading)
    assert texts(reading, "heading") == ["El faro", "La torre"]
    assert texts(reading) == first + second  # also those that go on in the next column, or on the next page
    assert texts(reading, "aside") == ["Informe del faro", "1"]
    assert [b.section for b in reading.blocks if b.kind == "text"] == ["El faro"] * 14 + ["La torre"] * 14
    about = reading.metadata
    assert (about.title, about.author) == ("El faro de Mesa", "Ana Ruiz")


def test_two_hundred_quotes_stand_in_their_boxes() -> None:
    raw = report([("El faro", prose(3, 40)), ("La torre", prose(4, 40))], columns=2)
    assert_in_boxes(raw, pdf.read(raw), 200)


def test_every_character_has_a_box_on_its_page() -> None:
    raw = report([("El faro", prose(6, 30))], columns=2)
    reading = pdf.read(raw)
    document = pypdfium2.PdfDocument(raw)
    sizes = [page.get_size() for page in document]
    document.close()
    covered = 0
    for origin in reading.origins:
        width, height = sizes[origin.place["page"] - 1]
        own = reading.text[origin.start : origin.end]
        found = glyph_boxes(origin)
        assert len(found) == len(own)
        for char, (left, top, right, bottom) in zip(own, found, strict=True):
            if char != " ":
                assert 0 <= left < right <= width
                assert 0 <= top < bottom <= height
        covered += len(own)
    assert covered == len(reading.text) - reading.text.count("\n")


def test_words_cut_at_line_ends_and_ligatures() -> None:
    raw = drawn(
        lines("El gobierno publicó la infor-", "mación sobre el uso de la ofi\u00ad", "cina de Castilla-", "León.")
    )
    reading = pdf.read(raw)
    assert reading.text == "El gobierno publicó la información\nsobre el uso de la oficina\nde Castilla-\nLeón.\n"
    start = reading.text.index("información")
    found = printed(reading.origins, start, start + len("información"))
    assert found is not None
    assert (found.line, found.last_line, len(found.boxes)) == (1, 2, 2)
    assert found.boxes[0].left > found.boxes[1].left == 72
    assert found.boxes[1].top > found.boxes[0].bottom - 3


def test_a_table_is_read_row_by_row() -> None:
    reading = pdf.read(table([["Año", "Visitas", "Ingresos"], ["2020", "1.200", "3.000"], ["2021", "3.400", "8.100"]]))
    assert reading.text == "Año Visitas Ingresos\n2020 1.200 3.000\n2021 3.400 8.100\n"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rotated_pages_have_boxes_as_they_are_shown(turn: int) -> None:
    def page(canvas: Canvas) -> None:
        canvas.setPageRotation(turn)
        canvas.translate(*{90: (595, 0), 180: (595, 842), 270: (0, 595.27)}[turn])
        canvas.rotate(turn)
        canvas.setFont("Helvetica", 12)
        canvas.drawString(50, 500, "Esta página está girada.")
        canvas.drawString(50, 480, "Se lee igual de bien.")

    reading = pdf.read(drawn(page))
    assert reading.text == "Esta página está girada.\nSe lee igual de bien.\n"
    found = printed(reading.origins, 0, 4)
    assert found is not None
    (box,) = found.boxes
    height = 595 if turn == 90 else 842
    assert box.left == pytest.approx(50, abs=1)
    assert box.top < height - 500 < box.bottom


def test_footnotes_and_lists() -> None:
    page = both(
        lines(*PROSE[:2], "Hace falta lo siguiente:", "• Una linterna nueva.", "• Dos mecheros de gas."),
        lines("1 Archivo municipal, legajo 12.", top=120, size=8),
    )
    reading = pdf.read(drawn(page))
    leads = {reading.text[b.start : b.end]: b.lead and reading.text[slice(*b.lead)] for b in reading.blocks}
    assert leads["• Una linterna nueva."].endswith("Hace falta lo siguiente:")
    assert "1 Archivo municipal, legajo 12." in leads


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (encrypted(lines("hola")), "encrypted.*without a password"),
        (scan(), "no text layer.*ocrmypdf"),
        (report([("x", PROSE)])[:900], "damaged"),
        (b"%PDF-1.4 y nada", "damaged"),
    ],
)
def test_what_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        document_of("a.pdf", raw)


def test_many_pages_and_a_page_of_very_many_characters() -> None:
    empty = drawn(*[lambda canvas: None] * 3001)
    with pytest.raises(FileRefused, match="3,001 pages; the limit is 3,000"):
        document_of("a.pdf", empty)
    crowded = drawn(lines(*["palabra " * 12] * 1100, size=4, top=840), size=(595, 842))
    assert document_of("b.pdf", crowded).source.text.count("palabra") > 10_000


def test_reading_order_of_boxes() -> None:
    left = [Box(50, 100 + 12 * n, 250, 110 + 12 * n, 7) for n in range(6)]
    right = [Box(280, 100 + 12 * n, 480, 110 + 12 * n, 7) for n in range(6)]
    title, note = Box(50, 70, 480, 90, 5), Box(50, 190, 480, 200, 12)
    mixed = [title, *[box for pair in zip(left, right, strict=True) for box in pair], note]
    order = [mixed[n] for column in reading_order(mixed) for n in column]
    assert order == [title, *left, *right, note]
    assert reading_order([]) == []


def test_an_answer_cites_page_and_line(tmp_path: Path, encoder: Encoder) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    filler = prose(7, 16)
    raw = report([("El puerto", filler), ("El faro", [" ".join(PROSE), *prose(8, 3)])])
    (folder / "informe.pdf").write_bytes(raw)
    (folder / "cifrado.pdf").write_bytes(encrypted(lines("hola")))
    with Store(tmp_path / "data") as store:
        report_ = Syncer(store, encoder, 10**7).sync(folder)
        assert report_.added == ["informe.pdf"]
        assert [file for file, _ in report_.refused] == ["cifrado.pdf"]
        answer = build_engine(store, encoder, Settings(models_dir=MODELS)).answer(
            "¿Quién diseñó el faro de Mesa Roldán?"
        )
        first = answer.citations[0]
        text, _ = store.catalog.text(first.document_id) or ("", "")
    assert first.verified
    assert text[first.char_start : first.char_end] == first.quote
    assert "Juan Moreno Rocafull" in first.quote
    assert first.marker.startswith(f"[informe.pdf:{first.page}:{first.page_line}")
    assert first.marker in answer.text
    assert (first.section, first.title) == ("El faro", "El faro de Mesa")
    document = pypdfium2.PdfDocument(raw)
    page = document[(first.page or 0) - 1].get_textpage()
    inside = "".join(page.get_text_bounded(b.left, 842 - b.bottom + 2, b.right, 842 - b.top - 2) for b in first.boxes)
    assert squeezed(first.quote) in squeezed(inside)
