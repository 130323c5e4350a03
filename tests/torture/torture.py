"""`make torture`: what a data folder survives. Prints figures; ends with 1 when anything was lost.

machine   the state machine of `machine.py`, 2,000 runs of 60 steps
files     each kind of file that Chroma and tantivy write, cut to nothing, halved and overwritten
kills     kill -9 at random moments of a sync
http      kill -9 at random moments of uploads, changes and deletions over HTTP
names     5,000 hostile ids and file names over HTTP
disk      a disk that fills up (a tmpfs; needs root)
fuzz      the HTTP interface, asked what its description allows, by schemathesis

`python -m tests.torture kills http` runs some; `--times N` sets how often.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from hypothesis.stateful import run_state_machine_as_test

from index.health import healer
from index.ingest.sync import Syncer
from index.model.encoder import Encoder, load_encoder
from index.storage import dense, disk
from index.store import Store
from rag.errors import DataFolderUnusable
from rag.settings import Settings
from tests.support import hostile_names
from tests.support.machine import Life, machine_settings
from tests.support.paths import MODELS, SEEDS
from tests.support.processes import CHILDREN
from tests.support.remembering import SENTENCES, TEXTS, Remembering
from tests.support.server import Server, free_port
from tests.support.soundness import unsound
from tests.support.web import web
from tests.torture import processes

Figures = dict[str, Any]


class Torture:
    """A working folder, an encoder, and what was found wrong."""

    def __init__(self, work: Path, encoder: Encoder) -> None:
        self.work = work
        self.encoder = Remembering(encoder)
        self.memory = work / "memory"
        self.encoder.learn(self.memory)
        self.wrong: list[str] = []

    def machine(self, times: int) -> Figures:
        """Long lives."""
        Life.encoder = self.encoder
        run_state_machine_as_test(Life, settings=machine_settings(times or 2000, 60))
        return {"runs": times or 2000, "steps": 60}

    def files(self, _: int) -> Figures:
        """Every kind of file, each harm, one at a time; a restart must mend it."""
        whole = self.work / "whole"
        corpus = self.work / "many"
        corpus.mkdir()
        for n in range(400):
            (corpus / f"{n}.txt").write_text(TEXTS[n % len(TEXTS)])
        dense.SYNC_THRESHOLD, usual = 100, dense.SYNC_THRESHOLD  # else Chroma writes its graph at 20,000 alone
        with Store(whole) as store:
            Syncer(store, self.encoder, 10**7).sync(corpus)
        dense.SYNC_THRESHOLD = usual
        harms: dict[str, Callable[[bytes], bytes]] = {
            "emptied": lambda _: b"", "halved": lambda content: content[: len(content) // 2],
            "overwritten": lambda content: b"\xa5" * len(content),
        }  # fmt: skip
        tried, slowest = 0, 0.0
        names = [path.relative_to(whole) for kind in ("dense", "lexical") for path in sorted((whole / kind).rglob("*"))]
        for name in [name for name in names if (whole / name).is_file() and (whole / name).stat().st_size]:
            for harm, change in harms.items():
                copy = self.work / "copy"
                shutil.copytree(whole, copy)
                (copy / healer.MARK).unlink()
                (copy / name).write_bytes(change((whole / name).read_bytes()))
                print(f"{name} {harm}", flush=True)  # named before it is tried: a crash would leave no other word
                began = time.perf_counter()
                with Store(copy) as store:
                    store.catch_up()
                    store.wait_until_mended(120)
                    slowest = max(slowest, time.perf_counter() - began)
                    self.wrong += [f"{name} {harm}: {problem}" for problem in unsound(store)]
                tried += 1
                shutil.rmtree(copy)
        return {"files": tried // len(harms), "harms": tried, "slowest_restart_s": round(slowest, 1)}

    def kills(self, times: int) -> Figures:
        """One life after the other over the same folder, each cut short."""
        data, corpus, acks, found = (str(self.work / name) for name in ("data", "corpus", "acks.json", "found.json"))
        Path(corpus).mkdir()
        rng, seconds, damaged = random.Random(1), [], 0
        for n in range(times or 100):
            doomed = CHILDREN.Process(target=processes.sync_for_ever, args=(data, corpus, str(self.memory), acks, n))
            doomed.start()
            time.sleep(rng.uniform(0.05, 2.0))
            doomed.kill()
            doomed.join()
            witness = CHILDREN.Process(target=processes.look, args=(data, corpus, str(self.memory), acks, found))
            witness.start()
            witness.join(180)
            if witness.exitcode != 0:
                self.wrong.append(f"kill {n}: the next start ended with {witness.exitcode}")
                continue
            report = json.loads(Path(found).read_text())
            self.wrong += [f"kill {n}: {problem}" for problem in report["wrong"]]
            seconds.append(report["seconds"])
            damaged += bool(report["damaged"])
        return {
            "kills": times or 100, "left_a_damaged_projection": damaged,
            "restart_s_median": round(sorted(seconds)[len(seconds) // 2], 1), "restart_s_max": round(max(seconds), 1),
        }  # fmt: skip

    def http(self, times: int) -> Figures:
        """What a server acknowledged before it was killed is there when the next one is ready."""
        data, corpus = self.work / "http-data", self.work / "http-corpus"
        corpus.mkdir()
        (corpus / "uno.txt").write_text(TEXTS[0])
        rng, kept, writes = random.Random(2), dict[str, str | None](), 0
        for n in range(times or 100):
            port = free_port()
            server, url = self._server(data, corpus, port)
            inflight: tuple[str, str | None] = ("", None)
            with httpx.Client(base_url=url, timeout=30) as client:
                self._compare(client, kept, inflight, f"start {n}")
                killer = CHILDREN.Process(target=_kill_later, args=(server.pid, rng.uniform(0.05, 1.0)))
                killer.start()
                try:
                    while True:
                        name = rng.choice(processes.NAMES)
                        text = None if kept.get(name) and rng.random() < 0.3 else rng.choice(TEXTS)
                        inflight = (name, text)
                        _write(client, name, text)
                        kept[name], writes = text, writes + 1
                except httpx.TransportError:
                    pass
                killer.join()
                server.join()
            server, url = self._server(data, corpus, free_port())
            with httpx.Client(base_url=url, timeout=30) as client:
                kept = self._compare(client, kept, inflight, f"kill {n}")
            server.terminate()
            server.join()
        return {"kills": times or 100, "acknowledged_writes": writes}

    def _server(self, data: Path, corpus: Path, port: int) -> tuple[Any, str]:
        process = CHILDREN.Process(
            target=processes.serve_for_ever, args=(str(data), str(corpus), str(self.memory), port)
        )
        process.start()
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                if web.get(f"{url}/readyz").is_success:
                    return process, url
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("the server did not become ready")

    def _compare(
        self, client: httpx.Client, kept: dict[str, str | None], inflight: tuple[str, str | None], when: str
    ) -> dict[str, str | None]:
        """What is served against what was acknowledged; returns what is served."""
        rows = {row["file"]: row for row in client.get("/v1/documents").json()["documents"]}
        served: dict[str, str | None] = {}
        for name in processes.NAMES:
            row = next((row for file, row in rows.items() if file.endswith(f"/{name}")), None)
            allowed = {kept.get(name), *([inflight[1]] if inflight[0] == name else [])}
            digests = {text and hashlib.sha256(text.encode()).hexdigest(): text for text in allowed}
            digest = row and row["sha256"]
            if digest not in digests:
                self.wrong.append(f"{when}: {name} is not what was acknowledged")
            served[name] = digests.get(digest)
        for sentence in SENTENCES:
            answer = client.post("/v1/query", json={"question": sentence}).json()
            for citation in answer["citations"]:
                name = citation["file"].rpartition("/")[2]
                if citation["quote"] not in (served.get(name) or TEXTS[0]):
                    self.wrong.append(f"{when}: {citation['quote']!r} is cited and not in {name}")
        return served

    def disk(self, _: int) -> Figures:
        """A disk that fills up in the middle of work."""
        mount = self.work / "small"
        mount.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(mount)], check=False)
        if mounted.returncode:
            return {"skipped": "a tmpfs can't be mounted here"}
        try:
            return self._fill(mount)
        finally:
            subprocess.run(["umount", "-l", str(mount)], check=True)

    def _fill(self, mount: Path) -> Figures:
        corpus = self.work / "disk-corpus"
        corpus.mkdir()
        refusals = 0
        with Store(mount / "data") as store:
            syncer = Syncer(store, self.encoder, 10**7)
            for spare, left in ((disk.SPARE_BYTES, 5_000_000), (0, 600_000), (0, 100_000), (0, 0)):
                for path in corpus.iterdir():
                    path.unlink()
                processes.mutate(corpus, random.Random(left))
                syncer.sync(corpus)
                before = {row.id: row.sha256 for row in store.catalog.documents()}
                free = shutil.disk_usage(mount).free
                _fill_up(mount / "filler", free - left)
                (corpus / "99.txt").write_text(TEXTS[left % 7])
                disk.SPARE_BYTES, usual = spare, disk.SPARE_BYTES
                for n in range(12):
                    try:
                        (corpus / f"{n:02}.txt").write_text(TEXTS[n % len(TEXTS)] + "\n" * n)
                        syncer.sync(corpus)
                        before = {row.id: row.sha256 for row in store.catalog.documents()}
                    except DataFolderUnusable:
                        refusals += 1
                disk.SPARE_BYTES = usual
                after = {row.id: row.sha256 for row in store.catalog.documents()}
                if before.keys() - after.keys():
                    self.wrong.append(f"{left} bytes left: documents were lost")
                (mount / "filler").unlink()
                syncer.sync(corpus)
                store.wait_until_mended(120)
                self.wrong += [f"{left} bytes left, then freed: {problem}" for problem in unsound(store)]
                if {row.file for row in store.catalog.documents()} != set(processes.contents(corpus)):
                    self.wrong.append(f"{left} bytes left, then freed: the folder is not what is indexed")
        return {"refusals": refusals} | self._full_server(mount)

    def _full_server(self, mount: Path) -> Figures:
        corpus = self.work / "disk-corpus"
        server, url = self._server(mount / "data", corpus, free_port())
        with httpx.Client(base_url=url, timeout=30) as client:
            _fill_up(mount / "filler", shutil.disk_usage(mount).free)
            status = client.post("/v1/documents", files={"files": ("lleno.txt", TEXTS[1].encode())}).status_code
            asked = client.post("/v1/query", json={"question": SENTENCES[0]}).status_code
            (mount / "filler").unlink()
            freed = client.post("/v1/documents", files={"files": ("lleno.txt", TEXTS[1].encode())}).status_code
        server.terminate()
        server.join()
        if (status, asked, freed) != (507, 200, 201):
            self.wrong.append(f"a full disk: upload {status}, question {asked}, upload after space was freed {freed}")
        return {"upload": status, "question": asked, "upload_after": freed}

    def names(self, times: int) -> Figures:
        """Hostile ids and file names."""
        (self.work / "names").mkdir()
        server = Server(self.work / "names" / "data", SEEDS, free_port())
        try:
            server.wait("/readyz")
            before = hostile_names.strangers(self.work / "names")
            self.wrong += hostile_names.walk(server.url, times or 5_000, seed=8)
            if hostile_names.strangers(self.work / "names") != before:
                self.wrong.append("hostile names: a file appeared outside the data folder")
        finally:
            server.stop()
        return {"requests": times or 5_000}

    def fuzz(self, times: int) -> Figures:
        """Schemathesis against the real server."""
        server = Server(self.work / "fuzz", SEEDS, free_port())
        try:
            server.wait("/readyz")
            return fuzz(server.url, self.work, times or 150, self.wrong)
        finally:
            server.stop()


def fuzz(url: str, work: Path, examples: int, wrong: list[str], phases: str = "coverage,fuzzing") -> Figures:
    """Ask each operation of a real server `examples` times; server errors are wrong."""
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", f"{url}/openapi.json", "--max-examples",
        str(examples), "--checks", "not_a_server_error", "--seed", "1", "--no-color", "--phases",
        phases, "--continue-on-failure", "--request-timeout", "30", "--suppress-health-check", "all",
    ]  # fmt: skip
    env = {**os.environ, "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=work, env=env, check=False)
    alive = web.get(f"{url}/readyz").is_success
    cases = re.search(r"([\d,]+) generated", done.stdout)
    if done.returncode or not alive or not cases:
        wrong.append(f"schemathesis ended with {done.returncode}: {done.stdout[-3000:]}{done.stderr[-500:]}")
    return {"cases": int(cases.group(1).replace(",", "")) if cases else 0}


def _kill_later(pid: int, seconds: float) -> None:
    time.sleep(seconds)
    os.kill(pid, 9)


def _write(client: httpx.Client, name: str, text: str | None) -> None:
    if text is not None:
        client.post("/v1/documents", files={"files": (name, text.encode())}).raise_for_status()
        return
    rows = client.get("/v1/documents").json()["documents"]
    (id_,) = [row["id"] for row in rows if row["file"].endswith(f"/{name}")]
    client.delete(f"/v1/documents/{id_}").raise_for_status()


def _fill_up(path: Path, size: int) -> None:
    with path.open("wb") as file:
        try:
            for _ in range(max(0, size) // 4096):
                file.write(b"\0" * 4096)
        except OSError:
            return


def main() -> int:
    """Run the parts that were named, or all."""
    parts = ["files", "kills", "http", "disk", "names", "fuzz", "machine"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*parts, []])
    parser.add_argument("--times", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        torture = Torture(Path(folder), load_encoder(Settings(models_dir=MODELS)))
        for part in chosen.parts or parts:
            began = time.perf_counter()
            figures = getattr(torture, part)(chosen.times)
            print(f"{part}: {figures} in {time.perf_counter() - began:.0f} s; wrong: {len(torture.wrong)}", flush=True)
    for problem in torture.wrong:
        print("WRONG", problem)
    return bool(torture.wrong)
