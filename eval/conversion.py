"""The articles of a folder written into another format, and the gold questions moved along with them.

So the same questions can be asked of the same words as PDF, web pages or Word files: what is lost then was lost by
the format's reader, or by what comes after it. The libraries that write the files (reportlab, python-docx) belong to
the development set-up, not to the program.
"""

from __future__ import annotations

import html
import io
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

from eval.datasets import DifferingValue, GoldError, GoldLine, Question, file_lines
from index.corpus.documents import document_of


def as_pdf(lines: Sequence[str]) -> bytes:
    """The lines as paragraphs of a PDF."""
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    out, style = io.BytesIO(), getSampleStyleSheet()["BodyText"]
    SimpleDocTemplate(out).build([Paragraph(html.escape(line), style) for line in lines])
    return out.getvalue()


def as_html(lines: Sequence[str]) -> bytes:
    """The lines as paragraphs of a web page."""
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in lines)
    return f'<!DOCTYPE html><html lang="es"><body><article>{body}</article></body></html>'.encode()


def as_docx(lines: Sequence[str]) -> bytes:
    """The lines as paragraphs of a Word file."""
    import docx

    document, out = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


FORMATS: dict[str, Callable[[Sequence[str]], bytes]] = {"pdf": as_pdf, "html": as_html, "docx": as_docx}


@dataclass(frozen=True)
class _Words:
    """The letters and digits of a text, and the 1-based line of each."""

    text: str
    ends: tuple[int, ...]  # how many characters of `text` stand on the lines up to each one

    @classmethod
    def of(cls, lines: Sequence[str]) -> _Words:
        kept = ["".join(filter(str.isalnum, line)).casefold() for line in lines]
        return cls("".join(kept), tuple(accumulate(map(len, kept))))

    def lines(self, start: int, end: int) -> range:
        """The lines of the characters start..end (exclusive)."""
        return range(bisect_right(self.ends, start) + 1, bisect_right(self.ends, end - 1) + 2)


def convert(corpus: Path, form: str, target: Path) -> None:
    """Write every text file of `corpus` into `target` in one of FORMATS. Blank lines are left out.

    Raises GoldError for an unknown format, for a library that isn't installed and for a folder without text files.
    """
    if form not in FORMATS:
        raise GoldError(f"--as {form}: unknown; choose one of {', '.join(FORMATS)}")
    files = sorted(corpus.glob("*.txt"))
    if not files:
        raise GoldError(f"{corpus}: holds no .txt file to convert")
    target.mkdir(parents=True)
    for file in files:
        try:
            written = FORMATS[form]([line for line in file_lines(file) if line.strip()])
        except ImportError as error:
            raise GoldError(f"--as {form} needs {error.name}, which `pip install renglon[dev]` brings") from error
        (target / f"{file.stem}.{form}").write_bytes(written)


def moved(questions: Sequence[Question], corpus: Path, form: str, target: Path) -> list[Question]:
    """The questions with their gold lines where the same words stand in the converted files.

    A line of an article may become several lines of a page; all of them are gold then. Raises GoldError where a gold
    line's words are not found, which means that reading the format lost or changed them.
    """

    @cache
    def words(file: str) -> tuple[_Words, _Words]:
        name = f"{Path(file).stem}.{form}"
        after = document_of(name, (target / name).read_bytes()).source.text.split("\n")
        return _Words.of(file_lines(corpus / file)), _Words.of(after)

    @cache
    def place(gold: GoldLine) -> tuple[GoldLine, ...]:
        before, after = words(gold.file)
        start, end = (before.ends[i - 1] if i else 0 for i in (gold.line - 1, gold.line))
        line, wanted = before.text[start:end], before.text[:start].count(before.text[start:end])
        at = -1
        for _ in range(wanted + 1):  # a line that stands several times keeps its turn
            at = after.text.find(line, at + 1)
        if at < 0:
            raise GoldError(f"{gold.file}:{gold.line}: its words are not found in the {form} file")
        file = f"{Path(gold.file).stem}.{form}"
        return tuple(GoldLine(file=file, line=number) for number in after.lines(at, at + len(line)))

    def lines(evidence: Sequence[GoldLine]) -> tuple[GoldLine, ...]:
        return tuple(there for gold in evidence for there in place(gold))

    return [
        question.model_copy(
            update={
                "evidence": lines(question.evidence),
                "differing": tuple(
                    DifferingValue(value=v.value, also=v.also, evidence=lines(v.evidence)) for v in question.differing
                ),
            }
        )
        for question in questions
    ]
