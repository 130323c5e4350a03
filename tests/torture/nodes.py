"""`python -m tests.torture.nodes`: nodes over one PostgreSQL while they, and it, are killed. Part of `make torture`.

gold      three nodes answer the gold questions while one is killed every ten seconds and documents change; their
          share of right answers may differ by .5 points from the data folder's (`--seconds`, 300)
writer    kill -9 of the node that writes, during uploads           (`--times`, 100)
reader    kill -9 of another node
server    kill -9 of PostgreSQL itself

0 acknowledged lost and 0 wrong citations are wanted; ends with 1 otherwise. The nodes have E5's vectors of a pool of
texts from a file, and no reader; everything else is the real thing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from index.ingest.sync import Syncer
from index.model.encoder import load_encoder
from index.renglon import build_engine
from index.store import Store
from rag.settings import Settings
from tests.support.nodes import Cluster
from tests.support.paths import MODELS, ROOT, SEEDS
from tests.support.postgres import Postgres, new_schema
from tests.support.remembering import TEXTS, Remembering

KILL_EVERY_S, CHANGE_S, TOLERATED = 10.0, 0.7, 0.5
Figures = dict[str, Any]


class Run:
    """A working folder, a server, and the vectors that the nodes have."""

    def __init__(self, work: Path, server: Postgres) -> None:
        self.work, self.server = work, server
        self.encoder = Remembering(load_encoder(Settings(models_dir=MODELS)))
        self.memory = work / "memory"
        self.encoder.learn(self.memory)
        self.wrong: list[str] = []

    def cluster(self, name: str, corpus: Path, texts: Sequence[str] = TEXTS) -> Cluster:
        """Three nodes over an empty database."""
        work = self.work / name
        work.mkdir()
        return Cluster(work, corpus, self.memory, new_schema(self.server.url), texts=texts)

    def deaths(self, name: str, times: int) -> Figures:
        """One death after the other, each in the middle of uploads and questions."""
        corpus = self.work / f"{name}-corpus"
        corpus.mkdir()
        (corpus / "uno.txt").write_text(TEXTS[0])
        cluster, longest = self.cluster(name, corpus), 0.0
        try:
            cluster.start()
            for step in range(times):
                _busy(cluster, CHANGE_S)
                began = time.monotonic()
                if name == "server":
                    self.server.kill()
                    _busy(cluster, 0.2)
                    self.server.start()
                else:
                    node = next(n for n in cluster.nodes if (n.url == cluster.writer()) == (name == "writer"))
                    node.kill()
                    cluster.until_written()
                    longest = max(longest, time.monotonic() - began)
                    node.start()
                cluster.compare(f"{name} {step}")
        finally:
            cluster.stop()
        self.wrong += cluster.wrong
        return {"deaths": times, "acknowledged": cluster.acknowledged, "answered": cluster.answered,
                "refused": cluster.refused, "longest_until_a_write_s": round(longest, 1)}  # fmt: skip

    def gold(self, seconds: float) -> Figures:
        """The five articles and their questions."""
        lines = (ROOT / "eval" / "gold" / "seeds.jsonl").read_text().splitlines()
        questions = [json.loads(line) for line in lines]
        with Store(self.work / "alone") as store:
            Syncer(store, self.encoder, 10**7).sync(SEEDS)
            engine = build_engine(store, self.encoder, Settings(models_dir=MODELS))
            alone = [_right(asked, engine.answer(asked["question"]).model_dump()) for asked in questions]
        self.encoder.keep(self.memory)
        # What is uploaded is about other things than the articles: it must not change what is right.
        cluster = self.cluster("gold", SEEDS, [TEXTS[n] for n in (0, 1, 5, 6, 7)])
        right: list[tuple[bool, bool]] = []
        kills = 0
        try:
            cluster.start()
            end, next_kill, down = time.monotonic() + seconds, time.monotonic() + KILL_EVERY_S, None
            while time.monotonic() < end:
                cluster.write()
                if down and time.monotonic() > next_kill - KILL_EVERY_S / 2:
                    down.start()
                    down = None
                if time.monotonic() > next_kill:
                    down = cluster.rng.choice(cluster.nodes)
                    down.kill()
                    kills, next_kill = kills + 1, next_kill + KILL_EVERY_S
                number = len(right) % len(questions)
                if (answer := cluster.answer(questions[number]["question"])) is not None:
                    right.append((_right(questions[number], answer), alone[number]))
            if down:
                down.start()
            cluster.compare("gold")
        finally:
            cluster.stop()
        self.wrong += cluster.wrong
        share = [round(100 * sum(column) / max(len(right), 1), 1) for column in zip(*right, strict=True)]
        if abs(share[0] - share[1]) > TOLERATED:
            self.wrong.append(f"{share[0]} % were answered rightly, and {share[1]} % over the data folder")
        return {"seconds": seconds, "kills": kills, "questions": len(right), "acknowledged": cluster.acknowledged,
                "refused": cluster.refused, "right_percent": share[0], "right_over_the_folder": share[1]}  # fmt: skip


def _busy(cluster: Cluster, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        cluster.write()
        cluster.ask()


def _right(asked: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Whether an answer holds what was asked for; of a question without an answer, whether it says so."""
    if not asked["answerable"]:
        return answer["status"] != "answered"
    said = " ".join(answer["text"].lower().split())
    return any(" ".join(wanted.lower().split()) in said for wanted in asked["answers"])


def main() -> int:
    """Run the parts that were named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["gold", "writer", "reader", "server", []])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300)
    chosen = parser.parse_args()
    server = Postgres()
    try:
        with tempfile.TemporaryDirectory(prefix="renglon-nodes-") as work:
            run = Run(Path(work), server)
            parts: dict[str, Callable[[], Figures]] = {
                "gold": lambda: run.gold(chosen.seconds),
                **{name: lambda name=name: run.deaths(name, chosen.times) for name in ("writer", "reader", "server")},  # type: ignore[misc]
            }
            for name, part in parts.items():
                if not chosen.parts or name in chosen.parts:
                    print(json.dumps({name: part()}), flush=True)
            for problem in run.wrong:
                print(problem, file=sys.stderr)
            return 1 if run.wrong else 0
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
