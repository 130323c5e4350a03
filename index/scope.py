"""Which passages a scope holds: decided by what the catalogue knows of their documents."""

from __future__ import annotations

from collections.abc import Sequence

from index.collections import require_known
from index.corpus.globs import Globs
from index.records import DocumentRow
from index.storage.catalog import Catalog
from rag.scope import Scope


def in_scope(catalog: Catalog, scope: Scope) -> list[int] | None:
    """The keys of the passages of all documents in a scope; None when it leaves nothing out."""
    rows = catalog.documents()
    found = _within(scope, rows)
    return None if len(found) == len(rows) else catalog.pks_of([row.id for row in found])


def documents_in(catalog: Catalog, scope: Scope) -> list[DocumentRow]:
    """The documents in a scope, by file."""
    return _within(scope, catalog.documents())


def require_scope(catalog: Catalog, scope: Scope) -> None:
    """Raise UnknownCollection or UnknownDocument when a scope names one that there isn't."""
    if scope.collection:
        require_known(catalog, scope.collection)
    for id_ in scope.documents:
        catalog.document(id_)


def _within(scope: Scope, rows: Sequence[DocumentRow]) -> list[DocumentRow]:
    globs, ids = Globs(include=scope.files), frozenset(scope.documents)
    return [row for row in rows if (not ids or row.id in ids) and _holds(scope, row) and globs.admits(row.file)]


def _holds(scope: Scope, row: DocumentRow) -> bool:
    if scope.collection and row.collection not in scope.collection:
        return False
    if scope.language and row.language != scope.language:
        return False
    if (scope.published_after or scope.published_before) and not row.published:
        return False
    return (scope.published_after or "") <= (row.published or "") <= (scope.published_before or "9999")
