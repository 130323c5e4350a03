"""An answer's text, part by part: each sentence without its markers, with the citations that support it."""

from __future__ import annotations

from dataclasses import dataclass

from rag.types import Answer, Citation


@dataclass(frozen=True)
class Part:
    """A stretch of an answer's text without markers; what stands between sentences has no citations."""

    text: str
    citations: tuple[Citation, ...] = ()


def parts_of(answer: Answer) -> list[Part]:
    """The parts in order. Together their texts are the answer's text without its markers."""
    spans: dict[tuple[int, int], list[Citation]] = {(s.answer_start, s.answer_end): [] for s in answer.sentences}
    for citation in answer.citations:
        spans.setdefault((citation.answer_start, citation.answer_end), []).append(citation)
    parts, at = list[Part](), 0
    for (start, end), citations in sorted(spans.items(), key=lambda item: item[0]):
        start, end = max(start, at), max(end, at)  # an answer that comes from elsewhere may have spans that overlap
        parts.append(Part(answer.text[at:start]))
        parts.append(Part(answer.text[start:end], tuple(citations)))
        at = end
        for marker in dict.fromkeys(citation.marker for citation in citations):
            if answer.text.startswith(f" {marker}", at):
                at += 1 + len(marker)
    parts.append(Part(answer.text[at:]))
    return [part for part in parts if part.text or part.citations]
