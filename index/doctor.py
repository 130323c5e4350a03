"""Compares catalogue, Chroma and tantivy, and says what is wrong and which command mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.health.samples import sample_of
from index.records import PassageRow
from index.storage.protocol import KINDS, Kind
from index.writing import WritableStore
from rag.errors import RenglonError

_REBUILD = "renglon doctor --fix"


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is well, what was found, and the command that mends it."""

    check: str
    ok: bool
    detail: str
    mend: str = ""


def examine(store: WritableStore) -> Iterator[Finding]:
    """The checks, one after the other; reads only."""
    if not store.catalog.generation:
        yield Finding("catalogue", False, "Nothing is indexed yet.", "renglon sync FOLDER")
        return
    yield _integrity(store)
    yield _spans(store)
    pks = store.catalog.pks()
    for kind in KINDS:
        yield _ids(store, kind, pks)
    sample = sample_of(store.catalog, pks)
    for kind in KINDS:
        yield _self_query(store, kind, sample)


def _integrity(store: WritableStore) -> Finding:
    problems = store.catalog.integrity()
    counts = ", ".join(f"{n:,} {what}" for what, n in store.catalog.counts().items())
    if problems:
        return Finding("catalogue", False, "; ".join(problems[:5]), store.start_over)
    return Finding("catalogue", True, f"{counts}; model {store.catalog.model}")


def _spans(store: WritableStore) -> Finding:
    wrong = 0
    for row in store.catalog.documents():
        text, _ = store.catalog.text(row.id) or ("", "")
        wrong += sum(text[a:b] != passage for a, b, passage in store.catalog.spans(row.id))
    if wrong:
        return Finding("spans", False, f"{wrong} passages differ from their documents.", store.start_over)
    return Finding("spans", True, "every passage stands in its document where the catalogue says")


def _ids(store: WritableStore, kind: Kind, pks: set[int]) -> Finding:
    label = store.libraries[kind]
    try:
        found = store.views.projection(kind).pks()
    except RenglonError as error:
        return Finding(label, False, error.detail, _REBUILD)
    if missing := len(pks - found):
        return Finding(label, False, f"{missing} of {len(pks)} passages are missing.", _REBUILD)
    if extra := len(found - pks):
        return Finding(label, False, f"{extra} passages are left over from removed documents.", _REBUILD)
    return Finding(label, True, f"has exactly the catalogue's {len(pks):,} passages")


def _self_query(store: WritableStore, kind: Kind, sample: Sequence[PassageRow]) -> Finding:
    label, size = f"{store.libraries[kind]} self-query", len(sample)
    try:
        lost = store.views.projection(kind).lost(sample)
    except RenglonError as error:
        return Finding(label, False, error.detail, _REBUILD)
    if lost:
        return Finding(label, False, f"{lost} of {size} passages don't find themselves.", _REBUILD)
    return Finding(label, True, f"{size} sampled passages find themselves")


def fix(store: WritableStore) -> None:
    """Rebuild both projections from the catalogue if that mends a finding. Raises DataFolderUnusable."""
    if any(finding.mend == _REBUILD for finding in examine(store)):
        store.rebuild()
