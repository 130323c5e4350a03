"""What larger corpora would take: `python -m tests.bench.plan` prints the table of docs/scaling.md.

It takes measured costs of single parts and multiplies; only the wait for the slowest of several shards is simulated.
Nothing here was run at these sizes. Other costs are given as `--name value`, so that one's own machine can be put in.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, fields

import numpy as np

HOUR, DAY, GB = 3600.0, 86_400.0, 1e9
DRAWS = 20_000


@dataclass(frozen=True)
class Costs:
    """Of one part each, as docs/scaling.md gives them."""

    embed_per_core_s: float = 8.0  # passages a second with their sentences, on one core
    answer_core_s: float = 0.18  # processor time of an answer: encoding, ranking, reading
    table_bytes: float = 6_400.0  # in PostgreSQL for a passage, its sentence, vectors and graph
    graph_bytes: float = 1_600.0  # of these, what must be in memory for a search to be fast
    words_bytes: float = 200.0  # of tantivy's index, on each node
    words_per_s: float = 4_000.0  # passages whose words a new node collects in a second
    write_per_s: float = 160.0  # passages a second that one writer brings into tables and graph
    search_ms: float = 8.0  # median of a search for vectors among 10,000
    search_spread: float = 0.5  # standard deviation of its logarithm: 95th percentile ÷ median is 2.3
    shard_passages: float = 1e7  # what one server holds: its graph in 16 GB
    core_per_node: float = 8.0


def rows(costs: Costs, sizes: list[float]) -> list[list[str]]:
    """A row for each number of passages."""
    found = []
    for size in sizes:
        shards = max(1, math.ceil(size / costs.shard_passages))
        answers = costs.core_per_node / costs.answer_core_s
        median, slow = waits(costs, min(size, costs.shard_passages), shards)
        hours = {
            "embedding": size / (costs.embed_per_core_s * costs.core_per_node * shards) / HOUR,
            "writing": size / (costs.write_per_s * shards) / HOUR,
            "collecting words": size / shards / costs.words_per_s / HOUR,
        }
        longest = max(hours, key=lambda name: hours[name])
        found.append([
            f"{size:,.0f}", f"{shards:,}", f"{answers:.0f}", f"{median:.0f} / {slow:.0f} ms",
            _bytes(size * costs.table_bytes), _bytes(min(size, costs.shard_passages) * costs.graph_bytes),
            _bytes(min(size, costs.shard_passages) * costs.words_bytes), f"{_time(hours[longest])} ({longest})",
        ])  # fmt: skip
    return found


def waits(costs: Costs, passages: float, shards: int) -> tuple[float, float]:
    """Median and 99th percentile of the wait for the slowest of so many shards, in milliseconds.

    A graph's search grows with the logarithm of what it holds. Above 10,000 draws at once, some shards stand for all.
    """
    one = costs.search_ms * math.log(max(passages, 10)) / math.log(10_000)
    rng = np.random.default_rng(0)
    slowest = np.zeros(DRAWS)
    for _ in range(min(shards, 2_000)):
        slowest = np.maximum(slowest, rng.lognormal(math.log(one), costs.search_spread, DRAWS))
    return float(np.median(slowest)), float(np.quantile(slowest, 0.99))


def _bytes(count: float) -> str:
    return f"{count / GB:,.0f} GB" if count >= GB else f"{count / 1e6:,.0f} MB"


def _time(hours: float) -> str:
    return f"{hours / 24:,.1f} days" if hours > 48 else f"{hours:.1f} h"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=float, default=[1e4, 1e5, 1e6, 1e8, 1e10])
    for cost in fields(Costs):
        parser.add_argument(f"--{cost.name}", type=float, default=cost.default)
    chosen = vars(parser.parse_args())
    sizes = chosen.pop("sizes")
    head = ["passages", "shards", "answers/s a node", "vectors, median / 99th", "tables", "memory a shard",
            "words a node and shard", "first build"]  # fmt: skip
    for row in [head, ["---"] * len(head), *rows(Costs(**chosen), sizes)]:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
