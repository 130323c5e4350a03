"""Whether quotes of a PDF stand where the boxes say: what PDFium finds in them is the quote."""

from __future__ import annotations

import random

import pypdfium2

from index.corpus.reader import Reading
from index.storage.origins import printed
from rag.types import Printed


def squeezed(text: str) -> str:
    """Without white space and hyphens."""
    return "".join(c for c in text if c.isalnum() or c in ".,;:")


def sampled(reading: Reading, count: int, seed: int) -> list[tuple[str, Printed]]:
    """Quotes of whole words from the text, and where they are printed."""
    draw, found = random.Random(seed), []
    blocks = [block for block in reading.blocks if block.kind == "text"]
    for _ in range(count):
        block = draw.choice(blocks)
        start = draw.randrange(block.start, block.end - 1)
        end = draw.randrange(start + 1, min(block.end, start + 200) + 1)
        start = max(reading.text.rfind(" ", block.start, start), reading.text.rfind("\n", block.start, start)) + 1
        start = max(start, block.start)
        end = next((n for n in range(end, block.end) if reading.text[n].isspace()), block.end)
        place = printed([o for o in reading.origins if o.start < end and o.end > start], start, end)
        assert place is not None
        found.append((reading.text[start:end], place))
    return found


def assert_in_boxes(raw: bytes, reading: Reading, count: int, seed: int = 5) -> None:
    """Each of so many quotes is what stands in its boxes, and these are on the page. The order of the letters is not
    compared where a script runs from right to left, since PDFium gives them in either."""
    document = pypdfium2.PdfDocument(raw)
    sizes = [page.get_size() for page in document]
    texts = [page.get_textpage() for page in document]
    for quote, place in sampled(reading, count, seed):
        inside = ""
        for box in place.boxes:
            width, height = sizes[box.page - 1]
            assert 0 <= box.left < box.right <= width
            assert 0 <= box.top < box.bottom <= height
            slack = 0.2 * (box.bottom - box.top)
            inside += texts[box.page - 1].get_text_bounded(
                box.left + 0.2, height - box.bottom + slack, box.right - 0.2, height - box.top - slack
            )
        wanted, found = squeezed(quote), squeezed(inside)
        if any("\u0590" <= char <= "\u08ff" for char in quote):
            wanted, found = "".join(sorted(wanted)), "".join(sorted(found))
        assert wanted == found, quote
    for text in texts:
        text.close()
    document.close()
