"""Places that tests and benchmarks share."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]


SEEDS = ROOT / "seeds"


# Unpacking the model takes 10 s; it is the same for every test, so that it lives where `make run` keeps it.
MODELS = Path(os.environ.get("RENGLON_MODELS_DIR", ROOT / ".renglon" / "models"))


MAX_BYTES = 20_000_000
