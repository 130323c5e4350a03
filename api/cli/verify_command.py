"""`renglon verify`: the citations of a file against the files on disk, without an index and without a server."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

from api.cli.console import Console
from api.exports.verify import Checked, Shelf, read_claims, verify
from index.corpus.documents import TextLimits
from rag.citations import marker
from rag.settings import Settings

_SIGN = {"valid": "✓", "moved": "→", "stale": "✗"}


def run(file: Path, folders: list[Path], settings: Settings) -> list[Checked]:
    """Check a file's citations. Raises ExportUnusable."""
    limits = TextLimits(settings.max_file_lines, settings.max_file_sentences)
    shelf = Shelf(folders or [settings.corpus], settings.data_dir / "uploads", settings.max_file_bytes, limits)
    return verify(read_claims(file), shelf)


def as_data(checks: list[Checked]) -> dict[str, Any]:
    """The checks as JSON."""
    rows = [
        {"marker": one.claim.marker, "file": one.claim.file, **dataclasses.asdict(one.place), "why": one.why or None}
        for one in checks
    ]
    return {"citations": rows, **counts(checks)}


def counts(checks: list[Checked]) -> dict[str, int]:
    """How many citations are in each state."""
    found = Counter(one.place.state for one in checks)
    return {state: found[state] for state in ("valid", "moved", "stale")}


def show(checks: list[Checked], out: Console) -> None:
    """Print one line for each citation, and the sum."""
    for one in checks:
        place = one.place
        line = f"{_SIGN[place.state]} {place.state} {one.claim.marker or one.claim.file}"
        if place.state == "moved" and place.line_start and place.line_end:
            line += f" now {marker(one.claim.file, place.line_start, place.line_end)}"
        quote = " ".join(one.claim.quote.split())
        shown = quote if len(quote) <= 100 else f"{quote[:100]}…"
        out.print(f"{line}  {shown}" + (f" ({one.why})" if one.why else ""), markup=False)
    out.print(", ".join(f"{n} {state}" for state, n in counts(checks).items()), markup=False)
