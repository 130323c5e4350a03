"""`python -m tests.torture.printed`: reads the pixels in the boxes of sampled quotes back, with Debian's tesseract.

Needs `apt-get install tesseract-ocr tesseract-ocr-spa`. Prints the share of letters and digits that are alike, and
fails below `--least` or when a quote's boxes hold less than half of it: OCR mistakes letters, a wrong box all of them.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from difflib import SequenceMatcher

from PIL import Image

from index.corpus import pdf
from index.corpus.pdf_picture import draw
from rag.types import Printed
from tests.support.paths import ROOT
from tests.support.pdfs import PROSE, report
from tests.support.quotes import sampled

SCALE = 4.0  # pixels a point: 288 dots an inch, which tesseract likes
MARGIN = 20
MISSING = "tesseract is not installed. Run: apt-get install tesseract-ocr tesseract-ocr-spa"


def documents() -> list[tuple[str, bytes]]:
    """The PDFs of the tests: by reportlab in one, two and three columns, by LaTeX and by LibreOffice."""
    sections = [("El faro", [" ".join(PROSE[n % 4 :] + PROSE[: n % 4]) for n in range(12)])]
    made = [(f"reportlab, columns: {columns}", report(sections, columns)) for columns in (1, 2, 3)]
    kept = sorted((ROOT / "tests/index/pdfs").glob("*.pdf"))
    return [*made, *((path.name, path.read_bytes()) for path in kept)]


def recognised(pages: dict[int, Image.Image], place: Printed) -> str:
    """What tesseract reads in a quote's boxes, put under one another."""
    pieces = [
        pages[box.page].crop(tuple(round(side * SCALE) for side in (box.left, box.top, box.right, box.bottom)))
        for box in place.boxes
    ]
    size = max(p.width for p in pieces) + 2 * MARGIN, sum(p.height + MARGIN for p in pieces) + MARGIN
    sheet, top = Image.new("L", size, 255), MARGIN
    for piece in pieces:
        sheet.paste(piece, (MARGIN, top))
        top += piece.height + MARGIN
    out = io.BytesIO()
    sheet.save(out, "PNG")
    command = ["tesseract", "stdin", "stdout", "-l", "spa", "--psm", "6"]
    alone = os.environ | {"OMP_THREAD_LIMIT": "1"}  # its threads wait for one another longer than they read
    done = subprocess.run(command, input=out.getvalue(), capture_output=True, timeout=120, env=alone)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode()


def letters(text: str) -> str:
    """Letters and digits alone: hyphens at line ends and spaces are the page's."""
    return "".join(char for char in text.lower() if char.isalnum())


def alike(wanted: str, found: str) -> int:
    """How many characters of one text stand in the same order in the other."""
    return sum(block.size for block in SequenceMatcher(None, wanted, found, autojunk=False).get_matching_blocks())


def pictures(raw: bytes, numbers: set[int]) -> dict[int, Image.Image]:
    """Pages drawn as the service draws them."""
    return {n: Image.open(io.BytesIO(draw(raw, n, SCALE)[8:])).convert("L") for n in numbers}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quotes", type=int, default=200)
    parser.add_argument("--least", type=float, default=0.97, help="share of characters that must be alike")
    options = parser.parse_args(arguments)
    if shutil.which("tesseract") is None:
        print(MISSING, file=sys.stderr)
        return 2
    began, right, length, count, worst = time.monotonic(), 0, 0, 0, (1.0, "")
    found = documents()
    for n, (name, raw) in enumerate(found):
        share = options.quotes * (n + 1) // len(found) - options.quotes * n // len(found)
        quotes = sampled(pdf.read(raw), share, seed=n)
        pages = pictures(raw, {box.page for _, place in quotes for box in place.boxes})
        own = [0, 0]
        for quote, place in quotes:
            wanted = letters(quote)
            same = alike(wanted, letters(recognised(pages, place)))
            own = [own[0] + same, own[1] + len(wanted)]
            worst = min(worst, (same / max(1, len(wanted)), f"{name}: {quote!r}"))
        right, length, count = right + own[0], length + own[1], count + share
        print(f"{name}: {share} quotes, {own[0] / max(1, own[1]):.2%} of {own[1]:,} characters alike", flush=True)
    print(f"{count} quotes, {right / length:.2%} of {length:,} characters alike, in {time.monotonic() - began:.0f} s")
    print(f"worst: {worst[0]:.0%}, {worst[1]}")
    return 0 if right / length >= options.least and worst[0] >= 0.5 else 1


if __name__ == "__main__":
    sys.exit(main())
