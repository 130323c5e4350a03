"""Questions and paragraphs to train the reader on, and to measure it with.

Files: SQuAD JSON (with `titles`, which maps its article names), and JSON lines, gzipped, with one paragraph a line:
{source, language, article, context, qas: [{question, answers: [[start, text], …]}]}; no answers: unanswerable.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Articles whose paragraphs and questions are never trained on while figures are made, in any language.
HELD = frozenset(
    {"Normans", "Huguenot", "Amazon_rainforest", "Harvard_University", "Islamism", "Geology", "Immune_system"}
)
LONGEST = 1600  # characters of a paragraph; of a longer one the stretches around its answers are used


@dataclass(frozen=True)
class Question:
    """A question about a paragraph; `spans` (start, end) of its answers there, none if the paragraph has none."""

    text: str
    language: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass
class Paragraph:
    """A paragraph and what was asked about it."""

    article: str
    language: str
    text: str
    questions: list[Question] = field(default_factory=list)


def squad(path: Path, language: str, titles: dict[str, str], asked_in: str | None = None) -> Iterator[Paragraph]:
    """The paragraphs of a SQuAD file in `language`, its questions in `asked_in`."""
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for each in article["paragraphs"]:
            paragraph = Paragraph(titles.get(article["title"], article["title"]), language, each["context"])
            for qa in each["qas"]:
                spans = () if qa.get("is_impossible") else tuple(
                    (a["answer_start"], a["answer_start"] + len(a["text"])) for a in qa["answers"]
                )  # fmt: skip
                paragraph.questions.append(Question(qa["question"], asked_in or language, spans))
            yield paragraph


def lines(path: Path) -> Iterator[Paragraph]:
    """The paragraphs of a gzipped JSON lines file, long ones cut around their answers."""
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        for row in rows:
            data = json.loads(row)
            paragraph = Paragraph(data["article"], data["language"], data["context"])
            for qa in data["qas"]:
                spans = tuple((start, start + len(text)) for start, text in qa["answers"])
                paragraph.questions.append(Question(qa["question"], data["language"], spans))
            yield from _cut(paragraph)


def _cut(paragraph: Paragraph) -> Iterator[Paragraph]:
    if len(paragraph.text) <= LONGEST:
        yield paragraph
        return
    for question in paragraph.questions:
        if question.spans and question.spans[0][1] - question.spans[0][0] < LONGEST // 3:
            start, end = question.spans[0]
            first = max(0, start - LONGEST // 3)
            while first and not paragraph.text[first - 1].isspace():
                first -= 1
            text = paragraph.text[first : first + LONGEST]
            moved = Question(question.text, question.language, ((start - first, end - first),))
            yield Paragraph(paragraph.article, paragraph.language, text, [moved])


def all_paragraphs(folder: Path) -> list[Paragraph]:
    """Everything in the data folder; paragraphs that stand in several files are one."""
    titles = next(iter(json.loads((folder / "articles.json").read_text()).values()))
    found: dict[str, Paragraph] = {}
    sources = [
        squad(folder / "squad_es_dev.json", "es", titles),
        squad(folder / "squad_es_dev_english.json", "es", titles, "en"),
        lines(folder / "reading.jsonl.gz"),
    ]
    for paragraph in (each for source in sources for each in source):
        known = found.setdefault(paragraph.text, paragraph)
        if known is not paragraph:
            known.questions.extend(paragraph.questions)
    return list(found.values())
