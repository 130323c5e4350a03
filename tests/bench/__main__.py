"""`make bench`: speed and memory, each figure beside the bare encoder's in the same run. Writes bench.json.

index_ratio      passages/s of a sync ÷ those of the encoder alone on the same texts            (want ≥ 0.85)
http_p50_ratio   median of an answer over HTTP, without the reader, ÷ median of a bare encoding   (want ≤ 1.5)
http_p95_ratio   the same at the 95th percentile                                                (want ≤ 2.5)
noop_sync_s      seconds of a sync with nothing changed among 1,000 files                       (want < 1)
one_change_s     seconds of a sync with one changed file among 1,000, its own embedding included (want < 1)
watch_s          seconds from a saved file to its being indexed, `serve --watch`, 1,000 files, median of five (want < 2)
sync_p95_ratio   95th percentile of an answer while 300 files are indexed ÷ the same when idle  (want ≤ 3)
rss_mb           resident memory of the server after 1,000 questions                            (want < 1,200)
ready_s          seconds from a second start to ready                                           (want < 15)
listen_s         seconds from a start to the first answer of /livez                             (want < 2)
first_event_ms   median until the first streamed event                                          (want < 100)
rebuild_per_s    passages/s of a rebuild of both projections from stored vectors
written_…        see tests/bench/written.py
load_…, cold_…, reader_…  see tests/bench/load.py

Some parts alone: python -m tests.bench load cold reader
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from index.corpus.documents import SourceText, corpus_files, read_document
from index.corpus.passages import split
from index.ingest.sync import Syncer
from index.model.encoder import Encoder, load_encoder
from index.store import Store
from rag.settings import Settings
from tests.bench import load, written
from tests.support.paths import MODELS, ROOT, SEEDS
from tests.support.server import ColdServer, free_port

QUESTIONS = [json.loads(line)["question"] for line in (ROOT / "eval/gold/seeds.jsonl").read_text().splitlines()]
WANTED: dict[str, tuple[str, float]] = {
    "index_ratio": ("≥", 0.85), "http_p50_ratio": ("≤", 1.5), "http_p95_ratio": ("≤", 2.5), "noop_sync_s": ("<", 1),
    "one_change_s": ("<", 1), "watch_s": ("<", 2), "sync_p95_ratio": ("≤", 3),
    "rss_mb": ("<", 1200), "ready_s": ("<", 15), "listen_s": ("<", 2), "first_event_ms": ("<", 100),
    **written.WANTED, **load.WANTED,
}  # fmt: skip
ROUNDS, FILES, ASKED = 3, 1000, 1000


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def texts_of(folder: Path) -> list[str]:
    """Passages and sentences of a corpus, as a sync embeds them."""
    found = []
    for path in corpus_files(folder):
        source: SourceText = read_document(path, folder, 10**7).source
        for passage in split(source):
            found += [source.text[s.char_start : s.char_end] for s in (passage.span, *passage.sentences)]
    return found


def corpus(folder: Path, files: int) -> Path:
    """A folder of news made by shuffling the sentences of the five articles."""
    rng = random.Random(0)
    lines = [line for path in SEEDS.iterdir() for line in path.read_text().splitlines() if len(line) > 80]
    folder.mkdir()
    for n in range(files):
        (folder / f"{n:04}.txt").write_text("\n".join(rng.sample(lines, 4)) + "\n")
    return folder


def bench_index(encoder: Encoder, work: Path) -> dict[str, float]:
    """Sync against the encoder alone, in turn, so that the machine's drift meets both."""
    folder = corpus(work / "index", 60)
    texts = texts_of(folder)
    alone, synced = [], []
    for n in range(ROUNDS):
        alone.append(timed(lambda: encoder.encode_passages(texts)))
        with Store(work / f"data{n}") as store:
            synced.append(timed(lambda store=store: Syncer(store, encoder, 10**7).sync(folder)))  # type: ignore[misc]
            passages = len(store.catalog.pks())
            rebuild = timed(store.rebuild)
    return {
        "index_ratio": statistics.median(a / s for a, s in zip(alone, synced, strict=True)),
        "index_passages_per_s": passages / statistics.median(synced),
        "encoder_passages_per_s": passages / statistics.median(alone),
        "rebuild_per_s": passages / rebuild,
    }


def bench_noop(encoder: Encoder, work: Path) -> dict[str, float]:
    """A sync with nothing changed."""
    folder = work / "many"
    folder.mkdir()
    for n in range(FILES):
        (folder / f"{n}.txt").write_text(f"La nota número {n} no dice mucho.\n")
    with Store(work / "noop") as store:
        syncer = Syncer(store, encoder, 10**7)
        syncer.sync(folder)
        noop = min(timed(lambda: syncer.sync(folder)) for _ in range(ROUNDS))
        changes = []
        for n in range(ROUNDS):
            (folder / "7.txt").write_text(f"La nota número siete cambió {n} veces.\n")
            changes.append(timed(lambda: syncer.sync(folder)))
        return {"noop_sync_s": noop, "one_change_s": statistics.median(changes)}


