"""Which passages a scope holds: decided by what the catalogue knows of their documents."""

from __future__ import annotations

from index.corpus.globs import Globs
from index.records import DocumentRow
from index.storage.catalog import Catalog
from rag.scope import Scope


def in_scope(catalog: Catalog, scope: Scope) -> list[int]:
    """The keys of the passages of all documents in a scope."""
    return catalog.pks_of([row.id for row in documents_in(catalog, scope)])


def documents_in(catalog: Catalog, scope: Scope) -> list[DocumentRow]:
    """The documents in a scope, by file."""
    globs = Globs(include=scope.files)
    return [row for row in catalog.documents() if _holds(scope, row) and globs.admits(row.file)]


def _holds(scope: Scope, row: DocumentRow) -> bool:
    if scope.language and row.language != scope.language:
        return False
    if (scope.published_after or scope.published_before) and not row.published:
        return False
    return (scope.published_after or "") <= (row.published or "") <= (scope.published_before or "9999")
