"""What a conversation about the articles as a whole needs to know of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from rag.passages import PassageNode
from rag.scope import Scope
from rag.support.spelling import folded

MOST_DOCUMENTS = 40  # that are read at once; of more, an even sample
MOST_PASSAGES = 1_200  # that are read at once, of all documents together
_LEAST_NAME = 3  # letters of a file's name by which it can be asked for


@dataclass(frozen=True)
class Listed:
    """A document in the list of all."""

    id: str
    file: str


class Articles(Protocol):
    """The indexed documents."""

    def within(self, scope: Scope) -> Articles:
        """Those of them that are in a scope."""

    def listed(self) -> Sequence[Listed]:
        """All documents, by file."""

    def passages(self, ids: Sequence[str], most: int) -> list[PassageNode]:
        """Passages of documents, at most so many of each, in the order given and as they stand there."""


def sampled(documents: Sequence[Listed], most: int = MOST_DOCUMENTS) -> list[Listed]:
    """All documents, or an even sample of many."""
    step = max(1, -(-len(documents) // most))
    return list(documents[::step])


def at_place(documents: Sequence[Listed], place: int) -> Listed | None:
    """The document at a place in the list, negative from its end; None where there is none."""
    return documents[place] if -len(documents) <= place < len(documents) else None


def named(documents: Sequence[Listed], topic: str) -> Listed | None:
    """The document whose file name a topic gives: whole, without its ending, or the number that it alone begins with
    ("003"); None for a subject."""
    words = set(folded(topic).strip("«»\"'").split()) | {folded(topic)}
    for document in documents:
        path = PurePosixPath(folded(document.file))
        if {str(path), path.name} & words or (len(path.stem) >= _LEAST_NAME and path.stem in words):
            return document
    numbered = [document for document in documents if _number(document.file) in words]
    return numbered[0] if len(numbered) == 1 else None


def _number(file: str) -> str | None:
    """The number of two or three digits that a file's name begins with, as it is written; a year is none."""
    found = re.match(r"\d{2,3}(?!\d)", PurePosixPath(file).name)
    return found and found.group()


def read(articles: Articles, documents: Sequence[Listed]) -> list[PassageNode]:
    """The passages of a few documents, or an even sample of many; bounded in either case."""
    some = sampled(documents)
    return articles.passages([document.id for document in some], max(10, MOST_PASSAGES // max(1, len(some))))
