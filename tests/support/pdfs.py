"""PDF files as other programs make them: written with reportlab, read with PDFium."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Table

Draw = Callable[[Canvas], None]
PROSE = (
    "El faro de Mesa Roldán se encendió por primera vez en 1863 y alumbra desde entonces la costa de Almería.",
    "Lo diseñó el ingeniero Juan Moreno Rocafull, que había trabajado antes en el puerto de Cartagena.",
    "La torre mide 18 metros y su luz alcanza las 23 millas náuticas en las noches claras.",
    "Un cable submarino lo unió en 1927 a la central de Garrucha, que abastecía a toda la comarca.",
)


def drawn(*pages: Draw, size: tuple[float, float] = A4, **options: object) -> bytes:
    """A PDF of pages that are drawn by hand."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, **options)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lines(*texts: str, left: float = 72, top: float = 760, size: float = 11, font: str = "Helvetica") -> Draw:
    """Lines under one another."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont(font, size)
        for n, text in enumerate(texts):
            canvas.drawString(left, top - 1.3 * size * n, text)

    return draw


def both(*draws: Draw) -> Draw:
    """Several things on one page."""

    def draw(canvas: Canvas) -> None:
        for one in draws:
            one(canvas)

    return draw


def encrypted(draw: Draw) -> bytes:
    """A PDF that asks for a password."""
    return drawn(draw, encrypt=StandardEncryption("secreto", canPrint=0))


def scan(pages: int = 2) -> bytes:
    """A PDF of pictures."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    picture = ImageReader(Image.new("L", (200, 300), 200))
    return drawn(*[lambda canvas: canvas.drawImage(picture, 0, 0, 595, 842)] * pages)


def report(sections: Sequence[tuple[str, Sequence[str]]], columns: int = 1, head: str = "Informe del faro") -> bytes:
    """A document of headings and paragraphs, in columns, with running heads and page numbers."""
    out = io.BytesIO()
    width, height = A4
    gap, margin = 24, 60
    column = (width - 2 * margin - gap * (columns - 1)) / columns
    frames = [Frame(margin + n * (column + gap), 70, column, height - 150, 0, 0, 0, 0) for n in range(columns)]

    def furniture(canvas: Canvas, document: BaseDocTemplate) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(margin, height - 40, head)
        canvas.drawCentredString(width / 2, 30, str(document.page))

    styles = getSampleStyleSheet()
    styles["BodyText"].hyphenationLang = ""
    story: list[Flowable] = []
    for title, paragraphs in sections:
        story.append(Paragraph(title, styles["Heading1"]))
        story += [Paragraph(text, styles["BodyText"]) for text in paragraphs]
    template = BaseDocTemplate(out, pagesize=A4, title="El faro de Mesa", author="Ana Ruiz")
    template.addPageTemplates([PageTemplate(frames=frames, onPage=furniture)])
    template.build(story)
    return out.getvalue()


def table(rows: Sequence[Sequence[str]]) -> bytes:
    """A PDF with a table alone."""
    out = io.BytesIO()
    template = BaseDocTemplate(out, pagesize=A4)
    template.addPageTemplates([PageTemplate(frames=[Frame(60, 60, 475, 720)])])
    template.build([Table([list(row) for row in rows])])
    return out.getvalue()
