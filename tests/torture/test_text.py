from __future__ import annotations

import random

import pytest

from rag.question import language_of
from tests.torture.text import SPACES, mutated, run


def test_a_few_hundred_mutated_lines() -> None:
    language_of("warm")
    summary = run(300, seed=11)
    assert summary.failures == []
    assert summary.slow == []
    assert summary.lines == 300


def test_a_seed_repeats_a_run() -> None:
    def lines() -> list[str]:
        pick = random.Random(5)
        return [mutated("Una línea de texto. Otra.", pick) for _ in range(200)]

    assert lines() == lines()
    assert any(space in line for line in lines() for space in SPACES if not space.isascii())


def test_what_raises_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    from tests.torture.text import main

    assert main(["--count", "3", "--seed", "3"]) == 0
    assert "seed 3: 3 lines" in capsys.readouterr().out
