"""Processes that `tests/torture/` kills: one that syncs for ever, one that serves; and one that looks at the rest.

They have E5's vectors of a pool of texts, from a file; everything else is the real thing.
"""

from __future__ import annotations

import json
import logging
import os
import random
import time
from pathlib import Path

from api.serve import serve
from api.service import Service
from index.ingest.sync import Syncer
from index.renglon import Renglon, build_engine
from index.storage import dense
from index.store import Store
from rag.settings import Settings
from tests.support.remembering import SENTENCES, TEXTS, Remembering
from tests.support.soundness import unsound

MAX_BYTES = 10**7
NAMES = [f"{n:02}.txt" for n in range(40)]


def contents(corpus: Path) -> dict[str, str]:
    """Texts of a folder by name."""
    return {path.name: path.read_text() for path in sorted(corpus.iterdir())}


def mutate(corpus: Path, rng: random.Random) -> None:
    """Add, change, delete or rename a few files; one always stays."""
    for name in rng.sample(NAMES[1:], rng.randint(1, 12)):
        path = corpus / name
        if path.exists() and rng.random() < 0.3:
            path.unlink()
        else:
            _put(path, rng.choice(TEXTS))
    _put(corpus / NAMES[0], rng.choice(TEXTS))


def _put(path: Path, text: str) -> None:
    """Whole or not at all: an empty file that a kill leaves would be refused, and rightly."""
    new = path.parent.with_name("new")
    new.write_text(text)
    new.replace(path)


def sync_for_ever(data: str, corpus: str, memory: str, acknowledged: str, seed: int) -> None:
    """Change the folder and sync it, again and again; what each sync has taken in is noted durably."""
    rng = random.Random(seed)
    dense.SYNC_THRESHOLD = 20_000 if seed % 2 else 50  # half of them while Chroma writes its graph all the time
    with Store(Path(data)) as store:
        syncer = Syncer(store, Remembering.recall(Path(memory)), MAX_BYTES)
        while True:
            mutate(Path(corpus), rng)
            syncer.sync(Path(corpus))
            note = Path(acknowledged).with_suffix(".new")
            with note.open("w") as file:
                json.dump(contents(Path(corpus)), file)
                file.flush()
                os.fsync(file.fileno())
            note.replace(acknowledged)


def serve_for_ever(data: str, corpus: str, memory: str, port: int) -> None:
    """`renglon serve` with vectors from a file."""
    settings = Settings(data_dir=Path(data), corpus=Path(corpus), port=port)
    service = Service(settings)
    service.opened = Renglon(settings, "renglon serve", encoder=Remembering.recall(Path(memory)))
    serve(settings, service=service)


def look(data: str, corpus: str, memory: str, acknowledged: str, found: str) -> None:
    """Open what a killed process left; write what is wrong with it, and how long mending took."""
    began = time.perf_counter()
    encoder = Remembering.recall(Path(memory))
    wrong: list[str] = []
    damaged: list[str] = []
    # A small index is mended before `catch_up` returns: what it said tells of the damage afterwards.
    logging.getLogger("renglon").addFilter(lambda record: damaged.append(record.getMessage()) or True)
    logging.getLogger("renglon").setLevel(logging.WARNING)
    with Store(Path(data)) as store:
        store.catch_up()
        store.wait_until_mended(120)
        seconds = time.perf_counter() - began
        path = Path(acknowledged)
        before = json.loads(path.read_text()) if path.exists() else {}
        now = contents(Path(corpus))
        stored = {row.file: (store.catalog.text(row.id) or ("", ""))[0] for row in store.catalog.documents()}
        for name in before.keys() | now.keys() | stored.keys():
            if stored.get(name) not in (before.get(name), now.get(name)):
                wrong.append(f"{name} is {stored.get(name)!r}, was {before.get(name)!r}, is to be {now.get(name)!r}")
        wrong += unsound(store)
        if stored:
            engine = build_engine(store, encoder, Settings())
            for sentence in SENTENCES:
                answer = engine.answer(sentence)
                wrong += [
                    f"cites {c.quote!r} of {c.file}" for c in answer.citations if c.quote not in stored.get(c.file, "")
                ]
                if answer.degraded or answer.invalid_citations:
                    wrong.append("an answer is degraded, or has citations that don't hold")
        path.write_text(json.dumps(stored))  # what the next life begins with
    Path(found).write_text(json.dumps({"wrong": wrong, "seconds": seconds, "damaged": damaged}))
