"""Compares catalogue, Chroma and tantivy, and says what is wrong and which command mends it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from index.schema import PassageRow
from index.store import Store
from rag.errors import RenglonError

SAMPLE = 50  # passages that are looked up by themselves; the same ones in every run over the same index
_REBUILD = "renglon sync --rebuild"


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is well, what was found, and the command that mends it."""

    check: str
    ok: bool
    detail: str
    mend: str = ""


def examine(store: Store) -> Iterator[Finding]:
    """The checks, one after the other; reads only."""
    if not store.catalog.generation:
        yield Finding("catalogue", False, "Nothing is indexed yet.", "renglon sync FOLDER")
        return
    yield _integrity(store)
    yield _spans(store)
    pks = store.catalog.pks()
    for name in ("dense", "lexical"):
        yield _ids(store, name, pks)
    sample = store.catalog.passages(random.Random(0).sample(sorted(pks), min(SAMPLE, len(pks))))
    yield _self_query_dense(store, sample)
    yield _self_query_lexical(store, sample)


def _integrity(store: Store) -> Finding:
    problems = store.catalog.integrity()
    counts = ", ".join(f"{n:,} {what}" for what, n in store.catalog.counts().items())
    if problems:
        return Finding("catalogue", False, "; ".join(problems[:5]), "Delete the data folder, then: renglon sync FOLDER")
    return Finding("catalogue", True, f"{counts}; model {store.catalog.model}")


def _spans(store: Store) -> Finding:
    wrong = 0
    for row in store.catalog.documents():
        text, _ = store.catalog.text(row.id) or ("", "")
        wrong += sum(text[a:b] != passage for a, b, passage in store.catalog.spans(row.id))
    if wrong:
        return Finding("spans", False, f"{wrong} passages differ from their documents.", "renglon sync --all FOLDER")
    return Finding("spans", True, "every passage stands in its document where the catalogue says")


def _ids(store: Store, name: str, pks: set[int]) -> Finding:
    label = {"dense": "Chroma", "lexical": "tantivy"}[name]
    try:
        found = store.dense.pks() if name == "dense" else store.lexical.pks()
    except RenglonError as error:
        return Finding(label, False, error.detail, _REBUILD)
    if missing := len(pks - found):
        return Finding(label, False, f"{missing} of {len(pks)} passages are missing.", _REBUILD)
    if extra := len(found - pks):
        return Finding(label, False, f"{extra} passages are left over from removed documents.", _REBUILD)
    return Finding(label, True, f"has exactly the catalogue's {len(pks):,} passages")


def _self_query_dense(store: Store, sample: list[PassageRow]) -> Finding:
    try:
        # Equal passages in different places are as near as the passage itself: the cosine is what counts.
        lost = sum(max((c for _, c in store.dense.search(row.vector, 3)), default=0) < 0.999 for row in sample)
    except RenglonError as error:
        return Finding("Chroma self-query", False, error.detail, _REBUILD)
    if lost:
        return Finding("Chroma self-query", False, f"{lost} of {len(sample)} passages don't find themselves.", _REBUILD)
    return Finding("Chroma self-query", True, f"{len(sample)} sampled passages find themselves")


def _self_query_lexical(store: Store, sample: list[PassageRow]) -> Finding:
    lost = 0
    try:
        for row in sample:
            terms = store.lexical.terms(row.text)
            found = store.lexical.search(terms, 20)
            lost += bool(terms) and row.pk not in {pk for pk, _ in found}
    except RenglonError as error:
        return Finding("tantivy self-query", False, error.detail, _REBUILD)
    if lost:
        return Finding(
            "tantivy self-query", False, f"{lost} of {len(sample)} passages don't find themselves.", _REBUILD
        )
    return Finding("tantivy self-query", True, f"{len(sample)} sampled passages find themselves")
