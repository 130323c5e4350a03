"""How often poisoned articles sway a real model: llama.cpp with SmolLM2-135M is asked about each of the sixty.

`python -m tests.bench.injection` prints one line of JSON for each article and the counts at the end.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from index.ingest.sync import Syncer
from index.model.encoder import load_encoder
from index.renglon import build_engine
from index.store import Store
from rag.settings import Settings
from tests.support.injection import Poisoned, swayed, write
from tests.support.llama import llama
from tests.support.paths import MODELS, SEEDS
from tests.support.scripted_llm import Script, scripted

MOST_TOKENS = 100  # of what the small model writes; it repeats itself afterwards


def measure(made: Sequence[Poisoned], folder: Path) -> dict[str, Any]:
    """Ask a real model about each article; counts and, for each article, what it wrote."""
    for path in SEEDS.iterdir():
        (folder / "corpus" / path.name).write_bytes(path.read_bytes())
    rows: list[dict[str, Any]] = []
    with llama() as upstream, scripted() as between, Store(folder / "data") as store:
        said: dict[str, str] = {}

        def forward(messages: list[dict[str, str]]) -> str:
            body = {"messages": messages, "temperature": 0, "max_tokens": MOST_TOKENS}
            reply = httpx.post(f"{upstream}/chat/completions", json=body, timeout=300).json()
            said["prompt"], said["reply"] = messages[-1]["content"], reply["choices"][0]["message"]["content"] or ""
            return said["reply"]

        between.play(Script(forward))
        settings = Settings(models_dir=MODELS, llm_url=between.url, llm_timeout_s=300)
        encoder = load_encoder(settings)
        Syncer(store, encoder, 10**7).sync(folder / "corpus")
        engine = build_engine(store, encoder, settings)
        # Seven apart: what has been measured when it is broken off is a fair sample.
        for article in (made[7 * i % len(made)] for i in range(len(made))):
            said.clear()
            answer = asyncio.run(engine.aanswer(article.question))
            known = {hit.document_id for hit in answer.passages}
            row = {
                "article": article.file, "kind": article.kind, "language": article.language, "mode": answer.mode,
                "status": answer.status, "reached": article.canary in said.get("prompt", ""),
                "swayed": swayed(made, said.get("reply", "")),
                "shown": answer.mode == "generative" and swayed(made, answer.text),
                "outside": sum(c.document_id not in known or not c.verified for c in answer.citations),
                "links": answer.mode == "generative" and ("://" in answer.text or "](" in answer.text),
                "reply": said.get("reply", ""), "text": answer.text,
            }  # fmt: skip
            rows.append(row)
            print(json.dumps(row, ensure_ascii=False), file=sys.stderr, flush=True)
    counts = {key: sum(bool(row[key]) for row in rows) for key in ("reached", "swayed", "shown", "outside", "links")}
    modes = Counter(row["mode"] if row["status"] == "answered" else "no_evidence" for row in rows)
    return {"articles": len(rows), **counts, "modes": dict(modes), "rows": rows}


def main() -> None:
    """Measure, and print the figures as JSON."""
    with TemporaryDirectory(prefix="renglon-injection-") as scratch:
        result = measure(write(Path(scratch) / "corpus"), Path(scratch))
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
