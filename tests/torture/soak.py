"""`python -m tests.torture.soak --minutes N`: mixed load against a real server; what it holds must not grow.

Clients ask, follow streams, leave in mid-stream or in mid-request, search, read, upload, replace and delete, change the
folder and sync it, and purge. Memory, file descriptors and threads of the server are sampled every two seconds.
Printed are the operations, whatever went wrong, and the slope of each series after the first quarter of the time, which
is warm-up. Ends with 1 when an operation failed. Only talks to loopback, and stops by itself.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests.support.clients import Client
from tests.support.paths import ROOT, SEEDS
from tests.support.server import ColdServer, free_port

SAMPLE_S = 2.0
CLIENTS = 4
NAMES = [f"nota{n}.txt" for n in range(20)]
# Refusals that are an answer: a busy queue, a document that another client deleted first.
EXPECTED = {200, 201, 202, 204, 404, 409, 422, 423, 429, 503}


@dataclass
class Sample:
    """What a process holds at a moment."""

    seconds: float
    memory_mb: float
    descriptors: int
    threads: int


SERIES = ("memory_mb", "descriptors", "threads")


@dataclass
class Report:
    """What was done and what the server held."""

    seconds: float = 0.0
    done: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def steady(self) -> list[Sample]:
        """The samples after the warm-up."""
        return [sample for sample in self.samples if sample.seconds >= self.seconds / 4]

    def slope(self, series: str) -> float:
        """Growth a minute after the warm-up, by least squares."""
        steady = self.steady()
        if len(steady) < 3:
            return 0.0
        times = np.array([sample.seconds / 60 for sample in steady])
        values = np.array([getattr(sample, series) for sample in steady], float)
        return float(np.polyfit(times, values, 1)[0])

    def __str__(self) -> str:
        lines = [f"{self.seconds / 60:.1f} minutes, {self.done.total():,} operations: {dict(self.done.most_common())}"]
        lines.append(f"statuses: {dict(sorted(self.statuses.items()))}; wrong: {len(self.wrong)}")
        for series in SERIES:
            values = [getattr(sample, series) for sample in self.steady()]
            if values:
                lines.append(
                    f"{series}: first {values[0]:.0f}, last {values[-1]:.0f}, least {min(values):.0f}, most"
                    f" {max(values):.0f}, slope {self.slope(series):+.3f} a minute"
                )
        return "\n".join(lines)


def sample(pid: int, seconds: float) -> Sample:
    """What a process holds now."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    descriptors = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Sample(seconds, int(fields["VmRSS"].split()[0]) / 1024, descriptors, int(fields["Threads"]))


