from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.models import Tiny
from tests.support.server import LocalServer
from tests.torture.soak import Report, Sample, Soak, questions, texts


def test_a_leak_has_a_slope() -> None:
    report = Report(seconds=600)
    report.samples = [Sample(s, 500 + s / 60, 40 + s // 300, 20) for s in range(0, 600, 2)]
    assert report.slope("memory_mb") == pytest.approx(1)
    assert report.slope("threads") == pytest.approx(0, abs=1e-9)
    assert report.slope("descriptors") > 0.05


def test_a_few_seconds_of_mixed_load(tmp_path: Path, corpus: Path) -> None:
    server = LocalServer(tmp_path / "data", corpus, Tiny())
    try:
        server.wait("/readyz")
        report = Soak(server.url, corpus, questions(), texts(), seed=4).run(os.getpid(), 8)
    finally:
        server.stop()
    assert report.wrong == []
    assert report.done.total() > 50
    assert {"ask", "stream", "leave", "half", "upload", "search", "read"} <= set(report.done)
    assert "slope" in str(report)
