"""The store at scale: `python -m tests.bench.store 10000 100000`, with synthetic passages; part of `make bench`.

Vectors are points around 200 centres, since uniform ones have no neighbours; texts are words drawn by Zipf's law.
Chroma and tantivy are the real ones, Chroma once in the process and once as a server. Nothing is embedded.

rebuild_per_s    passages/s of a rebuild of both projections from stored vectors          (want ≥ 3,000 at 10,000)
query_p50_ms     median of a search without the question's encoding: both sides, fused
open_s           seconds from opening to the first result, with what Chroma replays
resync_s         seconds of a sync after one file of 1,000 changed, less its embedding     (want < 1)
sync_p95_ratio   95th percentile of a search during a sync ÷ the one at rest               (want ≤ 3)
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np

from index.corpus.documents import document_of
from index.corpus.passages import Passage, Span
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.records import Change, ModelKey
from index.retriever import HybridRetriever
from index.storage.disk import size_of
from index.storage.protocol import Query
from index.store import Store
from index.writing import WritableStore
from rag.vectors import Vectors
from tests.support.chroma import chroma_server

DIMENSION, ASKED, PER_DOCUMENT = 384, 200, 500
WORDS = 20_000
MODEL = ModelKey("synthetic", "1", DIMENSION)


class Synthetic:
    """Stands where the encoder does: random vectors, at no cost."""

    name, revision, dimension = "synthetic", "1", DIMENSION

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.centres = self.rng.normal(size=(200, DIMENSION))

    def vectors(self, count: int) -> Vectors:
        """Unit vectors around the centres."""
        found = self.centres[self.rng.integers(0, 200, count)] + self.rng.normal(size=(count, DIMENSION))
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    def texts(self, count: int) -> list[str]:
        """Lines of 120 words."""
        words = np.minimum(self.rng.zipf(1.2, size=(count, 120)), WORDS)
        return [" ".join(f"palabra{n}" for n in row) + "." for row in words]

    def encode_documents(self, passages: list[Any], progress: Any = None) -> tuple[Vectors, Vectors]:
        """Vectors of passages and of their sentences."""
        return self.vectors(len(passages)), self.vectors(sum(len(spans) for _, spans in passages))

    def encode_query(self, _: str) -> Vectors:
        """The vector of a question."""
        return cast(Vectors, self.vectors(1)[0])


def changes(encoder: Synthetic, passages: int, prefix: str = "") -> Iterator[Change]:
    """Documents of so many passages together."""
    for n, have in enumerate(range(0, passages, PER_DOCUMENT)):
        lines = encoder.texts(min(PER_DOCUMENT, passages - have))
        document = document_of(f"{prefix}{n}.txt", "\n".join(lines).encode())
        parts, start = [], 0
        for line, text in enumerate(lines, 1):
            span = Span(start, start + len(text), line, line)
            parts.append(Passage(span, (span,)))
            start += len(text) + 1
        vectors, sentences = encoder.vectors(len(parts)), encoder.vectors(len(parts))
        yield Change(document, "/", parts, vectors, sentences)


def fill(store: Store, encoder: Synthetic, passages: int) -> None:
    """Put documents into the catalogue alone; the projections are the rebuild's work."""
    for change in changes(encoder, passages):
        store.catalog.replace(change, MODEL, store.catalog.reserve(len(change.passages)))


def searches(store: WritableStore, encoder: Synthetic, count: int) -> list[float]:
    """Milliseconds of searches, each with another question."""
    retriever = HybridRetriever(store, cast(Encoder, encoder))
    times = []
    for text in encoder.texts(count):
        question, vector = " ".join(text.split()[:8]), encoder.encode_query(text)
        start = time.perf_counter()
        retriever.rank(question, vector)
        times.append((time.perf_counter() - start) * 1000)
    return times


