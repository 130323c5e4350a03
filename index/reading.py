"""The part of a data folder that queries use, whether this process writes the folder or follows another one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Self

from index.storage.catalog import Catalog
from index.storage.lexical import Analysis
from index.storage.live_views import View, Views
from index.storage.originals import Originals
from index.storage.protocol import LIBRARY, Kind, LexicalProjection, Projection
from rag.errors import IndexMissing, ProjectionDamaged


class ReadableStore(ABC):
    """An open catalogue and its projections, which are opened when first needed, so that damaged ones can be rebuilt.

    Use it as a context manager, or `close` it.
    """

    libraries: ClassVar[dict[Kind, str]] = LIBRARY  # what the projections are called
    # Nothing can repair the catalogue: what it says of a file that did not change is not read again.
    start_over = "Delete the data folder (documents uploaded over HTTP are lost), then: renglon sync FOLDER"

    def __init__(self, folder: Path, catalog: Catalog, open_projection: Callable[[Kind], Projection]) -> None:
        self.folder, self.catalog = folder, catalog
        self.views = Views(open_projection)

    @property
    @abstractmethod
    def follows(self) -> bool:
        """Whether another process writes."""

    @property
    @abstractmethod
    def originals(self) -> Originals:
        """The bytes of uploaded documents."""

    @property
    def dense(self) -> Projection:
        """The dense projection that answers now. Raises ProjectionDamaged."""
        return self.views.projection("dense")

    @property
    def lexical(self) -> LexicalProjection:
        """The lexical projection that answers now. Raises ProjectionDamaged."""
        return self.views.lexical

    @property
    def lexicon(self) -> LexicalProjection | Analysis:
        """How texts become terms: the lexical projection, or what is left of it while it is being rebuilt."""
        return self.views.current().lexical or self.views.analysis

    @property
    def degraded(self) -> bool:
        """Whether a projection is damaged and queries do without it."""
        return bool(self.views.damage)

    def require_index(self) -> None:
        """Raise IndexMissing when nothing was indexed yet."""
        if not self.catalog.generation:
            raise IndexMissing("Nothing is indexed yet.", "Run: renglon sync FOLDER")

    @contextmanager
    @abstractmethod
    def reading(self) -> Iterator[View]:
        """Hold one state of the catalogue, and projections that have all of it, for the duration of a query."""

    @abstractmethod
    def report(self, kind: Kind, damage: ProjectionDamaged, seen: object = None) -> None:
        """Leave out a damaged projection from now on. A report on one (`seen`) that was replaced is ignored."""

    @abstractmethod
    def close(self) -> None:
        """Close everything that is open here."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
