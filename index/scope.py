"""Which passages a scope holds: decided by what the catalogue knows of their documents."""

from __future__ import annotations

from index.collections import require_known
from index.corpus.globs import Globs
from index.records import DocumentRow
from index.storage.catalog import Catalog
from rag.scope import Scope


def in_scope(catalog: Catalog, scope: Scope) -> list[int] | None:
    """The keys of the passages of all documents in a scope; None when it leaves nothing out."""
    found = documents_in(catalog, scope)
    return None if len(found) == catalog.counts()["documents"] else catalog.pks_of([row.id for row in found])


def documents_in(catalog: Catalog, scope: Scope) -> list[DocumentRow]:
    """The documents in a scope, by file."""
    globs, ids = Globs(include=scope.files), frozenset(scope.documents)
    rows = (row for row in catalog.documents() if not ids or row.id in ids)
    return [row for row in rows if _holds(scope, row) and globs.admits(row.file)]


def require_scope(catalog: Catalog, scope: Scope) -> None:
    """Raise UnknownCollection or UnknownDocument when a scope names one that there isn't."""
    if scope.collection:
        require_known(catalog, scope.collection)
    for id_ in scope.documents:
        catalog.document(id_)


def _holds(scope: Scope, row: DocumentRow) -> bool:
    if scope.collection and row.collection not in scope.collection:
        return False
    if scope.language and row.language != scope.language:
        return False
    if (scope.published_after or scope.published_before) and not row.published:
        return False
    return (scope.published_after or "") <= (row.published or "") <= (scope.published_before or "9999")
