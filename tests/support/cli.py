"""The command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import MODELS, ROOT


def renglon(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "RENGLON_DATA_DIR": str(data),
        "RENGLON_MODELS_DIR": str(MODELS),
        "COLUMNS": "200",
        **environment,
    }
    command = [sys.executable, "-m", "api", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=120, check=False)
