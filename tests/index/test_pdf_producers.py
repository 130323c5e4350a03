"""PDFs that LaTeX, LibreOffice and a browser made: the text as a person reads it, and quotes where they are printed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from index.corpus import pdf
from index.corpus.reader import Reading
from tests.support.browser import ARGUMENTS, chromium
from tests.support.origins import assert_in_order
from tests.support.quotes import assert_in_boxes

PDFS = Path(__file__).with_name("pdfs")
HEBREW = "המגדלור הישן בחוף נבנה בשנת 1863 על ידי המהנדס הספרדי. האור שלו נראה למרחק של 23 מיילים ימיים בלילות בהירים."
ARABIC = "بنيت المنارة القديمة على الساحل في عام 1863 على يد المهندس الإسباني. يصل ضوؤها إلى 23 ميلا بحريا."
MILLS = (
    "El primer molino de Torrealta empezó a moler el 3 de octubre de 1794 y pertenecía al convento de las clarisas,"
    " que lo arrendaba por ciento veinte reales. La oficina de fielatos anotaba cada saco en un libro que se conserva.",
    "La riada de 1831 se llevó la presa y dos ruedas; el maestro Anselmo Fijón la reconstruyó en once semanas con"
    " madera de olmo. Desde entonces el caudal se reparte por turnos, y quien se salta el suyo paga trigo.",
    "En 1963 cerró el último molino. La asociación de vecinos lo restauró en 2009 y lo abre los domingos.",
)
PAGE = f"""<!doctype html><meta charset="utf-8"><title>Los molinos de Torrealta</title><style>
body {{ font: 11pt "DejaVu Serif" }} div {{ columns: 2; text-align: justify }} [dir=rtl] {{ font: 12pt "DejaVu Sans" }}
</style><h1>Los molinos de Torrealta</h1><div>{"".join(f"<p>{text}</p>" for text in MILLS)}</div><h2>Los turnos</h2>
<table><tr><th>Molino<th>Horas<tr><td>Del Puente<td>14<tr><td>Nuevo<td>22</table>
<ul><li>La llave la guarda el alcalde.<li>El agua se corta a las nueve.</ul><h2>Otras lenguas</h2>
<p dir="rtl" lang="he">{HEBREW}</p><p dir="rtl" lang="ar">{ARABIC}</p>"""


def blocks(reading: Reading) -> list[tuple[str, str]]:
    """What each block is, and its text with the lines joined."""
    assert_in_order(reading)
    return [(b.form or b.kind, " ".join(reading.text[b.start : b.end].split())) for b in reading.blocks]


def test_latex_in_two_columns() -> None:
    raw = (PDFS / "latex.pdf").read_bytes()
    reading = pdf.read(raw)
    source = (PDFS / "latex.tex").read_text().split("\\maketitle")[1].split("\\end{document}")[0]
    source, note = source.split("\\footnote{")
    note, rest = note.split("}", 1)
    paragraphs = [" ".join(text.split()) for text in (source + "1" + rest).split("\n")]
    wanted = [text for text in paragraphs if text and not text.startswith("\\section")]
    found = blocks(reading)
    # The footnote stands behind the paragraph that goes on in the next column.
    assert [text for kind, text in found if kind == "text" and not text.startswith("1El")] == wanted
    assert ("text", f"1{note}") in found
    headings = [text for kind, text in found if kind == "heading"]
    assert headings[0] == "La oficina del faro de Punta Afilada"
    assert headings[-3:] == ["1. Origen", "2. La luz", "3. El edificio"]
    assert_in_boxes(raw, reading, 100)


def test_writer_with_a_list_and_a_table() -> None:
    raw = (PDFS / "writer.pdf").read_bytes()
    reading = pdf.read(raw)
    found = blocks(reading)
    assert [text for kind, text in found if kind == "heading"] == [
        "Memoria del canal de Robledal", "Las obras", "El servicio",
    ]  # fmt: skip
    assert [text for kind, text in found if kind == "item"] == [
        "• La llave de la compuerta, que guarda el alguacil.",
        "• Un farol con cristal verde, según la ordenanza de 1931.",
    ]
    (item, _) = (b for b in reading.blocks if b.form == "item")
    assert item.lead is not None
    assert reading.text[slice(*item.lead)] == "Para el riego nocturno hacen falta:"
    assert ("text", "El Sotillo 127 miércoles") in found
    assert reading.metadata.author == "Tomás Quiroga"
    assert_in_boxes(raw, reading, 60)


def test_pdf_a() -> None:
    raw = (PDFS / "pdfa.pdf").read_bytes()
    assert b"pdfaid:part>2<" in raw
    reading = pdf.read(raw)
    (heading, *texts) = blocks(reading)
    assert heading == ("heading", "Acta de la cooperativa de Valdeoca")
    assert [text.split()[0] for _, text in texts] == ["La", "Su", "La"]
    assert texts[-1][1].endswith("de las que se obtuvieron 268.000 litros de aceite.")
    assert_in_boxes(raw, reading, 40)


def test_a_browser_and_scripts_from_right_to_left(tmp_path: Path) -> None:
    browser = chromium()
    if browser is None:
        pytest.skip("no Chromium: apt-get install chromium-headless-shell, or point RENGLON_CHROMIUM at one")
    (tmp_path / "molinos.html").write_text(PAGE)
    command = [browser, "--headless", *ARGUMENTS, f"--user-data-dir={tmp_path / 'profile'}"]
    subprocess.run(
        [*command, f"--print-to-pdf={tmp_path / 'molinos.pdf'}", (tmp_path / "molinos.html").as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    raw = (tmp_path / "molinos.pdf").read_bytes()
    reading = pdf.read(raw)
    found = blocks(reading)
    assert [text for kind, text in found if kind == "text"][-9:] == [
        *MILLS, "Del Puente 14", "Nuevo 22", "La llave la guarda el alcalde.", "El agua se corta a las nueve.",
        HEBREW, ARABIC,
    ]  # fmt: skip
    assert {"Los molinos de Torrealta", "Los turnos", "Otras lenguas"} <= {t for kind, t in found if kind == "heading"}
    assert any(kind == "aside" and text.startswith("file://") for kind, text in found)  # what the browser adds
    assert_in_boxes(raw, reading, 60)
