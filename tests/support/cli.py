"""The command line, run to its end."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.support.processes import LIMIT_S, Process, environment_of


def renglon(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`renglon` with its data in a folder: what it printed and how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        env = environment_of(data, **{"COLUMNS": "200", **environment})
        process = Process([str(argument) for argument in arguments], env, Path(folder))
        try:
            status = process.wait(LIMIT_S)
        finally:
            process.kill()
        return subprocess.CompletedProcess(list(arguments), status, process.stdout, process.stderr)
