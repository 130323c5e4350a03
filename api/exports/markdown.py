"""Answers as Markdown; each citation is a footnote with the quote."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.parts import parts_of
from rag.types import Answer, Citation

# What could begin an emphasis, a link, an image, a list, a heading, markup or a footnote in an article's own words.
_SIGNS = re.compile(r"([\\`*_\[\]<>#|~])")
_LIST = re.compile(r"^(\s*)([-+]|\d{1,9}[.)])(?=\s)", re.M)


def markdown(answers: Sequence[Answer]) -> str:
    """A document with one section for each answer, and its footnotes at the end."""
    sections, notes = [], list[str]()
    for answer in answers:
        lines = [f"## {_inline(answer.question)}", "", _text(answer, len(notes))]
        if answer.notice:
            lines += ["", f"*{_inline(answer.notice)}*"]
        sections.append("\n".join(lines))
        notes += [f"[^{n}]: {_note(citation)}" for n, citation in enumerate(answer.citations, len(notes) + 1)]
    return "\n\n".join([*sections, "\n".join(notes)]).strip() + "\n"


def _text(answer: Answer, before: int) -> str:
    written = ""
    numbers = {citation.n: n for n, citation in enumerate(answer.citations, before + 1)}
    for part in parts_of(answer):
        # What a model wrote may be Markdown and is kept, but for what would load or run something.
        words = _harmless(part.text) if answer.mode == "generative" else _escaped(part.text)
        written += words + "".join(f"[^{numbers[citation.n]}]" for citation in part.citations)
    return written.strip()


def _note(citation: Citation) -> str:
    return f"{_inline(citation.file)}, {place(citation)}: “{_inline(citation.readable or citation.quote)}”"


def place(citation: Citation) -> str:
    """Where in its file a quote stands: `l. 8–9`, or `p. 3, l. 12` of a file that has pages."""
    if citation.page is not None:
        return f"p. {citation.page}" + (f", l. {citation.page_line}" if citation.page_line is not None else "")
    last = "" if citation.line_end == citation.line_start else f"–{citation.line_end}"
    return f"l. {citation.line_start}{last}"


def _escaped(text: str) -> str:
    return _LIST.sub(r"\1\\\2", _SIGNS.sub(r"\\\1", text))


def _inline(text: str) -> str:
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def _harmless(text: str) -> str:
    return text.replace("![", "!\\[").replace("<", "\\<").replace("[^", "\\[^")
