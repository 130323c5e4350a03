"""What a reader of a file format is, and what it makes of a file.

A reader turns bytes into the canonical text, which is indexed, quoted and verified; the blocks that the text has; what
of it is notation that nobody reads aloud; where each stretch of it comes from; and what the file says of itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from rag.metadata import Metadata

# `heading`: names what follows and answers nothing itself. `code`: is quoted whole. `aside`: running heads, page
# numbers and the like, which can be searched and never answer.
Kind = Literal["text", "heading", "code", "aside"]
# How a block is shown, where its kind does not say it. `head`: a table's row with the names of the columns.
Form = Literal["", "item", "row", "head"]
HEAD = 4096  # bytes by which a format is recognised


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item, row of a table or block of code: code points of the canonical text.

    `section` holds the headings above it, outermost first. `lead` is the span of the sentence that introduces it, such
    as the one before a list, or a table's row of headings. `level`: of a heading, 1 is the outermost.
    """

    start: int
    end: int
    kind: Kind = "text"
    section: str = ""
    lead: tuple[int, int] | None = None
    form: Form = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of the canonical text that reads as something else: nothing, for a mark of notation."""

    start: int
    end: int
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a stretch of the canonical text comes from.

    `place` names it within the original, as the format has it: a page, a part and an element with the offset of the
    first character, a time code. `boxes` has 4 float32 for each character of the stretch, for a format with pages:
    left, top, right, bottom in points from the page's upper left corner.
    """

    start: int
    end: int
    place: dict[str, Any]
    boxes: bytes = b""


@dataclass(frozen=True)
class Reading:
    """What a reader makes of a file. Without blocks the text is divided by its lines alone."""

    text: str
    encoding: str = "utf-8"
    metadata: Metadata = field(default_factory=Metadata)
    blocks: tuple[Block, ...] = ()
    edits: tuple[Edit, ...] = ()
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True)
class Attachment:
    """A file that another one carries, in one of its parts. `reason`: why it is not read, where it is not."""

    name: str
    part: str
    content: bytes = b""
    reason: str = ""


@dataclass(frozen=True)
class Reader:
    """A format: the suffixes of its files, how their first bytes are recognised, and what reads them.

    A new `version` has every file of the format read and indexed again. `recognises` gets the first bytes and the
    suffix, in lower case. `read` raises FileRefused. `isolated`: it runs in a process of its own. `attachments` finds
    the files that a file of the format carries.
    """

    name: str
    version: int
    suffixes: frozenset[str]
    recognises: Callable[[bytes, str], bool]
    read: Callable[[bytes], Reading]
    isolated: bool = False
    attachments: Callable[[bytes], list[Attachment]] | None = None

    @property
    def key(self) -> str:
        """Name and version, as the catalogue keeps them with each document."""
        return f"{self.name}/{self.version}"