def bench_watch(_: Encoder, work: Path) -> dict[str, float]:
    """A server that watches the thousand files of `bench_noop`: one saved file, then many while it is asked."""
    folder = work / "many"
    server = ColdServer(work / "noop", folder, free_port(), "--watch")
    try:
        server.wait("/readyz", 300)
        with httpx.Client(base_url=server.url, timeout=60) as client:
            saved = [_until_indexed(client, folder, n) for n in range(5)]
            idle = [_seconds_of(client, n) for n in range(100)]
            before = client.get("/v1/index").json()["documents"]
            for n in range(300):
                (folder / f"nueva{n}.txt").write_text(f"Otra nota, la {n}, que habla del puerto. " * 15)
            busy: list[float] = []
            while client.get("/v1/index").json()["documents"] < before + 300:
                busy.append(_seconds_of(client, len(busy)))
    finally:
        server.stop()
    p95 = [statistics.quantiles(times, n=20)[-1] for times in (busy, idle)]
    return {"watch_s": statistics.median(saved), "sync_p95_ratio": p95[0] / p95[1]}


def _until_indexed(client: httpx.Client, folder: Path, n: int) -> float:
    time.sleep(3)  # the one before has settled
    version = client.get("/v1/index").json()["index_version"]
    (folder / "8.txt").write_text(f"La nota número ocho se guardó {n} veces.\n")
    start = time.perf_counter()
    while client.get("/v1/index").json()["index_version"] == version:
        time.sleep(0.02)
    return time.perf_counter() - start


def _seconds_of(client: httpx.Client, n: int) -> float:
    return timed(lambda: client.post("/v1/query", json={"question": QUESTIONS[n % len(QUESTIONS)]}))


def bench_http(encoder: Encoder, work: Path) -> dict[str, float]:
    """Answers over HTTP against bare question encodings, in turn; then memory and a second start."""
    server = ColdServer(work / "http", SEEDS, free_port(), RENGLON_READER="off")
    try:
        server.wait("/readyz", 300)
        figures = _ask(server, encoder)
        figures["rss_mb"] = _rss_mb(server.process.pid)
    finally:
        server.stop()
    again = ColdServer(work / "http", SEEDS, free_port())
    try:
        again.wait("/livez")
        figures["listen_s"] = time.monotonic() - again.started
        again.wait("/readyz", 300)
        figures["ready_s"] = time.monotonic() - again.started
    finally:
        again.stop()
    return figures


def _ask(server: ColdServer, encoder: Encoder) -> dict[str, float]:
    """In blocks of 25, each side with a moment to come to rest: threads that wait for the next parallel section spin,
    and would take the other side's processors."""
    bare, http, first = [], [], []
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for block in range(0, ASKED, 25):
            questions = [QUESTIONS[n % len(QUESTIONS)] for n in range(block, block + 25)]
            time.sleep(0.2)
            http += [timed(lambda q=q: client.post("/v1/query", json={"question": q})) for q in questions]  # type: ignore[misc]
            first.append(_first_event(client, questions[0]))
            time.sleep(0.2)
            bare += [timed(lambda q=q: encoder.encode_query(q)) for q in questions]  # type: ignore[misc]
    p95 = lambda values: statistics.quantiles(values, n=20)[-1]  # noqa: E731
    return {
        "http_p50_ratio": statistics.median(http) / statistics.median(bare), "http_p95_ratio": p95(http) / p95(bare),
        "http_p50_ms": statistics.median(http) * 1000, "encoder_p50_ms": statistics.median(bare) * 1000,
        "http_p95_ms": p95(http) * 1000, "encoder_p95_ms": p95(bare) * 1000,
        "first_event_ms": statistics.median(first) * 1000,
    }  # fmt: skip


def _first_event(client: httpx.Client, question: str) -> float:
    start = time.perf_counter()
    with client.stream("POST", "/v1/query", json={"question": question, "stream": True}) as response:
        for _ in response.iter_lines():
            return time.perf_counter() - start
    return float("nan")


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


# The names that may be given on the command line; `watch` needs the folder of `noop`.
PARTS: dict[str, Callable[[Encoder, Path], dict[str, float]]] = {
    "index": bench_index, "noop": bench_noop, "watch": bench_watch, "http": bench_http,
    "written": lambda _, work: written.bench_written(work),
    "load": load.bench_load, "cold": load.bench_cold, "reader": load.bench_reader,
}  # fmt: skip


def main() -> None:
    """Run all, or the parts that are named, print a table, write bench.json."""
    os.environ["RENGLON_MODELS_DIR"] = str(MODELS)
    encoder = load_encoder(Settings(models_dir=MODELS))
    figures: dict[str, Any] = {}
    chosen = sys.argv[1:] or list(PARTS)
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            found = PARTS[name](encoder, Path(folder))
            print(
                name, {key: round(value, 3) for key, value in found.items()}, flush=True
            )  # what is cut short is not lost
            figures |= found
    table = Table("figure", "measured", "wanted", "")
    for name, value in figures.items():
        sign, limit = WANTED.get(name, ("", 0))
        met = value >= limit if sign == "≥" else value <= limit
        table.add_row(name, f"{value:.3g}", f"{sign} {limit}" if sign else "", ("✓" if met else "✗") if sign else "")
    Console().print(table)
    if chosen == list(PARTS):
        (ROOT / "bench.json").write_text(json.dumps({k: round(v, 4) for k, v in figures.items()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
