"""`renglon` as a process of its own, forked from one that has imported the libraries already.

It is the real command line in a real process, which can be killed; only the import of third-party libraries is shared
(see `libraries.py`). What a start costs without that is left to `python -m api`, which a few tests run.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.paths import MODELS, ROOT
from tests.support.template import PYTHON

LIMIT_S = 600  # a busy machine is not a failure
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tests.support.libraries", "tests.support.processes"])
if PYTHON in os.environ:
    CHILDREN.set_executable(os.environ[PYTHON])


def environment_of(data: Path, **more: str) -> dict[str, str]:
    """The environment of a `renglon` process."""
    return {**os.environ, "RENGLON_DATA_DIR": str(data), "RENGLON_MODELS_DIR": str(MODELS), **more}


def run_child(work: Callable[..., None], *arguments: object) -> int | None:
    """Run a function in a process of its own, to its end; the exit status, negative after a signal."""
    child = CHILDREN.Process(target=work, args=arguments)
    child.start()
    child.join(LIMIT_S)
    child.kill()
    return child.exitcode


class Process:
    """A running `renglon` command, with the part of `subprocess.Popen` that tests use."""

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: Path) -> None:
        """Its output goes to `folder/stdout` and `folder/stderr`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.arguments, self._output = arguments, (folder / "stdout", folder / "stderr")
        for path in self._output:
            path.write_bytes(b"")
        self._process = CHILDREN.Process(target=_run, args=(arguments, environment, *map(str, self._output)))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, when it has ended."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.arguments, timeout or 0)
        return self.returncode

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        return self._output[0].read_text()

    @property
    def stderr(self) -> str:
        """What it has said of errors and progress so far."""
        return self._output[1].read_text()


def _run(arguments: list[str], environment: dict[str, str], stdout: str, stderr: str) -> None:
    for number, path in ((1, stdout), (2, stderr)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["renglon", *arguments]
    from api.cli.commands import main

    main()
