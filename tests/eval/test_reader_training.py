"""What the reader is trained on, and what its training makes small."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eval.reader.data import Paragraph, Question
from eval.reader.loss import ANSWERS_SHARE, COMPARED_SHARE, among_all, loss_of
from eval.reader.pool import RIVALS, Ask, Asked, Pool
from eval.reader.states import Read

WIDTH = 4


def read(texts: list[str]) -> Read:
    """A token for each word, and a vector of chance."""
    chance = np.random.default_rng(0)
    offsets, firsts = [], [0]
    for text in texts:
        at = 0
        for word in text.split():
            at = text.index(word, at)
            offsets.append((at, at + len(word)))
            at += len(word)
        firsts.append(len(offsets))
    vectors = chance.normal(size=(len(texts), WIDTH)).astype(np.float32)
    return Read(torch.zeros(len(offsets), WIDTH, dtype=torch.bfloat16), np.array(firsts), np.array(offsets), vectors)


PARAGRAPHS = [
    Paragraph("Puentes", "es", f"El puente {n} es largo. Lo abrieron en {1900 + n}. Cruza un río ancho. Nadie paga.")
    for n in range(6)
]


def pool(asked_in: str = "es") -> Pool:
    asks, texts = [], []
    for number, paragraph in enumerate(PARAGRAPHS):
        at = paragraph.text.index(str(1900 + number))
        paragraph.questions[:] = [Question(f"¿Cuándo abrieron el puente {number}?", asked_in, ((at, at + 4),))]
        texts.append(paragraph.questions[0].text)
        asks.append(Ask(number, number, paragraph.questions[0].spans, asked_in))
    questions = read(texts)
    return Pool(PARAGRAPHS, read([p.text for p in PARAGRAPHS]), asks, Asked(questions, questions), seed=1)


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_question_is_compared_between_a_stretch_that_answers_and_others_that_do_not(language: str) -> None:
    drawn = pool(language)
    for _ in range(50):
        answering, *rivals = drawn.compared()
        assert len(rivals) == RIVALS
        ask, paragraph, first, after, start, end = answering
        words = PARAGRAPHS[paragraph].text.split()
        assert first <= start <= end < after
        assert words[start].strip(".") == str(1900 + ask.question)
        for asked, other, first, after, start, end in rivals:
            assert asked is ask
            assert start == end == 0
            stretch = " ".join(PARAGRAPHS[other].text.split()[first:after])
            assert str(1900 + ask.question) not in stretch


def test_the_right_place_among_all_stretches_costs_least() -> None:
    # Two stretches of two tokens: log-odds over "no answer" 2, 0 in the first and 1, 0 in the second.
    logits = torch.tensor([[1.0, 3.0, 1.0], [0.5, 1.5, 0.5]])
    total = math.exp(2) + 1 + math.exp(1) + 1
    assert among_all(logits, torch.tensor([1, 0]), 1, 1).item() == pytest.approx(-math.log(math.exp(2) / total))
    assert among_all(logits, torch.tensor([2, 0]), 1, 1).item() == pytest.approx(-math.log(1 / total))


def test_the_loss_of_a_batch_is_the_sum_of_its_parts() -> None:
    torch.manual_seed(3)
    starts, ends, answers = torch.randn(3, 5), torch.randn(3, 5), torch.randn(3)
    start, end = torch.tensor([2, 0, 3]), torch.tensor([3, 0, 3])
    alone = loss_of((starts, ends, answers), start, end, 0, 0)
    expected = torch.stack([
        torch.logsumexp(row, 0) - row[place]
        for side, places in ((starts, start), (ends, end)) for row, place in zip(side, places, strict=True)
    ]).mean()  # fmt: skip
    chances = torch.sigmoid(answers)
    wrong = -torch.log(torch.stack([chances[0], 1 - chances[1], chances[2]])).mean()
    assert alone.item() == pytest.approx((expected + ANSWERS_SHARE * wrong).item(), abs=1e-5)
    compared = (among_all(starts, start, 1, 1) + among_all(ends, end, 1, 1)) / 2
    both = loss_of((starts, ends, answers), start, end, 1, 1)
    assert both.item() == pytest.approx((alone + COMPARED_SHARE * compared).item(), abs=1e-5)
