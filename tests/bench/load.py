"""Many clients at once, a cold start, and what the reader costs; ratios of figures from the same run.

load_ratio_N        answers/s at N clients ÷ answers/s at one, N = 4, 16, 64, 256          (want ≥ 3 at 16 and at 256)
load_p99_ratio_N    99th percentile at N clients, refusals included, ÷ the median at one   (want ≤ 8 at 16)
load_longest_s_256  the longest that any of 256 clients waited to be answered or refused   (want ≤ 3)
load_refused_N      share of requests that were refused with 503
load_rss_ratio      the server's memory after 256 clients ÷ after one                      (want ≤ 1.3)
cold_torch_s        a process that imports torch and nothing else, for comparison
cold_help_s         `renglon --help`                                                       (want ≤ 0.5)
cold_doctor_s       `renglon doctor`                                                       (want ≤ 0.5)
cold_ask_s          `renglon ask` without a server                                         (want ≤ 4)
cold_ready_s        from the second start of a server to ready                             (want ≤ 5)
reader_p50_ratio    median of an answer with the reader ÷ median of a bare encoding        (want ≤ 6)
reader_p95_ratio    the same at the 95th percentile                                        (want ≤ 10)
reader_mb           memory of a server with the reader less that of one without it         (want ≤ 150)
plain_p50_ratio     median of an answer without the reader ÷ median of a bare encoding     (want ≤ 1.4)
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from index.model.encoder import Encoder
from tests.support.paths import ROOT, SEEDS
from tests.support.processes import environment_of
from tests.support.server import ColdServer, free_port

QUESTIONS = [json.loads(line)["question"] for line in (ROOT / "eval/gold/seeds.jsonl").read_text().splitlines()]
CLIENTS, SECONDS = (1, 4, 16, 64, 256), 12.0
ASKED, BLOCK = 120, 15
WANTED: dict[str, tuple[str, float]] = {
    "load_ratio_16": ("≥", 3), "load_ratio_256": ("≥", 3), "load_p99_ratio_16": ("≤", 8),
    "load_longest_s_256": ("≤", 3), "load_rss_ratio": ("≤", 1.3), "cold_help_s": ("≤", 0.5),
    "cold_doctor_s": ("≤", 0.5), "cold_ask_s": ("≤", 4), "cold_ready_s": ("≤", 5), "reader_p50_ratio": ("≤", 6),
    "reader_p95_ratio": ("≤", 10), "reader_mb": ("≤", 150), "plain_p50_ratio": ("≤", 1.4),
}  # fmt: skip


@dataclass
class Seen:
    """What the clients of one round saw: seconds of answers and of refusals."""

    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def all(self) -> list[float]:
        """Seconds of all requests."""
        return self.answered + self.refused


def bench_load(_: Encoder, work: Path) -> dict[str, float]:
    """Rounds with more and more clients against one server, with the reader."""
    server = ColdServer(work / "load", SEEDS, free_port())
    figures: dict[str, float] = {}
    rounds: dict[int, Seen] = {}
    memory: dict[int, float] = {}
    try:
        server.wait("/readyz", 600)
        asyncio.run(_round(server.url, 2, 3))  # its memory is as it will be
        for clients in CLIENTS:
            rounds[clients] = asyncio.run(_round(server.url, clients, SECONDS))
            memory[clients] = _rss_mb(server.process.pid)
    finally:
        server.stop()
    rate = {n: len(seen.answered) / SECONDS for n, seen in rounds.items()}
    alone = statistics.median(rounds[1].answered)
    for n in CLIENTS[1:]:
        figures[f"load_ratio_{n}"] = rate[n] / rate[1]
        figures[f"load_p99_ratio_{n}"] = _percentile(rounds[n].all(), 99) / alone
        figures[f"load_refused_{n}"] = len(rounds[n].refused) / len(rounds[n].all())
    return {
        **figures, "load_per_s_1": rate[1], "load_p50_ms_1": alone * 1000,
        "load_longest_s_256": max(rounds[256].all()), "load_rss_ratio": memory[256] / memory[1],
    }  # fmt: skip


async def _round(url: str, clients: int, seconds: float) -> Seen:
    seen, until = Seen(), time.perf_counter() + seconds
    await asyncio.gather(*(_client(url, seen, until, random.Random(n)) for n in range(clients)))
    return seen


async def _client(url: str, seen: Seen, until: float, rng: random.Random) -> None:
    """Ask one question after the other; after a refusal wait as long as it says. Written by hand, since the client
    computes on the same processors."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    while (began := time.perf_counter()) < until:
        body = json.dumps({"question": rng.choice(QUESTIONS)}).encode()
        head = f"POST /v1/query HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        await reader.readexactly(int(headers["content-length"]))
        refused = status.split()[1] == "503"
        (seen.refused if refused else seen.answered).append(time.perf_counter() - began)
        if refused:
            await asyncio.sleep(min(float(headers["retry-after"]), max(0.0, until - time.perf_counter())))
            writer.close()  # the server may have closed it meanwhile
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.close()


