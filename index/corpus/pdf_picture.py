"""Draws a page of a PDF."""

from __future__ import annotations

import io
import struct

from rag.errors import FileRefused

MOST_PIXELS = 4000  # on either side


def draw(raw: bytes, number: int, scale: float) -> bytes:
    """The scale that a page was drawn at, as a double, and the page as PNG. Raises FileRefused.

    `number` counts from 1; `scale` 1 makes a point a pixel. Very large pages are drawn smaller.
    """
    import pypdfium2

    document = pypdfium2.PdfDocument(raw)
    try:
        if not 1 <= number <= len(document):
            raise FileRefused(f"The document has {len(document)} pages.", f"Ask for pages 1 to {len(document)}.")
        page = document[number - 1]
        scale = min(scale, MOST_PIXELS / max(1.0, *page.get_size()))
        picture = page.render(scale=scale, may_draw_forms=False).to_pil()
        out = io.BytesIO()
        picture.convert("RGB").save(out, "PNG", compress_level=3)
        page.close()
        return struct.pack("!d", scale) + out.getvalue()
    finally:
        document.close()
