"""The five articles as PDF, HTML and DOCX: how fast they are read, and whether the same questions are answered.

`python -m tests.bench.formats [--questions N] [--speed-only]`; prints a line of JSON for each.
"""

from __future__ import annotations

import argparse
import html
import io
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

from eval.datasets import load_gold
from eval.metrics import contains_gold
from index.ingest.sync import Syncer
from index.model.encoder import Encoder, load_encoder
from index.renglon import build_engine
from index.store import Store
from rag.settings import Settings
from tests.support.paths import MAX_BYTES, ROOT, SEEDS
from tests.support.pdfs import PROSE, report


def as_pdf(lines: list[str]) -> bytes:
    """The lines as paragraphs of a PDF."""
    out, style = io.BytesIO(), getSampleStyleSheet()["BodyText"]
    SimpleDocTemplate(out).build([Paragraph(html.escape(line), style) for line in lines])
    return out.getvalue()


def as_html(lines: list[str]) -> bytes:
    """The lines as paragraphs of a web page."""
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in lines)
    return f'<!DOCTYPE html><html lang="es"><body><article>{body}</article></body></html>'.encode()


def as_docx(lines: list[str]) -> bytes:
    """The lines as paragraphs of a Word file."""
    document, out = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


FORMATS: dict[str, Callable[[list[str]], bytes]] = {
    "txt": lambda lines: "\n".join(lines).encode(), "pdf": as_pdf, "html": as_html, "docx": as_docx,
}  # fmt: skip


def converted(suffix: str, folder: Path) -> Path:
    """The five articles in one format."""
    folder.mkdir(parents=True)
    for path in sorted(SEEDS.glob("*.txt")):
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        (folder / f"{path.stem}.{suffix}").write_bytes(FORMATS[suffix](lines))
    return folder


def answers(suffix: str, folder: Path, encoder: Encoder, most: int) -> dict[str, Any]:
    """How many questions are answered, and how often the first citation or any of them holds a gold answer."""
    questions = [q for q in load_gold(ROOT / "eval/gold/seeds.jsonl") if q.answerable and q.answers][
        :: max(1, 200 // most)
    ][:most]
    corpus = converted(suffix, folder / "docs")
    first = anywhere = said = 0
    with Store(folder / "data") as store:
        began = time.process_time()
        Syncer(store, encoder, MAX_BYTES).sync(corpus)
        indexing = time.process_time() - began
        engine = build_engine(store, encoder, Settings())
        for question in questions:
            answer = engine.answer(question.question)
            quotes = [" ".join((c.readable or c.quote).split()) for c in answer.citations]
            hits = [contains_gold(quote, question.answers) for quote in quotes]
            first, anywhere, said = first + any(hits[:1]), anywhere + any(hits), said + (answer.status == "answered")
            assert all(c.verified for c in answer.citations)
    count = len(questions)
    return {
        "format": suffix, "questions": count, "first": first / count, "any": anywhere / count,
        "answered": said / count, "indexing_cpu_s": indexing,
    }  # fmt: skip


def speed() -> dict[str, float]:
    """Seconds of processor time to read a PDF of hundreds of pages, by page."""
    import pypdfium2

    from index.corpus import pdf

    raw = report([("El faro", [f"{n} {text}" for n in range(40) for text in PROSE])] * 40)
    pages = len(pypdfium2.PdfDocument(raw))
    began = time.process_time()
    reading = pdf.read(raw)
    seconds = time.process_time() - began
    return {
        "pages": pages,
        "chars": len(reading.text),
        "seconds": seconds,
        "seconds_for_500_pages": 500 * seconds / pages,
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--speed-only", action="store_true")
    given = parser.parse_args()
    print(json.dumps({"pdf": speed()}), flush=True)
    if given.speed_only:
        return
    encoder = load_encoder(Settings())
    for suffix in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(answers(suffix, Path(folder) / suffix, encoder, given.questions)), flush=True)


if __name__ == "__main__":
    main()
