"""Opens a projection in a process of its own, because a damaged one can crash or hang the process that opens it.

`python -m index.health.probe FOLDER KIND [SECONDS]` prints one line of JSON: {"problem": null or what is wrong}.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from rag.errors import ProjectionDamaged

ROOT = Path(__file__).parents[2]
# An approximate search may miss one; a damaged graph misses most.
TOLERATED = 0.05


def ask(folder: Path, kind: str, limit_s: float) -> str | None:
    """What is wrong with a projection of a data folder; None when it is well."""
    command = [sys.executable, "-m", "index.health.probe", str(folder.resolve()), kind]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, cwd=ROOT, check=False)
    except subprocess.TimeoutExpired:
        return f"It did not open within {limit_s:.0f} s."
    try:
        problem = json.loads(done.stdout.strip().splitlines()[-1])["problem"]
    except (IndexError, ValueError, KeyError):
        return f"The process that opened it ended with {done.returncode}."
    return None if problem is None else str(problem)


def look(folder: Path, kind: str) -> str | None:
    """Open a projection and look for a sample of the passages in it; what is wrong, or None."""
    from index.storage.catalog import Catalog

    catalog = Catalog(folder / "catalog.sqlite")
    place = folder / kind / (catalog.get(kind) or "none")
    if not place.is_dir():
        return f"Its folder {place} is gone."
    try:
        lost, sampled = _dense(catalog, place) if kind == "dense" else _lexical(catalog, place)
    except ProjectionDamaged as damage:
        return damage.detail
    finally:
        catalog.close()
    if lost > TOLERATED * sampled:
        return f"{lost} of {sampled} passages don't find themselves."
    return None


def _dense(catalog: object, place: Path) -> tuple[int, int]:
    from index.health.samples import lost_dense, sample_of
    from index.storage.catalog import Catalog
    from index.storage.dense import DenseIndex

    assert isinstance(catalog, Catalog)
    dense = DenseIndex(place, "passages")
    try:
        sample = sample_of(catalog, catalog.pks() & dense.pks())
        return lost_dense(dense, sample), len(sample)
    finally:
        dense.close()


def _lexical(catalog: object, place: Path) -> tuple[int, int]:
    from index.health.samples import altered, lost_lexical, sample_of
    from index.storage.catalog import Catalog
    from index.storage.lexical import LexicalIndex

    assert isinstance(catalog, Catalog)
    if files := altered(place):
        raise ProjectionDamaged(f"{', '.join(files)} of tantivy's files were altered or cut short.")
    lexical = LexicalIndex(place)
    sample = sample_of(catalog, catalog.pks() & lexical.pks())
    return lost_lexical(lexical, sample), len(sample)


if __name__ == "__main__":
    print(json.dumps({"problem": look(Path(sys.argv[1]), sys.argv[2])}), flush=True)