class Soak:
    """The load on one server. Each client thread picks operations at random, by weight."""

    def __init__(self, url: str, corpus: Path, questions: Sequence[str], texts: Sequence[str], seed: int) -> None:
        self.report = Report()
        self._url, self._corpus, self._questions, self._texts, self._seed = url, corpus, questions, texts, seed
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._weights = {
            self.ask: 30, self.stream: 15, self.leave: 10, self.half: 10, self.search: 10, self.read: 10,
            self.upload: 8, self.delete: 4, self.sync: 2, self.purge: 0.5,
        }  # fmt: skip

    def run(self, pid: int, seconds: float) -> Report:
        """Load the server for a while."""
        threads = [threading.Thread(target=self._client, args=(self._seed + n,)) for n in range(CLIENTS)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        while (passed := time.monotonic() - began) < seconds:
            self.report.samples.append(sample(pid, passed))
            time.sleep(min(SAMPLE_S, max(seconds - passed, 0.01)))
        self._stop.set()
        for thread in threads:
            thread.join()
        self.report.seconds = time.monotonic() - began
        return self.report

    def _client(self, seed: int) -> None:
        pick = random.Random(seed)
        works, weights = list(self._weights), list(self._weights.values())
        with httpx.Client(base_url=self._url, timeout=300, trust_env=False) as http:
            while not self._stop.is_set():
                [work] = pick.choices(works, weights)
                try:
                    status = work(http, pick)
                except Exception as error:
                    self._note(work.__name__, 0, f"{work.__name__}: {error!r}")
                else:
                    self._note(work.__name__, status, "" if status in EXPECTED else f"{work.__name__}: {status}")
                time.sleep(pick.uniform(0, 0.05))

    def _note(self, name: str, status: int, wrong: str) -> None:
        with self._lock:
            self.report.done[name] += 1
            self.report.statuses[status] += 1
            if wrong:
                self.report.wrong.append(wrong)

    # -- operations: each returns the last status

    def ask(self, http: httpx.Client, pick: random.Random) -> int:
        """Ask; an answer's citations are verified ones."""
        answer = http.post("/v1/query", json={"question": pick.choice(self._questions)})
        if answer.is_success and not all(one["verified"] for one in answer.json()["citations"]):
            raise AssertionError("a citation does not hold")
        return answer.status_code

    def stream(self, http: httpx.Client, pick: random.Random) -> int:
        """Ask for a stream and read it to its end, which is an answer."""
        with http.stream("POST", "/v1/query", json=self._streamed(pick)) as response:
            kinds = [line[7:] for line in response.iter_lines() if line.startswith("event: ")]
        if response.is_success and kinds[-1] not in ("answer", "no_evidence"):
            raise AssertionError(f"a stream ended with {kinds[-1]}")
        return response.status_code

    def leave(self, http: httpx.Client, pick: random.Random) -> int:
        """Leave in mid-stream."""
        with http.stream("POST", "/v1/query", json=self._streamed(pick)) as response:
            for _ in zip(range(pick.randint(1, 3)), response.iter_lines(), strict=False):
                pass
        return response.status_code

    def half(self, _: httpx.Client, pick: random.Random) -> int:
        """Send part of a request and leave."""
        body = json.dumps({"question": pick.choice(self._questions)}).encode()
        head = "POST /v1/query HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        whole = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
        with Client(self._url, whole[: pick.randint(1, len(whole))]):
            time.sleep(pick.uniform(0, 0.1))
        return 200

    def search(self, http: httpx.Client, pick: random.Random) -> int:
        """Search."""
        return http.post("/v1/search", json={"query": pick.choice(self._questions)}).status_code

    def read(self, http: httpx.Client, pick: random.Random) -> int:
        """Read a document."""
        found = http.get("/v1/documents").json()["documents"]
        if not found:
            return 200
        return http.get(f"/v1/documents/{pick.choice(found)['id']}/lines").status_code

    def upload(self, http: httpx.Client, pick: random.Random) -> int:
        """Upload a note, new or under a name that exists."""
        files = {"files": (pick.choice(NAMES), pick.choice(self._texts).encode())}
        return http.post("/v1/documents", files=files).status_code

    def delete(self, http: httpx.Client, pick: random.Random) -> int:
        """Delete an upload."""
        found = http.get("/v1/documents").json()["documents"]
        own = [one["id"] for one in found if one["file"].startswith("uploads/")]
        return http.delete(f"/v1/documents/{pick.choice(own)}").status_code if own else 200

    def sync(self, http: httpx.Client, pick: random.Random) -> int:
        """Change a file of the folder and bring the change in."""
        path = self._corpus / f"cambia{pick.randint(0, 4)}.txt"
        if path.exists() and pick.random() < 0.3:
            path.unlink(missing_ok=True)
        else:
            path.write_text(pick.choice(self._texts))
        return self._job(http, "/v1/index/sync")

    def purge(self, http: httpx.Client, _: random.Random) -> int:
        """Take what was deleted off the disk."""
        return self._job(http, "/v1/index/purge")

    def _job(self, http: httpx.Client, path: str) -> int:
        job = http.post(path)
        if job.status_code != 202:
            return job.status_code
        with http.stream("GET", f"/v1/jobs/{job.json()['id']}", headers={"accept": "text/event-stream"}) as events:
            steps = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
        if steps[-1]["state"] != "done":
            raise AssertionError(f"a job ended with {steps[-1]['error']}")
        return 200

    def _streamed(self, pick: random.Random) -> dict[str, Any]:
        return {"question": pick.choice(self._questions), "stream": True}


def questions() -> list[str]:
    """The gold questions of the five articles."""
    return [json.loads(line)["question"] for line in (ROOT / "eval/gold/seeds.jsonl").read_text().splitlines()]


def texts() -> list[str]:
    """Pieces of the five articles, three lines each."""
    lines = [line for path in sorted(SEEDS.iterdir()) for line in path.read_text().splitlines() if line.strip()]
    return ["\n".join(lines[at : at + 3]) + "\n" for at in range(0, len(lines) - 3, 3)]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 when something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    work = Path(tempfile.mkdtemp(prefix="renglon-soak-"))
    shutil.copytree(SEEDS, work / "corpus")
    server = ColdServer(work / "data", work / "corpus", free_port())
    try:
        server.wait("/readyz")
        soak = Soak(server.url, work / "corpus", questions(), texts(), options.seed)
        report = soak.run(server.process.pid, options.minutes * 60)
        faults = server.wait("/readyz").json()["faults"]
    finally:
        printed = server.stop()
        shutil.rmtree(work, ignore_errors=True)
    print(report)
    for wrong in report.wrong[:20]:
        print(wrong)
    print(f"faults of threads: {faults or 'none'}")
    for line in [line for line in printed.splitlines() if line.startswith("ERROR ")][:20]:
        print(line)
    return 1 if report.wrong or faults else 0


if __name__ == "__main__":
    sys.exit(main())
