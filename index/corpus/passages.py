"""A document becomes passages and sentences whose offsets are exact.

A passage is a run of whole lines up to about 200 tokens; a longer line is cut at sentence ends. Every non-blank
character belongs to exactly one passage and to exactly one sentence. Offsets are carried, never searched for:
repeated lines keep their own positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import BaseNode, Document, NodeRelationship, TextNode

from index.corpus.documents import SourceText, TextLimits, refused_on_failure
from rag.runs import Run
from rag.sentences import iter_sentence_bounds, sentence_bounds

# E5's tokenizer makes one token of 4.3 UTF-8 bytes of Spanish news on average; bytes need no model to count,
# and a script that costs more bytes a character also costs more tokens. 860 bytes ≈ 200 tokens.
PASSAGE_BYTES = 860
_CLOSERS = "»”\"'’)]"
_ENDS_SENTENCE = (".", "!", "?", "…", ":", ";")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document: 0-based code points, end exclusive; 1-based lines, inclusive."""

    char_start: int
    char_end: int
    line_start: int
    line_end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A span and the spans of its sentences, in order.

    `text` is what it reads as, None for the file's own characters; `runs` leads from one to the other. `section` has
    the headings above it and `lead` the sentence that introduces it.
    """

    span: Span
    sentences: tuple[Span, ...]
    text: str | None = None
    runs: tuple[Run, ...] = ()
    section: str = ""
    lead: str = ""
    kind: str = "text"

    @property
    def context(self) -> str:
        """What is embedded and searched before the passage's own text."""
        return "\n".join(filter(None, (self.section, self.lead)))


def _blocks(source: SourceText) -> Iterator[tuple[int, int]]:
    """(first, last) lines that are read as one: a hard-wrapped sentence goes on in lower case on the next line."""
    first: int | None = None
    lines = source.lines
    for number, line in enumerate(lines, 1):
        if not line.strip():
            if first is not None:
                yield first, number - 1
            first = None
        elif first is None:
            first = number
        elif lines[number - 2].rstrip().rstrip(_CLOSERS).endswith(_ENDS_SENTENCE) or not line.lstrip()[0].islower():
            yield first, number - 1
            first = number
    if first is not None:
        yield first, len(lines)


def span_of(source: SourceText, start: int, end: int) -> Span:
    """A stretch of a text with its lines."""
    return Span(start, end, source.line_of(start), source.line_of(end - 1))


def size_of(source: SourceText, start: int, end: int) -> int:
    """UTF-8 bytes of a stretch of a text."""
    return len(source.text[start:end].encode("utf-8", "surrogatepass"))


def _blocks_of_sentences(source: SourceText, limits: TextLimits) -> Iterator[list[Span]]:
    count = 0
    for first, last in _blocks(source):
        start, end = source.line_starts[first - 1], source.span_of_line(last)[1]
        bounds = []
        for a, b in iter_sentence_bounds(source.text[start:end]):
            bounds.append(span_of(source, start + a, start + b))
            limits.check_sentences(count := count + 1)
        if bounds:
            yield bounds


def pack(source: SourceText, sentences: Sequence[Span]) -> Iterator[list[Span]]:
    """Runs of sentences within PASSAGE_BYTES, of even size: a long line must not leave a crumb at its end."""
    total = size_of(source, sentences[0].char_start, sentences[-1].char_end)
    target = total / -(-total // PASSAGE_BYTES)
    run: list[Span] = []
    for sentence in sentences:
        grown = size_of(source, (run or [sentence])[0].char_start, sentence.char_end)
        if run and (grown > PASSAGE_BYTES or size_of(source, run[0].char_start, run[-1].char_end) >= target):
            yield run
            run = []
        run.append(sentence)
    yield run


def split(source: SourceText, limits: TextLimits = TextLimits()) -> list[Passage]:  # noqa: B008
    """Passages of a document, in order; empty for a blank document. Raises FileRefused."""
    with refused_on_failure():
        return _split(source, limits)


def _split(source: SourceText, limits: TextLimits) -> list[Passage]:
    passages: list[list[Span]] = []
    whole = False  # whether the last passage is made of whole lines, which others may join
    for block in _blocks_of_sentences(source, limits):
        end = block[-1].char_end
        if size_of(source, block[0].char_start, end) > PASSAGE_BYTES:
            passages.extend(pack(source, block))
            whole = False
        elif whole and size_of(source, passages[-1][0].char_start, end) <= PASSAGE_BYTES:
            passages[-1] = passages[-1] + block
        else:
            passages.append(block)
            whole = True
    return [Passage(span_of(source, run[0].char_start, run[-1].char_end), tuple(run)) for run in passages]


def passages_of(source: SourceText, parser: NodeParser) -> list[Passage]:
    """The passages into which a parser divides a document, in order, with their sentences.

    Any LlamaIndex parser will do whose nodes say where they start and end; `PassageParser` is Renglón's own.
    Raises FileRefused.
    """
    with refused_on_failure():
        nodes = parser.get_nodes_from_documents([Document(text=source.text)])
        return [_passage(source, node) for node in nodes if isinstance(node, TextNode)]


def _passage(source: SourceText, node: TextNode) -> Passage:
    start, end = node.start_char_idx, node.end_char_idx
    if start is None or end is None:
        raise ValueError("a passage must say where it starts and ends in its document")
    spans = node.metadata.get("sentences")
    if spans is None:
        bounds = sentence_bounds(source.text[start:end])
        return Passage(span_of(source, start, end), tuple(span_of(source, start + a, start + b) for a, b in bounds))
    return Passage(span_of(source, start, end), tuple(Span(*span) for span in spans))


class PassageParser(NodeParser):
    """The splitter as a LlamaIndex `NodeParser`: `TextNode`s with exact `start_char_idx` and `end_char_idx`.

    Metadata: `line_start`, `line_end` (1-based, inclusive) and `sentences`, a list of
    [char_start, char_end, line_start, line_end]; kept out of what is embedded or sent to a model.
    """

    limits: TextLimits = TextLimits()

    @classmethod
    def class_name(cls) -> str:
        return "PassageParser"

    def _parse_nodes(self, nodes: Sequence[BaseNode], show_progress: bool = False, **kwargs: Any) -> list[BaseNode]:
        return [passage for node in nodes for passage in self._passages_of(node)]

    def _postprocess_parsed_nodes(self, nodes: list[BaseNode], parent_doc_map: dict[str, Any]) -> list[BaseNode]:
        # The base class would look every chunk up again with text.find and undo the exact offsets.
        return nodes

    def _passages_of(self, node: BaseNode) -> Iterable[TextNode]:
        source = SourceText(node.get_content())
        whole = node.as_related_node_info()  # once: it holds a hash of the whole text
        for passage in split(source, self.limits):
            span = passage.span
            metadata = {
                **node.metadata,
                "line_start": span.line_start,
                "line_end": span.line_end,
                "sentences": [[s.char_start, s.char_end, s.line_start, s.line_end] for s in passage.sentences],
            }
            yield TextNode(
                text=source.text[span.char_start : span.char_end],
                start_char_idx=span.char_start,
                end_char_idx=span.char_end,
                metadata=metadata,
                excluded_embed_metadata_keys=list(metadata),
                excluded_llm_metadata_keys=list(metadata),
                relationships={NodeRelationship.SOURCE: whole},
            )
