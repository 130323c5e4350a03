"""A folder with a file of each format that is read, and a question that each of them answers."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from tests.support.packages import book, open_document, word
from tests.support.pdfs import PROSE, drawn, lines, report

GUIDE = """# Guía de *mareas*

Para arrancar el servidor de mareas se ejecuta:

```sh
mareas serve --puerto 8080
mareas estado
```

## Horario

* [Museo](https://museo.example): abre los **martes** a las nueve.

Hace falta:

- Una linterna.
1. Dos mecheros.

| Mes   | Botes |
|-------|-------|
| enero | 1200  |
| marzo | 3400  |
"""
WEB_PAGE = """<html><head><title>La torre</title></head><body><h1>La torre de Sotomonte</h1>
<p>La torre de Sotomonte se levantó en 1863 y vigila desde entonces los caminos de la sierra de Almería.</p>
<h2>Obras &lt;script&gt;window.pwned = 1&lt;/script&gt;</h2>
<p>La reforma de la torre costó 48.000 pesetas, que pagó la provincia entera durante nueve años.</p>
<ul><li>La campana vino de París en 1862.</li>
<li>El guarda &lt;img src=x onerror="window.pwned = 1"&gt; vivía allí.</li></ul>
<table><tr><th>Año</th><th>Naufragios</th></tr><tr><td>1881</td><td>14 en la bahía grande</td></tr>
<tr><td>1899, el invierno largo</td><td></td></tr></table>
<p>Cada año la visitan mil personas que llegan a pie desde el castillo vecino.</p>
<pre>luz cada 20 s
  dos destellos</pre>
<p>Desde 1927 un camino de piedra la une a la ermita de San Bruno, que abastece a toda la comarca.</p></body></html>"""
LIBRARY = """<html><head><title>La biblioteca</title></head><body><article><h1>La biblioteca de Cantalar</h1>
<p>La biblioteca de Cantalar la fundó la maestra Aurora Lizana en 1911 con tres mil libros de su familia.</p>
<p>Presta cada semana doscientos libros a los vecinos de once aldeas, que llegan en un carro tirado por mulas.</p>
</article></body></html>"""


class Fact(NamedTuple):
    """What a question finds: the file, what the quote says, and how the marker ends."""

    question: str
    file: str
    said: str
    marker: str = r":\d+(-\d+)?\]"


PAGED = r":\d+:\d+(-\d+)?\]"
FACTS = (
    Fact("¿Quién diseñó el faro de Mesa Roldán?", "informe.pdf", "Juan Moreno Rocafull", PAGED),
    Fact("¿Qué día abre el museo?", "guia.md", "**martes**"),
    Fact("¿Qué día abre el mercado de Lorqueda?", "mercado.txt", "jueves"),
    Fact("¿Cuánto costó la reforma de la torre?", "torre.html", "48.000 pesetas"),
    Fact("¿Quién fundó la biblioteca de Cantalar?", "biblioteca.mhtml", "Aurora Lizana"),
    Fact("¿Quién proyectó el puente de Arcilla?", "puente.odt", "Julia Benavente"),
    Fact("¿En qué año dejó de moler el molino de Sotoverde?", "molino.epub", "1963"),
    Fact("¿Cuánto pesa la campana de Villamora?", "mail.eml", "812 kilos"),
    Fact("¿Cuántos años tardó en terminarse la presa de Hornillos?", "presa.srt", "nueve años"),
    Fact("¿A qué altura está el refugio de Peña Rubia?", "refugio.vtt", "2.140 metros"),
)


def mail() -> bytes:
    """A message with a PDF that can be read, and one that can't."""
    made = EmailMessage()
    made["From"], made["Subject"] = "Ana Ruiz <ana@example.org>", "Los papeles"
    made["Date"] = "Tue, 18 Jun 2024 10:00:00 +0200"
    made.set_content("Te mando el acta de la parroquia.\n")
    bell = drawn(lines("La campana de Villamora pesa 812 kilos y se fundió en 1749.", "La pagó el gremio de herreros."))
    for name, raw in (("acta.pdf", bell), ("roto.pdf", b"%PDF-1.4 y nada")):
        made.add_attachment(raw, maintype="application", subtype="pdf", filename=name)
    return made.as_bytes()


def all_formats(folder: Path) -> Path:
    """Write the files into a new folder."""
    folder.mkdir()
    relleno = [f"Relleno {chr(97 + n % 26) * 3} y {chr(97 + n // 26) * 4}." for n in range(90)]
    sections = [("Introducción", ["Texto sin interés."]), ("El faro", [" ".join(PROSE)]), ("Anexo", relleno)]
    boundary = 'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="x"\n\n--x\nContent-Type: text/html\n\n'
    cue = "1\n00:00:01,000 --> 00:00:04,000\n{}\n"
    texts = {
        "guia.md": GUIDE,
        "mercado.txt": "# Nada\nEl mercado de Lorqueda abre los jueves a las siete | y cierra a las dos.\n",
        "torre.html": WEB_PAGE,
        "biblioteca.mhtml": f"{boundary}{LIBRARY}\n--x--\n",
        "presa.srt": cue.format("La presa de Hornillos tardó\nnueve años en terminarse."),
        "refugio.vtt": "WEBVTT\n\n" + cue.format("El refugio de Peña Rubia está a 2.140 metros.").replace(",", "."),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    for name, raw in {
        "informe.pdf": report(sections),
        "carta.docx": word(),
        "puente.odt": open_document("<text:p>El puente de Arcilla lo proyectó Julia Benavente en 1934.</text:p>"),
        "molino.epub": book({"a.xhtml": "<h1>El molino</h1><p>El molino de Sotoverde dejó de moler en 1963.</p>"}),
        "mail.eml": mail(),
    }.items():
        (folder / name).write_bytes(raw)
    return folder
