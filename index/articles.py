"""The catalogue's documents as a conversation about them needs them."""

from __future__ import annotations

from collections.abc import Sequence

from index.reading import ReadableStore
from index.retriever import passage_node
from index.scope import documents_in
from rag.conversation.articles import Listed
from rag.passages import PassageNode
from rag.scope import Scope


class StoredArticles:
    """The documents of an open store."""

    def __init__(self, store: ReadableStore, scope: Scope = Scope()) -> None:  # noqa: B008
        self._store, self._scope = store, scope

    def within(self, scope: Scope) -> StoredArticles:
        """Those of them that are in a scope."""
        return StoredArticles(self._store, scope)

    def listed(self) -> Sequence[Listed]:
        """All documents, by file."""
        return [Listed(row.id, row.file) for row in documents_in(self._store.catalog, self._scope)]

    def passages(self, ids: Sequence[str], most: int) -> list[PassageNode]:
        """Passages of documents, at most so many of each, in the order given and as they stand there."""
        with self._store.catalog.snapshot():
            return [passage_node(row) for row in self._store.catalog.passages_of(ids, most)]
