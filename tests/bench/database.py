"""PostgreSQL beside the data folder: `python -m tests.bench.database 10000 --answers`; part of `make bench`.

The synthetic passages of `store.py` go into both; ratios are to the data folder in the same run. Nothing is embedded,
but with `--answers`, which asks gold questions of the five articles with the real model and reader.

write_per_s       passages a second written to PostgreSQL with vectors, graph and words, and ÷ that to the folder
recall_24         share of the true nearest 24 that pgvector finds                          (want ≥ .99)
query_p50_ms      median of a search without the question's encoding, and ÷ that of the folder
words_p50_ms      median of the lexical search by tantivy on the node's disk; `tsvector_…`: by PostgreSQL's text search
tsvector_recall   share of tantivy's first 24 that PostgreSQL's ranking has among its own first 24
collect_s         seconds until a new node has collected all words
seen_ms           from a commit to a search on another node that sees it, median of 5       (want < 1,000)
take_over_s       from the death of the node that writes until another one does             (want ≤ 10)
node_mb           memory that another node takes, its model and the libraries left out      (want ≤ 60)
index_ratio       a sync of the five articles with the real model: folder ÷ PostgreSQL      (want ≥ .85)
answer_ratio      median of an answer over PostgreSQL ÷ over the folder                     (want ≤ 1.5)
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from index.database_store import DatabaseStore
from index.ingest.sync import Syncer
from index.model.encoder import Encoder, load_encoder
from index.records import ModelKey
from index.renglon import build_engine
from index.retriever import HybridRetriever
from index.storage.lexical import Analysis
from index.storage.protocol import Query
from index.store import Store
from index.writing import WritableStore
from rag.evidence.overlap import WORD
from rag.settings import Settings
from tests.bench.store import MODEL, Synthetic, changes, fill, recall, rss_mb, searches, timed
from tests.support.paths import MODELS, ROOT, SEEDS
from tests.support.postgres import Postgres, new_schema
from tests.support.processes import CHILDREN

ASKED, QUESTIONS = 100, 40
BY_COMMITS = 20_000  # passages; for more, the graph is built at the end, as after a migration


def main() -> None:
    """Print the figures for each size that was named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--tsvector", action="store_true", help="measure PostgreSQL's own text search too")
    parser.add_argument("--answers", action="store_true", help="measure answers, with the real model")
    chosen = parser.parse_args()
    server = Postgres()
    try:
        for size in chosen.sizes or [10_000]:
            with tempfile.TemporaryDirectory() as work:
                Figures(f"{size:,}", Path(work), new_schema(server.url)).of_store(size, chosen.tsvector)
        if chosen.answers:
            with tempfile.TemporaryDirectory() as work:
                Figures("articles", Path(work), new_schema(server.url)).of_answers()
    finally:
        server.stop()


