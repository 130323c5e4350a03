"""How fast PDF, HTML and DOCX are read, and what share of indexing that is.

`python -m tests.bench.formats [--speed-only]`; prints a line of JSON for each. Whether the same questions are answered
from these formats is what `renglon eval --as` measures.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from eval.conversion import FORMATS, convert
from index.corpus.documents import document_of
from index.ingest.sync import Syncer
from index.model.encoder import Encoder, load_encoder
from index.store import Store
from rag.settings import Settings
from tests.support.paths import MAX_BYTES, SEEDS
from tests.support.pdfs import PROSE, report


def indexing(form: str, folder: Path, encoder: Encoder) -> dict[str, Any]:
    """Seconds of processor time to index the five articles in a format, and the share of it that reading them took."""
    corpus = SEEDS
    if form != "txt":
        corpus = folder / "docs"
        convert(SEEDS, form, corpus)
    began = time.process_time()
    for file in sorted(corpus.iterdir()):
        document_of(file.name, file.read_bytes())
    reading = time.process_time() - began
    with Store(folder / "data") as store:
        began = time.process_time()
        Syncer(store, encoder, MAX_BYTES).sync(corpus)
        whole = time.process_time() - began
    return {"format": form, "indexing_cpu_s": whole, "reading_share": reading / whole}


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
    parser.add_argument("--speed-only", action="store_true")
    given = parser.parse_args()
    print(json.dumps({"pdf": speed()}), flush=True)
    if given.speed_only:
        return
    encoder = load_encoder(Settings())
    for form in ("txt", *FORMATS):
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(indexing(form, Path(folder), encoder)), flush=True)


if __name__ == "__main__":
    main()
