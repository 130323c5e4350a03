"""A passage on its way through LlamaIndex: a `TextNode` that knows its file, its sentences and their vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llama_index.core.schema import BaseNode, TextNode
from pydantic import PrivateAttr

from rag.runs import Run, to_source
from rag.vectors import Vectors


@dataclass(frozen=True)
class Sentence:
    """A sentence of a document: its words and its place (code points of the file, 1-based lines).

    `text` is what it reads as. Where the file's own characters differ (marks of emphasis, targets of links), `quote`
    has them, `runs` leads from one to the other, and `at` is where the text begins in that of its passage.
    """

    text: str
    char_start: int
    char_end: int
    line_start: int
    line_end: int
    quote: str | None = None
    runs: tuple[Run, ...] = ()
    at: int | None = None

    def span_of(self, start: int, end: int) -> tuple[int, int]:
        """Where [start, end) of the text stands in the file's own characters, counted from those of the sentence."""
        return to_source(self.runs, start, end)


class PassageNode(TextNode):
    """A retrieved passage. Metadata: document_id, file, file_sha256, line_start, line_end, cosine, shared.

    `cosine` is how near question and passage are (`rag.evidence.scores.passage_cosine`); `shared` the share of the
    question's words that the passage holds (`rag.evidence.overlap`), 0 to 1.
    """

    _sentences: tuple[Sentence, ...] = PrivateAttr(default=())
    _vectors: Vectors | None = PrivateAttr(default=None)

    @classmethod
    def class_name(cls) -> str:
        return "PassageNode"

    def with_sentences(self, sentences: tuple[Sentence, ...], vectors: Vectors) -> PassageNode:
        """Attach the sentences and their unit vectors, shape (len(sentences), dimension)."""
        self._sentences, self._vectors = sentences, vectors
        return self

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The passage's sentences, in order."""
        return self._sentences

    def bounds(self, number: int) -> tuple[int, int]:
        """(start, end) of a sentence in the passage's text."""
        sentence = self._sentences[number]
        start = sentence.char_start - (self.start_char_idx or 0) if sentence.at is None else sentence.at
        return start, start + len(sentence.text)

    @property
    def context(self) -> str:
        """The headings above the passage and the sentence that introduces it; empty where there are none."""
        return str(self.metadata.get("context") or "")

    @property
    def vectors(self) -> Vectors | None:
        """Unit vectors of the sentences, float32, shape (sentences, dimension)."""
        return self._vectors


def as_passage(node: BaseNode) -> PassageNode:
    """A node of any retriever as a passage; one without sentences becomes a single sentence.

    Raises ValueError when the node doesn't say where in which file it stands: such a text can't be cited.
    """
    if isinstance(node, PassageNode):
        return node
    data: dict[str, Any] = node.metadata
    needed = ("document_id", "file", "file_sha256", "line_start", "line_end")
    start, end = getattr(node, "start_char_idx", None), getattr(node, "end_char_idx", None)
    if start is None or end is None or any(key not in data for key in needed):
        raise ValueError(f"Node {node.node_id} has no place in a file; it needs the metadata {', '.join(needed)}.")
    passage = PassageNode(
        id_=node.node_id, text=node.get_content(), extra_info=data, start_char_idx=start, end_char_idx=end
    )
    sentence = Sentence(passage.text, start, end, data["line_start"], data["line_end"])
    passage._sentences = (sentence,)
    return passage