class Figures:
    """Prints figures under a name, as they are measured."""

    def __init__(self, name: str, work: Path, url: str) -> None:
        self._name, self._work, self._url = name, work, url

    def say(self, **figures: float) -> None:
        """Print figures."""
        for name, value in figures.items():
            print(f"{self._name:>9} {name:<22} {value:,.3f}".rstrip("0").rstrip("."), flush=True)

    def of_store(self, size: int, tsvector: bool) -> None:
        """Writing and searching, without a model."""
        encoder = Synthetic()
        with DatabaseStore(self._work / "node", self._url) as node:
            node.require_writer()
            if size <= BY_COMMITS:
                written = filled(node, size)
                self.say(write_per_s=size / written)
            else:
                self.say(
                    rows_per_s=size / rows_only(node, size),
                    graph_s=timed(lambda: _none(node.database.index_model(MODEL))),
                )
                self.say(words_s=timed(lambda: _none(node.catch_up())))
            median = statistics.median(searches(node, encoder, ASKED))
            self.say(query_p50_ms=median, recall_24=recall(node, encoder), bytes_per_passage=node.size() / size)
            questions = [" ".join(text.split()[:8]) for text in encoder.texts(ASKED)]
            found, times = by_tantivy(node, questions)
            self.say(words_p50_ms=statistics.median(times))
            if tsvector:
                theirs, times = by_tsvector(node, questions)
                shared = [len(set(a) & set(b)) / max(1, len(a)) for a, b in zip(found, theirs, strict=True)]
                self.say(tsvector_p50_ms=statistics.median(times), tsvector_recall=statistics.mean(shared))
            with DatabaseStore(self._work / "second", self._url) as second:
                self.say(collect_s=timed(lambda: _none(second.catch_up())))
                self.say(seen_ms=1000 * statistics.median(seen(node, second, n) for n in range(5)))
                node.database.leadership.resign()
                self.say(take_over_s=timed(lambda: led(second)))
            self.say(node_mb=memory(self._work / "third", self._url))
        with Store(self._work / "folder") as folder:
            if size <= BY_COMMITS:
                self.say(write_ratio=filled(folder, size) / written)
            else:
                fill(folder, encoder, size)
                self.say(folder_rebuild_s=timed(lambda: _none(folder.rebuild())))
            self.say(query_ratio=median / statistics.median(searches(folder, encoder, ASKED)))

    def of_answers(self) -> None:
        """Indexing and answering, with the model."""
        encoder = load_encoder(Settings(models_dir=MODELS))
        lines = (ROOT / "eval" / "gold" / "seeds.jsonl").read_text().splitlines()
        questions = [json.loads(line)["question"] for line in lines[:: len(lines) // QUESTIONS]]
        with Store(self._work / "folder") as folder, DatabaseStore(self._work / "node", self._url) as node:
            node.require_writer()
            encoder.encode_query("warm")
            syncs = [
                timed(lambda store=store: _none(Syncer(store, encoder, 10**7).sync(SEEDS)))  # type: ignore[misc]
                for store in cast(list[WritableStore], [folder, node])
            ]
            self.say(index_ratio=syncs[0] / syncs[1])
            engines = [build_engine(store, encoder, Settings(models_dir=MODELS)) for store in (folder, node)]
            times: list[list[float]] = [[], []]
            for question in questions:  # in turn, so that what else the machine does falls on both alike
                for engine, own in zip(engines, times, strict=True):
                    own.append(timed(lambda e=engine, q=question: _none(e.answer(q))))  # type: ignore[misc]
            medians = [statistics.median(own) for own in times]
            self.say(answer_p50_ms=1000 * medians[1], answer_ratio=medians[1] / medians[0])


def _none(_: object) -> None:
    return None


def filled(store: WritableStore, size: int) -> float:
    """Seconds in which passages are written, each commit with its place in graph and words."""
    began = time.perf_counter()
    for change in changes(Synthetic(), size):
        store.replace([change], MODEL)
    store.catch_up()
    return time.perf_counter() - began


def rows_only(node: DatabaseStore, size: int) -> float:
    """Seconds in which passages are written that are in no graph yet."""
    began = time.perf_counter()
    for number, change in enumerate(changes(Synthetic(), size)):
        node.replace([change], MODEL)
        if not number:
            node.database.drop_other_graphs(ModelKey("none", "", 1))
    return time.perf_counter() - began


def by_tantivy(node: DatabaseStore, questions: list[str]) -> tuple[list[list[int]], list[float]]:
    """What the node's own index finds, and the milliseconds."""
    analysis, lexical, nowhere = Analysis(), node.lexical, Synthetic().encode_query("")
    found, times = [], []
    for question in questions:
        query = Query(nowhere, analysis.terms(question))
        began = time.perf_counter()
        found.append([pk for pk, _ in lexical.search(query, 24)])
        times.append((time.perf_counter() - began) * 1000)
    return found, times


def by_tsvector(node: DatabaseStore, questions: list[str]) -> tuple[list[list[int]], list[float]]:
    """What PostgreSQL's ranking finds over the same stems, and the milliseconds."""
    analysis = Analysis()
    with node.database.connect() as db:
        db.execute("SET statement_timeout = 0; CREATE TEMP TABLE stems (pk bigint, words tsvector)")
        last = 0
        while rows := node.catalog.texts_after(last, 5000):
            with db.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO stems VALUES (%s, array_to_tsvector(%s))",
                    [(pk, sorted(set(_stems(analysis, text)))) for pk, text in rows],
                )
            last = rows[-1][0]
        db.execute("CREATE INDEX ON stems USING gin (words); ANALYZE stems")
        found, times = [], []
        for question in questions:
            wanted = " | ".join(f"'{stem}'" for stem in sorted(set(_stems(analysis, question))))
            query = (
                "SELECT pk FROM stems, to_tsquery('simple', %s) q WHERE words @@ q "
                "ORDER BY ts_rank(words, q) DESC LIMIT 24"
            )
            began = time.perf_counter()
            found.append([row[0] for row in db.execute(query, (wanted,)).fetchall()])
            times.append((time.perf_counter() - began) * 1000)
    return found, times


def _stems(analysis: Analysis, text: str) -> list[str]:
    return [term for term in analysis.terms(text) if not term.startswith(WORD)]


def seen(node: DatabaseStore, second: DatabaseStore, number: int) -> float:
    """Seconds from a commit to the end of a search on another node that sees it."""
    retriever = HybridRetriever(second, cast(Encoder, Synthetic()))
    (change,) = changes(Synthetic(), 1, f"seen-{number}")
    node.replace([change], MODEL)
    began = time.perf_counter()
    while second.catalog.generation < node.catalog.generation:
        time.sleep(0.001)
    retriever.rank("palabra1 palabra2", Synthetic().encode_query(""))
    return time.perf_counter() - began


def led(node: DatabaseStore) -> None:
    """Return when a node writes."""
    while not node.lead():
        time.sleep(0.05)


def memory(folder: Path, url: str) -> float:
    """Megabytes by which a process grows that opens a node and searches."""
    mine, theirs = CHILDREN.Pipe()
    child = CHILDREN.Process(target=_grow, args=(str(folder), url, theirs))
    child.start()
    grown: float = mine.recv()
    child.join()
    return grown


def _grow(folder: str, url: str, out: Any) -> None:
    before = rss_mb()
    with DatabaseStore(Path(folder), url) as node:
        searches(node, Synthetic(), ASKED)
        out.send(rss_mb() - before)


if __name__ == "__main__":
    main()
