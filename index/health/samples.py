"""Whether a projection still gives back what was put in."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Sequence
from pathlib import Path

from index.records import PassageRow
from index.storage.catalog import Catalog
from index.storage.dense import DenseIndex
from index.storage.lexical import LexicalIndex

SAMPLE = 50  # passages that are looked up by themselves; the same ones in every run over the same index


def sample_of(catalog: Catalog, pks: set[int]) -> list[PassageRow]:
    """Some of the passages."""
    return catalog.passages(random.Random(0).sample(sorted(pks), min(SAMPLE, len(pks))))


def lost_dense(dense: DenseIndex, sample: Sequence[PassageRow]) -> int:
    """How many passages don't find themselves by their vector. Raises ProjectionDamaged."""
    # Equal passages in different places are as near as the passage itself: the cosine is what counts.
    return sum(max((c for _, c in dense.search(row.vector, 3)), default=0) < 0.999 for row in sample)


def lost_lexical(lexical: LexicalIndex, sample: Sequence[PassageRow]) -> int:
    """How many passages don't find themselves by their words. Raises ProjectionDamaged."""
    return sum(not lexical.holds(row.pk, lexical.terms(row.text)) for row in sample)


def altered(folder: Path) -> list[str]:
    """Files of a tantivy index's segments that don't match the checksum at their end.

    Each ends with a footer in JSON (`crc`: of what stands before it), the footer's length and a magic number, 4 bytes
    each. Files of segments that were never committed, left by a process that died, don't count.
    """
    try:
        segments = json.loads((folder / "meta.json").read_text())["segments"]
        ids = {segment["segment_id"].replace("-", "") for segment in segments}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ["meta.json"]
    return [path.name for path in sorted(folder.iterdir()) if path.name.split(".")[0] in ids and not _sound(path)]


def _sound(path: Path) -> bool:
    data = path.read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    try:
        footer = json.loads(data[-8 - length : -8])
        return bool(footer["crc"] == zlib.crc32(data[: -8 - length]))
    except (ValueError, KeyError, TypeError):
        return False
