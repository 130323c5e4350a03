"""How fast PDF, HTML and DOCX are read, what share of indexing that is, and how fast a page is drawn.

`python -m tests.bench.formats [--speed-only]`; prints a line of JSON for each. Whether the same questions are answered
from these formats is what `renglon eval --as` measures.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from eval.conversion import FORMATS, convert
from index.corpus.formats import reader_of
from index.corpus.isolated import Isolated
from index.corpus.transport import packed
from index.ingest.sync import Syncer
from index.model.encoder import Encoder, load_encoder
from index.pictures import PagePictures
from index.store import Store
from rag.settings import Settings
from tests.support.models import Tiny
from tests.support.paths import MAX_BYTES, SEEDS
from tests.support.pdfs import PROSE, report


def indexing(form: str, folder: Path, encoder: Encoder) -> dict[str, Any]:
    """Seconds of processor time to index the five articles in a format, and the share of it that reading them took."""
    corpus = SEEDS
    if form != "txt":
        corpus = folder / "docs"
        convert(SEEDS, form, corpus)
    # Read here rather than in the process that reads, whose time would not be counted.
    files = [(reader_of(file.name, raw), raw) for file in sorted(corpus.iterdir()) for raw in [file.read_bytes()]]
    files[0][0].read(files[0][1])  # imports the libraries
    began = time.process_time()
    for reader, raw in files:
        packed(reader.read(raw))
    reading = time.process_time() - began
    with Store(folder / "data") as store:
        began = time.process_time()
        Syncer(store, encoder, MAX_BYTES).sync(corpus)
        whole = time.process_time() - began + (reading if files[0][0].isolated else 0)
    return {"format": form, "indexing_cpu_s": whole, "reading_share": reading / whole}


def book() -> bytes:
    """A PDF of some 500 pages."""
    return report([("El faro", [f"{n} {text}" for n in range(40) for text in PROSE])] * 100)


def speed(raw: bytes) -> dict[str, float]:
    """Seconds of processor time to read a long PDF, and the most memory of the process that reads it."""
    isolated = Isolated()
    reader = reader_of("libro.pdf", raw)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    reading = isolated.read(reader, raw)
    seconds = time.monotonic() - began
    isolated.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    pages = max(origin.place["page"] for origin in reading.origins)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "pages": pages,
        "chars": len(reading.text),
        "wall_s": seconds,
        "cpu_s": cpu,
        "cpu_s_for_500_pages": 500 * cpu / pages,
        "most_mb": after.ru_maxrss / 1024,
    }


def drawing(folder: Path, raw: bytes) -> dict[str, float]:
    """Milliseconds until a page of an indexed PDF is drawn, and until it comes from the disk: median and slowest."""
    (folder / "docs").mkdir()
    (folder / "docs" / "libro.pdf").write_bytes(raw)
    with Store(folder / "data") as store:
        Syncer(store, Tiny(8), MAX_BYTES).sync(folder / "docs")
        (row,) = store.catalog.documents()
        pictures = PagePictures(store, MAX_BYTES)
        times: dict[str, list[float]] = {"first": [], "cached": []}
        pictures.picture(row.id, 1, 2.0)  # starts the process that draws
        for page in range(2, 32):
            for found in times.values():
                began = time.perf_counter()
                pictures.picture(row.id, page, 2.0)
                found.append(1000 * (time.perf_counter() - began))
        pictures.close()
    return {f"{what}_{name}_ms": of(found) for name, found in times.items() for what, of in _MEASURES.items()}


_MEASURES: dict[str, Callable[[list[float]], float]] = {"median": median, "slowest": max}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed-only", action="store_true")
    given = parser.parse_args()
    raw = book()
    print(json.dumps({"pdf": speed(raw)}), flush=True)
    short = report([("El faro", [f"{n} {text}" for n in range(40) for text in PROSE])] * 8)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"pages": drawing(Path(folder), short)}), flush=True)
    if given.speed_only:
        return
    encoder = load_encoder(Settings())
    for form in ("txt", *FORMATS):
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(indexing(form, Path(folder), encoder)), flush=True)


if __name__ == "__main__":
    main()
