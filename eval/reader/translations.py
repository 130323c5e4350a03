"""Questions and paragraphs that are translations of each other, found by the encoder: training across languages."""

from __future__ import annotations

import numpy as np

from eval.reader.data import Paragraph
from eval.reader.pool import Ask
from eval.reader.states import Read

# Cosine of two texts that are taken for translations when each is the other's nearest.
LEAST = 0.88


def across_languages(paragraphs: list[Paragraph], read: Read, asks: list[Ask], questions: Read) -> list[Ask]:
    """Questions of one language on a paragraph in another: pairs of translations found by the encoder.

    Paragraphs of one article that are each other's nearest across two languages; in them, questions that are each
    other's nearest, both answered. Returns what each question asks of the other's paragraph.
    """
    by_paragraph: dict[int, list[Ask]] = {}
    for ask in asks:
        if ask.spans:
            by_paragraph.setdefault(ask.paragraph, []).append(ask)
    groups: dict[str, dict[str, list[int]]] = {}
    for i, paragraph in enumerate(paragraphs):
        if i in by_paragraph:
            groups.setdefault(paragraph.article, {}).setdefault(paragraph.language, []).append(i)
    made = []
    for languages in groups.values():
        names = sorted(languages)
        for a, b in ((a, b) for a in names for b in names if a < b):
            for i, j in _mutual(languages[a], languages[b], read.vectors, LEAST):
                one = {x.question: x for x in by_paragraph[i]}
                two = {x.question: x for x in by_paragraph[j]}
                for m, n in _mutual(list(one), list(two), questions.vectors, LEAST):
                    if one[m].language != two[n].language:
                        made.append(Ask(m, j, two[n].spans, one[m].language))
                        made.append(Ask(n, i, one[m].spans, two[n].language))
    return made


def _mutual(left: list[int], right: list[int], vectors: np.ndarray, least: float) -> list[tuple[int, int]]:
    scores = vectors[left] @ vectors[right].T
    return [
        (left[r], right[c])
        for r, c in enumerate(scores.argmax(1))
        if scores[:, c].argmax() == r and scores[r, c] > least
    ]
