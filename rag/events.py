"""The events in which an answer is delivered, in order. `kind` and `data` are their name and content on the wire.

Like `rag.types`, this module imports neither LlamaIndex nor torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from rag.types import Answer, Citation, PassageHit


@dataclass(frozen=True)
class PassagesFound:
    """The first event: the passages that were retrieved, before anything is written."""

    passages: list[PassageHit]
    kind: ClassVar[Literal["passages"]] = "passages"

    def data(self) -> list[dict[str, Any]]:
        """The passages in the wire form."""
        return [passage.model_dump() for passage in self.passages]


@dataclass(frozen=True)
class TextAdded:
    """Text to append to the answer."""

    text: str
    kind: ClassVar[Literal["delta"]] = "delta"

    def data(self) -> dict[str, Any]:
        """The text, as an object."""
        return {"text": self.text}


@dataclass(frozen=True)
class CitationAdded:
    """A citation of the sentence that was written last."""

    citation: Citation
    kind: ClassVar[Literal["citation"]] = "citation"

    def data(self) -> dict[str, Any]:
        """The citation in the wire form."""
        return self.citation.model_dump()


@dataclass(frozen=True)
class Retracted:
    """Everything written so far is withdrawn and the answer starts over; `text` says why."""

    text: str
    kind: ClassVar[Literal["retract"]] = "retract"

    def data(self) -> dict[str, Any]:
        """The reason, as an object."""
        return {"text": self.text}


@dataclass(frozen=True)
class Finished:
    """The last event: the whole answer."""

    answer: Answer

    @property
    def kind(self) -> Literal["answer", "no_evidence"]:
        """`no_evidence` when the articles don't say; `answer` for every other status."""
        return "no_evidence" if self.answer.status == "no_evidence" else "answer"

    def data(self) -> dict[str, Any]:
        """The answer in the wire form."""
        return self.answer.model_dump()


Event = PassagesFound | TextAdded | CitationAdded | Retracted | Finished
