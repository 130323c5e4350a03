"""Interpreters that are forked from one that has imported the libraries, so that they are imported once in a run.

`Template` starts that process and writes a program, `python`, that stands for an interpreter: what it is started for is
done by a fork, with its arguments, environment and open files (`fork.py`). The workers of the tests are started with
it, and so are the processes from which they fork `renglon`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT

# The variable that names the program of a run's template, for its workers.
PYTHON = "TESTS_PYTHON"
# Where the files of a request wait until they get the numbers that they had where they come from.
ABOVE = 512


class Template:
    """The process, and the program that has it fork."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="renglon-template-")
        folder = Path(self._folder.name)
        address = folder / "socket"
        self.python = folder / "python"
        program = [sys.executable, "-I", "-S", str(Path(__file__).parent / "fork.py"), str(address)]
        self.python.write_text(f'#!/bin/sh\nexec {shlex.join(program)} "$@"\n')
        self.python.chmod(0o700)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            listener.listen(64)  # who asks before the libraries are imported waits
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-m", "tests.support.template", str(listener.fileno())],
                cwd=ROOT, stdin=subprocess.PIPE, pass_fds=[listener.fileno()],
            )  # fmt: skip

    def stop(self) -> None:
        """End it; its forks go on."""
        self._process.communicate()
        self._folder.cleanup()


def serve(listener: int) -> tuple[Any, list[int]] | None:
    """Fork for everybody who asks; None when nobody holds the other end of standard input any more.

    In a fork it returns what that is for: a process's arguments and so on, and its open files.
    """
    asking: dict[int, int] = {}  # forks, as files that tell when they have ended, and who waits for that
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select()}
            for fork in ready & asking.keys():
                selector.unregister(fork)
                _report(fork, asking.pop(fork))
            if 0 in ready:
                return None
            if listener in ready:
                asked, request, files = _received(listener)
                if not (pid := os.fork()):
                    break
                _close(*files)
                fork = os.pidfd_open(pid)
                asking[fork] = asked
                selector.register(fork, selectors.EVENT_READ)
    _close(listener, asked, *asking, *asking.values())
    return request, files


def _received(listener: int) -> tuple[int, Any, list[int]]:
    """Somebody who asks, as a file; what for; the open files that came with it."""
    with socket.socket(fileno=os.dup(listener)) as listening:
        asked, _ = listening.accept()
    head, files, _, _ = socket.recv_fds(asked, 8, 253)
    missing, parts = int.from_bytes(head, "big"), []
    while missing:
        parts.append(asked.recv(missing))
        missing -= len(parts[-1])
    return asked.detach(), json.loads(b"".join(parts)), files


def _report(fork: int, asked: int) -> None:
    """Pass on how a fork has ended."""
    ended = os.waitid(os.P_PIDFD, fork, os.WEXITED)
    status = ended.si_status if ended is not None and ended.si_code == os.CLD_EXITED else 1
    with contextlib.suppress(OSError):  # who asked may have ended already
        os.write(asked, bytes([status]))
    _close(fork, asked)


def _close(*files: int) -> None:
    for file in files:
        os.close(file)


def become(
    arguments: list[str], environment: dict[str, str], folder: str, numbers: list[int], files: list[int]
) -> None:
    """Do what another process was started for: `-c CODE` after some options."""
    waiting = [fcntl.fcntl(file, fcntl.F_DUPFD, ABOVE) for file in files]
    _close(*files)
    for file, number in zip(waiting, numbers, strict=True):
        os.dup2(file, number)
    _close(*waiting)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    at = arguments.index("-c")
    sys.argv, sys.path[0] = ["-c", *arguments[at + 2 :]], ""
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(arguments[at + 1], vars(module))


def main(listener: int) -> None:
    """Import the libraries, and serve."""
    import tests.support.libraries
    import tests.support.libraries_of_tests  # noqa: F401

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the forks end when they are asked to, and then this ends too
    if request := serve(listener):
        become(*request[0], request[1])


if __name__ == "__main__":
    main(int(sys.argv[1]))
