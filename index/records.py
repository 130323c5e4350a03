"""The records that packages exchange: which model made vectors, a document to store, rows of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.runs import Run
from rag.vectors import Vectors

if TYPE_CHECKING:  # the splitter brings LlamaIndex, for which a probe would wait
    from index.corpus.documents import Document
    from index.corpus.passages import Passage

DEFAULT_COLLECTION = "default"  # of what was put into no other one
Text = tuple[str, list[tuple[int, int]]]  # a passage as it is embedded, and the span of each of its sentences


def with_context(context: str, text: str, spans: Sequence[tuple[int, int]]) -> Text:
    """A passage behind its context, and the spans of its sentences there."""
    shift = len(context) + 1 if context else 0
    return (f"{context}\n{text}" if context else text), [(a + shift, b + shift) for a, b in spans]


@dataclass(frozen=True)
class ModelKey:
    """Which model made a set of vectors."""

    name: str
    revision: str
    dimension: int

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}/{self.dimension}"

    @classmethod
    def parse(cls, key: str) -> ModelKey:
        """The inverse of `str`."""
        head, _, dimension = key.rpartition("/")
        name, _, revision = head.rpartition("@")
        return cls(name, revision, int(dimension))


@dataclass(frozen=True)
class Change:
    """A version of a document that is to be stored.

    `vectors` has shape (passages, dimension), `sentences` (sentences of all passages, dimension), in order.
    `original` holds the bytes of an upload; those of a folder's file stay in the folder.
    """

    document: Document
    root: str
    passages: Sequence[Passage]
    vectors: Vectors
    sentences: Vectors
    collection: str = DEFAULT_COLLECTION
    original: bytes | None = None


@dataclass(frozen=True)
class DocumentRow:
    """What the catalogue knows of a document, without its text."""

    id: str
    root: str
    file: str
    sha256: str
    encoding: str
    size: int
    lines: int
    chars: int
    indexed_at: str
    reader: str = ""
    title: str | None = None
    author: str | None = None
    published: str | None = None
    url: str | None = None
    language: str | None = None
    collection: str = DEFAULT_COLLECTION


@dataclass(frozen=True)
class PassageRow:
    """A passage with its document, its sentences and their vectors.

    `sentences` has shape (n, 4): char_start, char_end, line_start, line_end. `vector` has shape (dimension,),
    `sentence_vectors` (n, dimension). Where the file's own characters differ from the text, `source` has them and
    `runs` leads from one to the other. `section`, `context` and `kind` are as for a `Passage`.
    """

    pk: int
    document_id: str
    file: str
    sha256: str
    ordinal: int
    char_start: int
    char_end: int
    line_start: int
    line_end: int
    text: str
    sentences: tuple[tuple[int, int, int, int], ...]
    vector: Vectors
    sentence_vectors: Vectors
    source: str | None = None
    runs: tuple[Run, ...] = ()
    section: str = ""
    context: str = ""
    kind: str = "text"
