"""A document becomes passages and sentences whose offsets are exact.

A passage is a run of whole lines up to about 200 tokens; a longer line is cut at sentence ends. Every non-blank
character belongs to exactly one passage and to exactly one sentence. Offsets are carried, never searched for:
repeated lines keep their own positions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import BaseNode, NodeRelationship, TextNode
from sentencex import get_sentence_boundaries

from index.read import SourceText

# E5's tokenizer makes one token of 4.3 UTF-8 bytes of Spanish news on average; bytes need no model to count,
# and a script that costs more bytes a character also costs more tokens. 860 bytes ≈ 200 tokens.
PASSAGE_BYTES = 860
# No language has sentences this long; tables and minified text do. Cut so that the encoder sees all of it.
SENTENCE_BYTES = 1500

# sentencex ends a sentence after "p. m." and English titles whatever follows; both stand in Spanish news.
_CLOCK = re.compile(r"\b[ap]\.\s?m\.\s*$", re.IGNORECASE)
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Dra|Sr|Sra|St|Gen|Sgt|Lt|Col|Sen|Rep|Gov)\.\s*$")
_GOES_ON_AFTER_CLOCK = re.compile(r"[a-zà-ÿ(,;]|[A-Z]{2,4}\b")
_ENDS_SENTENCE = re.compile(r"[.!?…:;][»”\"'’)\]]*\s*$")
_OPENS_NEXT = re.compile(r"[«“‘¿¡(\[]+\s*$")
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Span:
    """A stretch of a document: 0-based code points, end exclusive; 1-based lines, inclusive."""

    char_start: int
    char_end: int
    line_start: int
    line_end: int


@dataclass(frozen=True)
class Passage:
    """A span and the spans of its sentences, in order."""

    span: Span
    sentences: tuple[Span, ...]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    body = piece.strip()
    if not body:
        return None
    first = start + len(piece) - len(piece.lstrip())
    return first, first + len(body)


def _cut_long(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of at most SENTENCE_BYTES, cut after white space where there is any."""
    while len(text[start:end].encode("utf-8", "surrogatepass")) > SENTENCE_BYTES:
        cut = start + len(text[start:end].encode("utf-8", "surrogatepass")[:SENTENCE_BYTES].decode("utf-8", "ignore"))
        space = max(text.rfind(" ", start, cut), text.rfind("\t", start, cut), text.rfind("\n", start, cut))
        cut = space + 1 if space > start else cut
        yield start, cut
        start = cut
    yield start, end


def _joins(left: str, right: str) -> bool:
    """Whether the segmenter cut where no sentence ends."""
    if not _WORD.search(right) or not _WORD.search(left):
        return True
    if _CLOCK.search(left) and _GOES_ON_AFTER_CLOCK.match(right):
        return True
    return bool(_TITLE.search(left))


def sentence_bounds(text: str, language: str = "es") -> list[tuple[int, int]]:
    """(start, end) of each sentence in `text`, white space at the ends left out; a tiling of what isn't blank."""
    bounds: list[tuple[int, int]] = []
    for boundary in get_sentence_boundaries(language, text):
        start, end = boundary["start_index"], boundary["end_index"]
        if bounds and (opening := _OPENS_NEXT.search(text, bounds[-1][0], bounds[-1][1])):
            start = opening.start()
            bounds[-1] = (bounds[-1][0], start)
        if bounds and _joins(text[bounds[-1][0] : bounds[-1][1]], text[start:end]):
            bounds[-1] = (bounds[-1][0], end)
        else:
            bounds.append((start, end))
    pieces = (piece for start, end in bounds for piece in _cut_long(text, start, end))
    return [trimmed for start, end in pieces if (trimmed := _trimmed(text, start, end))]


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
        elif _ENDS_SENTENCE.search(lines[number - 2]) or not line.lstrip()[0].islower():
            yield first, number - 1
            first = number
    if first is not None:
        yield first, len(lines)


def _span(source: SourceText, start: int, end: int) -> Span:
    return Span(start, end, source.line_of(start), source.line_of(end - 1))


def _size(source: SourceText, start: int, end: int) -> int:
    return len(source.text[start:end].encode("utf-8", "surrogatepass"))


def _blocks_of_sentences(source: SourceText) -> Iterator[list[Span]]:
    for first, last in _blocks(source):
        start, end = source.line_starts[first - 1], source.span_of_line(last)[1]
        bounds = sentence_bounds(source.text[start:end])
        if bounds:
            yield [_span(source, start + a, start + b) for a, b in bounds]


def _pack(source: SourceText, sentences: Sequence[Span]) -> Iterator[list[Span]]:
    """Runs of sentences within PASSAGE_BYTES, of even size: a long line must not leave a crumb at its end."""
    total = _size(source, sentences[0].char_start, sentences[-1].char_end)
    target = total / -(-total // PASSAGE_BYTES)
    run: list[Span] = []
    for sentence in sentences:
        grown = _size(source, (run or [sentence])[0].char_start, sentence.char_end)
        if run and (grown > PASSAGE_BYTES or _size(source, run[0].char_start, run[-1].char_end) >= target):
            yield run
            run = []
        run.append(sentence)
    yield run


def split(source: SourceText) -> list[Passage]:
    """Passages of a document, in order; empty for a blank document."""
    passages: list[list[Span]] = []
    whole = False  # whether the last passage is made of whole lines, which others may join
    for block in _blocks_of_sentences(source):
        end = block[-1].char_end
        if _size(source, block[0].char_start, end) > PASSAGE_BYTES:
            passages.extend(_pack(source, block))
            whole = False
        elif whole and _size(source, passages[-1][0].char_start, end) <= PASSAGE_BYTES:
            passages[-1] = passages[-1] + block
        else:
            passages.append(block)
            whole = True
    return [Passage(_span(source, run[0].char_start, run[-1].char_end), tuple(run)) for run in passages]


class PassageParser(NodeParser):
    """The splitter as a LlamaIndex `NodeParser`: `TextNode`s with exact `start_char_idx` and `end_char_idx`.

    Metadata: `line_start`, `line_end` (1-based, inclusive) and `sentences`, a list of
    [char_start, char_end, line_start, line_end]; kept out of what is embedded or sent to a model.
    """

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
        for passage in split(source):
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
                relationships={NodeRelationship.SOURCE: node.as_related_node_info()},
            )