def bench_cold(_: Encoder, work: Path) -> dict[str, float]:
    """Processes that start from nothing; the median of three each."""
    data = work / "cold"
    first = ColdServer(data, SEEDS, free_port())
    try:
        first.wait("/readyz", 600)
    finally:
        first.stop()
    ask = ["-m", "api", "ask", QUESTIONS[0]]
    figures = {
        "cold_torch_s": _process(data, ["-c", "import torch"]), "cold_help_s": _process(data, ["-m", "api", "--help"]),
        "cold_doctor_s": _process(data, ["-m", "api", "doctor"]), "cold_ask_s": _process(data, ask),
    }  # fmt: skip
    again = ColdServer(data, SEEDS, free_port())
    try:
        again.wait("/readyz", 600)
        figures["cold_ready_s"] = time.monotonic() - again.started
    finally:
        again.stop()
    return figures


def _process(data: Path, arguments: Sequence[str]) -> float:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments], env=environment_of(data), cwd=ROOT, capture_output=True, check=True
        )
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def bench_reader(encoder: Encoder, work: Path) -> dict[str, float]:
    """Answers with the reader, without it, and bare encodings, in turn, so that the machine's drift meets all."""
    servers = {
        "reader": ColdServer(work / "with", SEEDS, free_port()),
        "plain": ColdServer(work / "without", SEEDS, free_port(), RENGLON_READER="off"),
    }
    times: dict[str, list[float]] = {"reader": [], "plain": [], "bare": []}
    try:
        for server in servers.values():
            server.wait("/readyz", 600)
        with httpx.Client(timeout=60) as client:
            for begin in range(0, ASKED, BLOCK):
                questions = [QUESTIONS[n % len(QUESTIONS)] for n in range(begin, begin + BLOCK)]
                for name, server in servers.items():
                    time.sleep(0.2)  # threads that wait for the next parallel section spin for a while
                    times[name] += [_asked(client, server.url, question) for question in questions]
                time.sleep(0.2)
                times["bare"] += [_encoded(encoder, question) for question in questions]
        memory = {name: _rss_mb(server.process.pid) for name, server in servers.items()}
    finally:
        for server in servers.values():
            server.stop()
    half = {name: statistics.median(values) for name, values in times.items()}
    return {
        "reader_p50_ratio": half["reader"] / half["bare"],
        "reader_p95_ratio": _percentile(times["reader"], 95) / _percentile(times["bare"], 95),
        "plain_p50_ratio": half["plain"] / half["bare"], "reader_mb": memory["reader"] - memory["plain"],
        "reader_p50_ms": half["reader"] * 1000, "bare_p50_ms": half["bare"] * 1000,
    }  # fmt: skip


def _asked(client: httpx.Client, url: str, question: str) -> float:
    began = time.perf_counter()
    assert client.post(f"{url}/v1/query", json={"question": question}).is_success
    return time.perf_counter() - began


def _encoded(encoder: Encoder, question: str) -> float:
    began = time.perf_counter()
    encoder.encode_query(question)
    return time.perf_counter() - began


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024
