"""Turns SQuAD v1 and v2 JSON into a folder of articles with gold questions.

Format: Rajpurkar et al., "SQuAD: 100,000+ Questions" (2016) and "Know What You Don't Know" (2018). One file
per article, one line per paragraph. Some paragraphs can be left out, so that the questions on them have no
answer in the corpus (kind "removed"); SQuAD v2's own unanswerable questions are of kind "adversarial".
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.datasets import GoldError, GoldLine, Question, load_gold
from rag.question import language_of
from rag.support.spelling import plain


@dataclass(frozen=True)
class SquadQuestion:
    """A question in SQuAD, with its distinct answer texts; there are none when it is impossible."""

    id: str
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph on one line. `id` is "<article's file stem>#<0-based index>", from the file as given."""

    id: str
    file: str
    text: str
    questions: tuple[SquadQuestion, ...]


@dataclass(frozen=True)
class SquadCorpus:
    """The result of a build: the folder of articles, the questions, and counts of what went into them."""

    folder: Path
    questions: list[Question]
    paragraphs: int
    removed: int
    distractors: int


def read_squad(path: Path, prefix: str = "") -> list[Paragraph]:
    """Paragraphs of a SQuAD v1 or v2 file, in its order. File names start with `prefix`.

    Raises GoldError when the file isn't SQuAD JSON.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))["data"]
        return [paragraph for number, article in enumerate(data) for paragraph in _article(article, number, prefix)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise GoldError(f"{path}: not SQuAD JSON: {type(error).__name__}: {error}") from error


def _article(article: dict[str, Any], number: int, prefix: str) -> list[Paragraph]:
    stem = f"{prefix}{number:03d}_{_slug(article.get('title', ''))}".rstrip("_")
    return [
        Paragraph(f"{stem}#{index}", f"{stem}.txt", one_line(p["context"]), _questions(p.get("qas", []), p["context"]))
        for index, p in enumerate(article["paragraphs"])
    ]


def _questions(qas: list[dict[str, Any]], context: str) -> tuple[SquadQuestion, ...]:
    read = []
    for qa in qas:
        # A v1 question without answers is a broken record; v2 marks the impossible ones.
        texts = [] if qa.get("is_impossible", False) else [whole_words(a, context) for a in qa["answers"]]
        unique = tuple(dict.fromkeys(text for text in texts if text))
        if unique or qa.get("is_impossible", False):
            read.append(SquadQuestion(str(qa["id"]), one_line(qa["question"]), unique))
    return tuple(read)


def whole_words(answer: dict[str, Any], context: str) -> str:
    """An answer's text, widened to the words that it begins and ends in.

    Machine-translated sets mark one answer in forty inside a word ("norman" in "normanda"), which no quotation could
    match word by word. An answer without a place in the paragraph, or with a wrong one, stays as it is.
    """
    text, start = answer["text"], answer.get("answer_start", -1)
    end = start + len(text)
    if not text or start < 0 or context[start:end] != text:
        return one_line(text)
    if text[0].isalnum():
        while start and context[start - 1].isalnum():
            start -= 1
    if text[-1].isalnum():
        while end < len(context) and context[end].isalnum():
            end += 1
    return one_line(context[start:end])


def one_line(text: str) -> str:
    """The text with each line end (CRLF, LF or CR) as a space, stripped."""
    return re.sub(r"\r\n|\n|\r", " ", text).strip()


def _slug(title: str) -> str:
    """ASCII name of an article for its file: lower case, words joined by "_", 40 characters at most."""
    return "_".join(re.findall(r"[a-z0-9]+", plain(title)))[:40].rstrip("_")


def read_wording(path: Path) -> dict[str, str]:
    """Question texts by id, from a SQuAD file or a gold file (.jsonl). Raises GoldError."""
    if path.suffix == ".jsonl":
        return {question.id: question.question for question in load_gold(path)}
    return {q.id: q.question for paragraph in read_squad(path) for q in paragraph.questions}


def choose_removed(paragraphs: list[Paragraph], share: float, seed: int) -> frozenset[str]:
    """Ids of a seeded `share` (0 to 1) of the paragraphs; every copy of a text goes when one does.

    Raises ValueError when share is outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share {share} is outside 0 to 1")
    texts = list(dict.fromkeys(paragraph.text for paragraph in paragraphs))
    gone = set(random.Random(seed).sample(texts, round(share * len(texts))))
    return frozenset(paragraph.id for paragraph in paragraphs if paragraph.text in gone)


def build_squad(
    folder: Path,
    squad: Path,
    *,
    distractors: Path | None = None,
    wording: Path | None = None,
    remove: float = 0.0,
    seed: int = 0,
) -> SquadCorpus:
    """Write the corpus of a SQuAD file into `folder` and return it with its questions.

    `distractors`: a second SQuAD file whose paragraphs join the corpus without their questions (those that
    the first file has, removed ones included, stay out). `wording`: a file that gives other words for the
    same ids (English questions on Spanish text); questions that it lacks are left out. `remove`: share of
    paragraphs kept out of the corpus; answerable questions on them become unanswerable, of kind "removed",
    and SQuAD's own impossible questions on them are dropped, since it would be unclear which of
    two reasons a refusal had. Raises GoldError for an unreadable file, ValueError for a share outside 0 to 1.
    """
    own = read_squad(squad)
    gone = choose_removed(own, remove, seed)
    own_texts = {paragraph.text for paragraph in own}
    extra = [p for p in read_squad(distractors, "x") if p.text not in own_texts] if distractors else []
    kept = [paragraph for paragraph in own if paragraph.id not in gone]
    lines = _write(folder, kept + extra)
    questions = [q for p in own for q in _gold(p, [] if p.id in gone else lines[p.text])]
    if wording:
        words = read_wording(wording)
        questions = [
            q.model_copy(update={"question": words[q.id], "language": language_of(words[q.id])})
            for q in questions
            if q.id in words
        ]
    return SquadCorpus(folder, questions, len(kept), len(gone), len(extra))


def _write(folder: Path, paragraphs: list[Paragraph]) -> dict[str, list[GoldLine]]:
    """Write one file per article; returns where each paragraph's text stands (a text can stand twice)."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[str]] = {}
    places: dict[str, list[GoldLine]] = {}
    for paragraph in paragraphs:
        texts = files.setdefault(paragraph.file, [])
        texts.append(paragraph.text)
        places.setdefault(paragraph.text, []).append(GoldLine(file=paragraph.file, line=len(texts)))
    for file, texts in files.items():
        (folder / file).write_text("".join(text + "\n" for text in texts), encoding="utf-8", newline="\n")
    return places


def _gold(paragraph: Paragraph, places: list[GoldLine]) -> list[Question]:
    """Gold questions of a paragraph that stands at `places`; at none: it was removed."""
    gold = []
    for q in paragraph.questions:
        answerable = bool(q.answers and places)
        if not q.answers and not places:
            continue
        gold.append(
            Question(
                id=q.id,
                question=q.question,
                language=language_of(q.question),
                answerable=answerable,
                kind="squad" if answerable else "removed" if q.answers else "adversarial",
                answers=q.answers if answerable else (),
                evidence=tuple(places) if answerable else (),
                paragraph=paragraph.id,
            )
        )
    return gold
