"""Opens a projection in a process of its own, because a damaged one can crash or hang the process that opens it.

`python -m index.health.probe FOLDER KIND [SECONDS]` prints one line of JSON: {"problem": null or what is wrong}.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from index.health.samples import sample_of
from index.storage.catalog import Catalog
from index.storage.projections import Projections
from index.storage.protocol import KINDS, Kind, Projection
from rag.errors import ProjectionDamaged

ROOT = Path(__file__).parents[2]
# An approximate search may miss one; a damaged graph misses most.
TOLERATED = 0.05


def ask(folder: Path, kind: Kind, limit_s: float) -> str | None:
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


def look(folder: Path, kind: Kind) -> str | None:
    """Open a projection and look for a sample of the passages in it; what is wrong, or None."""
    catalog = Catalog.at(folder / "catalog.sqlite")
    projections = Projections(folder, catalog, writes=False)
    try:
        if not projections.path(kind).is_dir():
            return f"Its folder {projections.path(kind)} is gone."
        if found := projections.flaw(kind):
            return found
        lost, sampled = _lost(catalog, projections.open(kind))
    except ProjectionDamaged as damage:
        return damage.detail
    finally:
        catalog.close()
    if lost > TOLERATED * sampled:
        return f"{lost} of {sampled} passages don't find themselves."
    return None


def _lost(catalog: Catalog, projection: Projection) -> tuple[int, int]:
    """How many passages of a sample don't find themselves, and how many were looked up."""
    try:
        sample = sample_of(catalog, catalog.pks() & projection.pks())
        return projection.lost(sample), len(sample)
    finally:
        projection.close()


if __name__ == "__main__":
    asked = next(kind for kind in KINDS if kind == sys.argv[2])
    print(json.dumps({"problem": look(Path(sys.argv[1]), asked)}), flush=True)
