"""Samples of passages, with which a projection is checked: each of them must be found by its own vector or words."""

from __future__ import annotations

import random

from index.records import PassageRow
from index.storage.catalog import Catalog

SAMPLE = 50  # passages that are looked up by themselves; the same ones in every run over the same index


def sample_of(catalog: Catalog, pks: set[int]) -> list[PassageRow]:
    """Some of the passages."""
    return catalog.passages(random.Random(0).sample(sorted(pks), min(SAMPLE, len(pks))))
