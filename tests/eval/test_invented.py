"""The invented texts: their passages, where they answer, and how examples are drawn from them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from eval.datasets import GoldError, validate_gold
from eval.invented import ENTRIES, NEWS, build, load_subjects, split
from eval.reader.data import Paragraph, Question
from eval.reader.passages import passages_of
from eval.reader.pool import Ask, Asked, Pool
from eval.reader.states import Read

SUBJECT = {
    "subject": "harbour",
    "articles": [
        ["El puerto cerró el lunes.", "Murieron doce personas. " + "Llovía sin parar. " * 50],
        ["Hubo 14 muertos."],
    ],
    "questions": [
        {"q": "How many died?", "lang": "en", "answers": [[0, 1, "doce personas"], [1, 0, "14 muertos"]]},
        {"q": "how old is the mayor", "lang": "en", "answers": []},
    ],
}


def written(tmp_path: Path, *subjects: object) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(subject) + "\n" for subject in subjects))
    return path


@pytest.mark.parametrize("path", [NEWS, ENTRIES])
def test_the_shipped_texts_are_sound(path: Path, tmp_path: Path) -> None:
    subjects = load_subjects(path)
    assert len({one.subject for one in subjects}) == len(subjects) > 100
    questions = build(tmp_path / "articles", subjects)
    assert validate_gold(questions, tmp_path / "articles") == []
    answerable = sum(question.answerable for question in questions)
    assert 0.4 < answerable / len(questions) < 0.7
    assert {question.lang for one in subjects for question in one.questions} == {"es", "en"}


def test_nothing_that_is_kept_for_figures_is_trained_on() -> None:
    subjects = load_subjects(NEWS)
    trained, held = split(subjects)
    assert len(held) == len(subjects) // 4
    assert {one.subject for one in trained}.isdisjoint(one.subject for one in held)
    assert len(trained) + len(held) == len(subjects)


def test_paragraphs_are_joined_and_answers_follow(tmp_path: Path) -> None:
    passages, asked = passages_of(load_subjects(written(tmp_path, SUBJECT)))
    assert [passage.text[:9] for passage in passages] == ["El puerto", "Murieron ", "Hubo 14 m"]
    found = {n: [passages[n].text[a:b] for a, b in spans] for n, spans in asked[0].spans.items()}
    assert found == {1: ["doce personas"], 2: ["14 muertos"]}
    assert asked[1].spans == {}
    assert asked[1].passages == range(3)


def test_an_answer_that_does_not_stand_there_is_refused(tmp_path: Path) -> None:
    subject = SUBJECT | {"questions": [{"q": "?", "lang": "es", "answers": [[0, 0, "martes"]]}]}
    with pytest.raises(GoldError, match=r"texts\.jsonl:1: 'martes' doesn't stand in paragraph 0"):
        load_subjects(written(tmp_path, subject))


def test_only_held_subjects_are_asked_about_but_all_are_searched(tmp_path: Path) -> None:
    subjects = load_subjects(written(tmp_path, *[SUBJECT | {"subject": f"harbour{n}"} for n in range(5)]))
    questions = build(tmp_path / "articles", subjects)
    assert len(list((tmp_path / "articles").iterdir())) == 10
    assert {question.paragraph for question in questions} == {"harbour3"}
    assert [(gold.file, gold.line) for gold in questions[0].evidence] == [("harbour3-1.txt", 2), ("harbour3-2.txt", 1)]
    assert [question.kind for question in questions] == ["natural", "not_in_text"]


def test_examples_answer_or_come_from_the_passages_of_their_subject() -> None:
    """Two tokens a sentence; question 0 is answered in passage 0, question 1 nowhere."""
    offsets = np.array([[0, 2], [2, 4], [5, 7], [7, 9]])
    made = [Question("Where?", "en")]
    texts = [Paragraph("a", "es", "uno. dos.", made), Paragraph("a", "es", "tre. cua.", made)]
    read = Read(torch.zeros(8, 4), np.array([0, 4, 8]), np.concatenate([offsets, offsets]), np.eye(2, dtype=np.float32))
    questions = Read(torch.zeros(2, 4), np.array([0, 1, 2]), np.zeros((2, 2)), np.array([[1.0, 0], [0, 1.0]]))
    asks = [Ask(0, 0, ((5, 8),), "es"), Ask(0, 1, (), "es"), Ask(1, 0, (), "es"), Ask(1, 1, (), "es")]
    data = [Ask(0, 0, ((5, 8),), "es"), Ask(1, 1, (), "es")]
    pool = Pool(texts, read, data, Asked(questions, questions), seed=1, invented=asks)
    drawn = [pool.draw() for _ in range(300)]
    assert {(d[0].question, d[1]) for d in drawn} >= {(0, 0), (0, 1), (1, 0), (1, 1)}
    for ask, passage, first, after, start, end in drawn:
        assert 0 <= first < after <= 4
        assert (start, end) in ((0, 0), (2, 3))
        assert not end or (ask.question, passage) == (0, 0)
