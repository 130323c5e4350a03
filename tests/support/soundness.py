"""Whether catalogue and projections hold the same."""

from __future__ import annotations

from typing import Any

from index.health.samples import sample_of
from index.writing import WritableStore


def in_step(store: WritableStore) -> bool:
    pks = store.catalog.pks()
    return bool(pks) and store.dense.pks() == pks == store.lexical.pks()


def unsound(store: WritableStore) -> list[str]:
    """What is wrong with the projections of an open store."""
    pks: Any = store.catalog.pks()
    wrong = [f"{kind} is damaged" for kind in store.views.damage]
    if pks and not wrong:
        sample = sample_of(store.catalog, pks)
        wrong += ["the vectors are out of step"] if store.dense.pks() != pks else []
        wrong += ["the words are out of step"] if store.lexical.pks() != pks else []
        wrong += ["passages don't find themselves"] if store.dense.lost(sample) else []
        wrong += ["passages don't find their words"] if store.lexical.lost(sample) else []
    return wrong
