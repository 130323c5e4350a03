"""A file with the right name and version and other contents is not installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def test_a_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "requirements.txt").read_text()
    [block] = re.findall(r"^filelock==.*?(?=^[\w.-]+==|\Z)", text, re.M | re.S)
    version = block.split("==")[1].split()[0]
    (tmp_path / f"filelock-{version}-py3-none-any.whl").write_bytes(b"somebody else's")
    (tmp_path / "wanted.txt").write_text(block)
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--isolated", "download", "--no-index", "--find-links", tmp_path, "--no-deps",
         "--require-hashes", "-d", tmp_path / "to", "-r", tmp_path / "wanted.txt"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