def recall(store: WritableStore, encoder: Synthetic) -> float:
    """The share of the 24 nearest passages that the dense index finds."""
    pks, vectors = [], []
    for some, matrix, _ in store.catalog.batches(5000):
        pks += some
        vectors.append(matrix)
    matrix, questions = np.concatenate(vectors), encoder.vectors(50)
    exact = [{pks[i] for i in np.argpartition(-(matrix @ question), 24)[:24]} for question in questions]
    found = [{pk for pk, _ in store.dense.search(Query(question), 24)} for question in questions]
    return float(np.mean([len(a & b) / 24 for a, b in zip(exact, found, strict=True)]))


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rss_mb(pid: int | str = "self") -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


def scale(work: Path, passages: int, url: str | None = None, pid: int | None = None) -> dict[str, float]:
    """Build, search, open again."""
    encoder = Synthetic()
    with Store(work, chroma_url=url) as store:
        before = rss_mb()
        if not store.catalog.generation:
            fill(store, encoder, passages)
        spent = time.process_time()
        seconds = timed(store.rebuild)
        spent = time.process_time() - spent
        searches(store, encoder, 20)
        times = searches(store, encoder, ASKED)
        figures = {
            "passages": passages, "rebuild_s": seconds, "rebuild_per_s": passages / seconds,
            "rebuild_cpu_s": spent,
            "query_p50_ms": statistics.median(times), "query_p95_ms": p95(times), "rss_mb": rss_mb() - before,
            "catalogue_mb": size_of(work / "catalog.sqlite") / 1e6, "tantivy_mb": size_of(work / "lexical") / 1e6,
            "chroma_mb": size_of(work / "dense") / 1e6,
        }  # fmt: skip
        figures["dense_recall_at_24"] = recall(store, encoder)
        if pid is not None:
            figures |= {"chroma_server_rss_mb": rss_mb(pid)}
    start = time.perf_counter()
    with Store(work, chroma_url=url) as store:
        store.catch_up()
        searches(store, encoder, 1)
        figures["open_s"] = time.perf_counter() - start
        figures["clean"] = store.left_clean
    return figures


def bench_changes(work: Path) -> dict[str, float]:
    """One changed file among 1,000, and searches while 200 files change."""
    folder, encoder = work / "files", Synthetic()
    folder.mkdir()
    for n, text in enumerate(encoder.texts(1000)):
        (folder / f"{n}.txt").write_text(text)
    with Store(work / "changes") as store:
        syncer = Syncer(store, cast(Encoder, encoder), 10**7)
        syncer.sync(folder)

        def change(count: int) -> None:
            for n, text in enumerate(encoder.texts(count)):
                (folder / f"{n}.txt").write_text(text)
            syncer.sync(folder)

        resync = min(timed(lambda: change(1)) for _ in range(3))
        searches(store, encoder, 50)
        idle, busy = searches(store, encoder, ASKED), []
        thread = threading.Thread(target=lambda: [change(200) for _ in range(3)])
        thread.start()
        while thread.is_alive():
            busy += searches(store, encoder, 20)
        thread.join()
    return {
        "resync_s": resync,
        "idle_p95_ms": p95(idle),
        "sync_p95_ms": p95(busy),
        "sync_p95_ratio": p95(busy) / p95(idle),
    }


def main() -> None:
    """Print the figures of each size."""
    sizes = [int(size) for size in sys.argv[1:]] or [10_000]
    with tempfile.TemporaryDirectory() as folder:
        print({name: round(value, 3) for name, value in bench_changes(Path(folder)).items()}, flush=True)
        for size in sizes:
            work = Path(folder) / str(size)
            print("local ", {k: round(v, 2) for k, v in scale(work, size).items()}, flush=True)
            with chroma_server(Path(folder) / f"server{size}") as (url, pid):
                print("server", {k: round(v, 2) for k, v in scale(work, size, url, pid).items()}, flush=True)
    print("peak MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


if __name__ == "__main__":
    main()
