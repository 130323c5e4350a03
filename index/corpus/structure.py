"""A document whose blocks are known becomes passages: none crosses a heading, and lists keep what introduces them.

A heading is in no passage; it is part of the context of those below it. A block of code is a passage of its own, and
so is what never answers, which has no sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llama_index.core.node_parser import NodeParser

from index.corpus.documents import Document, SourceText, TextLimits, refused_on_failure
from index.corpus.passages import PASSAGE_BYTES, Passage, PassageParser, Span, pack, passages_of, size_of, span_of
from index.corpus.readable import Readable
from index.corpus.reader import Block
from rag.runs import to_source
from rag.sentences import SENTENCE_BYTES, iter_sentence_bounds

LONGEST_SECTION = 200  # characters of the headings, and of the introducing sentence, that are kept as context
LONGEST_LEAD = 300


def passages_of_document(document: Document, parser: NodeParser) -> list[Passage]:
    """The passages of a document: along its blocks, where its reader knows them; else those of the parser.

    Another parser than Renglón's own always divides the plain text. Raises FileRefused.
    """
    if document.blocks and isinstance(parser, PassageParser):
        with refused_on_failure():
            return split_blocks(document, parser.limits)
    return passages_of(document.source, parser)


def split_blocks(document: Document, limits: TextLimits) -> list[Passage]:
    """The passages of a document with blocks, in order. Raises FileRefused."""
    return _Splitter(document, limits).split()


class _Splitter:
    def __init__(self, document: Document, limits: TextLimits) -> None:
        self._source, self._blocks, self._limits = document.source, document.blocks, limits
        self._readable = Readable(document.source.text, document.edits)
        self._passages: list[Passage] = []
        self._run: list[Span] = []
        self._first: Block | None = None  # the block with which the run began
        self._count = 0

    def split(self) -> list[Passage]:
        for block in self._blocks:
            if block.kind == "heading":
                self._flush()
            elif block.kind == "text":
                self._text(block)
            else:
                self._whole(block)
        self._flush()
        return self._passages

    def _text(self, block: Block) -> None:
        sentences = list(self._sentences(block))
        if not sentences:
            return
        first, last = sentences[0].char_start, sentences[-1].char_end
        if self._joins(block, first, last):
            self._run += sentences
            return
        self._flush()
        if size_of(self._source, first, last) > PASSAGE_BYTES:
            for run in pack(self._source, sentences):
                self._add(run, block)
            return
        self._run, self._first = sentences, block

    def _joins(self, block: Block, first: int, last: int) -> bool:
        """Whether a block goes on with the passage before it: under the same headings, and within its size."""
        if self._first is None or self._first.section != block.section or first < self._run[-1].char_end:
            return False
        return size_of(self._source, self._run[0].char_start, last) <= PASSAGE_BYTES

    def _sentences(self, block: Block) -> Iterator[Span]:
        """The block's sentences, found in the text as it reads, with the marks that belong to each."""
        text, runs = self._readable.piece(block.start, block.end)
        low = block.start
        for a, b in iter_sentence_bounds(text):
            self._counted()
            first, last = to_source(runs, a, b)
            start, end = block.start + first, block.start + last
            if runs:
                start, end = self._readable.grown(start, end, low, block.end)
            low = end
            yield span_of(self._source, start, end)

    def _counted(self) -> None:
        self._count += 1
        self._limits.check_sentences(self._count)

    def _whole(self, block: Block) -> None:
        """A block that is not divided into sentences: code, or what never answers."""
        self._flush()
        for start, end in _by_lines(self._source, block.start, block.end):
            self._counted()
            span = span_of(self._source, start, end)
            self._add([span], block)

    def _flush(self) -> None:
        if self._run and self._first is not None:
            self._add(self._run, self._first)
        self._run, self._first = [], None

    def _add(self, run: Sequence[Span], block: Block) -> None:
        span = span_of(self._source, run[0].char_start, run[-1].char_end)
        text, runs = self._readable.piece(span.char_start, span.char_end)
        if not text.strip():
            return
        lead = "" if block.lead is None else " ".join(self._readable.piece(*block.lead)[0].split())
        section = block.section if len(block.section) <= LONGEST_SECTION else f"…{block.section[-LONGEST_SECTION:]}"
        sentences = () if block.kind == "aside" else tuple(run)
        kind = "text" if block.kind == "heading" else block.kind
        self._passages.append(Passage(span, sentences, text, runs, section, lead[:LONGEST_LEAD], kind))


def _by_lines(source: SourceText, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A block in pieces of whole lines, each short enough to be embedded; a block is mostly one piece."""
    at = start
    while at < end:
        stop = min(end, at + SENTENCE_BYTES // 2)
        if stop < end:
            line_end = source.text.rfind("\n", at, stop)
            stop = line_end if line_end > at else stop
        piece = source.text[at:stop]
        first, last = at + len(piece) - len(piece.lstrip("\r\n")), at + len(piece.rstrip())
        if first < last:
            yield first, last
        at = stop if stop > at else end
