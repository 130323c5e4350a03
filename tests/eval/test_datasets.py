"""Gold files and SQuAD data: what is read, what is refused and how it is said, and the shipped gold itself."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eval.datasets import (
    DIFFERING_GOLD,
    FOLLOWUPS_GOLD,
    NATURAL_GOLD,
    REQUESTS_GOLD,
    SEEDS_GOLD,
    GoldError,
    Question,
    check_gold,
    file_lines,
    load_all,
    load_gold,
    load_requests,
    of_split,
    sample,
    validate_gold,
    validate_requests,
)
from eval.squad import build_squad, choose_removed, read_squad, whole_words

SEEDS = Path(__file__).parents[2] / "seeds"
GOOD: dict[str, Any] = {
    "id": "q1",
    "question": "¿Cuántos?",
    "language": "es",
    "answerable": True,
    "answers": ["6.700 contenedores"],
    "evidence": [{"file": "a.txt", "line": 3}],
}

VALUE: dict[str, Any] = {"value": "6.700", "evidence": [{"file": "a.txt", "line": 3}]}
TALK: dict[str, Any] = {
    "id": "r1",
    "request": "Hola",
    "language": "es",
    "kind": "small_talk",
    "split": "dev",
    "status": "none_asked",
}
SUMMARY: dict[str, Any] = {**TALK, "kind": "summary", "status": "answered", "scope": "all", "documents": ["a.txt"]}


def write_jsonl(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def question(**changes: object) -> Question:
    return Question.model_validate({**GOOD, **changes})


# ---- the shipped gold --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [SEEDS_GOLD, FOLLOWUPS_GOLD, NATURAL_GOLD, DIFFERING_GOLD], ids=lambda p: p.stem)
def test_shipped_gold_stands_in_the_articles(path: Path) -> None:
    check_gold(load_gold(path), SEEDS, path.name)


def test_seeds_gold_covers_what_it_must() -> None:
    questions = load_gold(SEEDS_GOLD)
    answerable = [q for q in questions if q.answerable]
    kinds = Counter(q.kind for q in questions)
    assert len(answerable) >= 100
    assert sum(q.language == "en" for q in answerable) >= 20
    assert sum(not q.answerable for q in questions) >= 25
    assert min(kinds[kind] for kind in ("off_topic", "not_in_text", "false_premise")) >= 10
    assert len({q.question for q in questions}) == len(questions)
    touched = {line for q in answerable for line in q.gold_lines}
    for path in SEEDS.glob("*.txt"):
        written = [n for n, text in enumerate(file_lines(path), 1) if len(text.split()) > 5]
        missed = [n for n in written if (path.name, n) not in touched]
        assert len(missed) <= 0.1 * len(written), f"{path.name}: lines {missed}"


def test_followups_are_second_turns() -> None:
    for item in load_gold(FOLLOWUPS_GOLD):
        assert [turn.role for turn in item.history] == ["user", "assistant"]
        assert len(item.question.split()) <= 8


def test_natural_gold_has_what_it_must() -> None:
    questions = load_gold(NATURAL_GOLD)
    count = Counter((q.kind, q.language, q.answerable, q.split) for q in questions)
    assert count == {
        ("natural", "en", True, "dev"): 30,
        ("natural", "en", True, "final"): 30,
        **{("not_in_text", lang, False, split): 15 for lang in ("es", "en") for split in ("dev", "final")},
    }


def test_differing_gold_keeps_both_languages_of_a_fact_in_one_split() -> None:
    questions = load_gold(DIFFERING_GOLD)
    assert Counter((q.kind, q.split) for q in questions) == {
        ("differ", "dev"): 10,
        ("differ", "final"): 10,
        **{(kind, split): 5 for kind in ("agree", "apart") for split in ("dev", "final")},
    }
    splits: dict[object, set[object]] = {}
    for item in (q for q in questions if q.differing):
        splits.setdefault(item.differing, set()).add(item.split)
    assert all(len(sides) == 1 for sides in splits.values())
    assert len(splits) == 12  # facts


def test_requests_gold_names_articles_that_exist() -> None:
    requests = load_requests(REQUESTS_GOLD)
    assert validate_requests(requests, SEEDS) == []
    assert Counter((r.kind, r.language, r.split) for r in requests) == {
        (kind, lang, split): 5
        for kind in ("small_talk", "summary")
        for lang in ("es", "en")
        for split in ("dev", "final")
    }
    assert {r.scope for r in requests if r.kind == "summary"} == {"all", "name", "topic", "last"}


def test_no_question_stands_in_two_files() -> None:
    asked = [q.question.casefold() for path in (SEEDS_GOLD, NATURAL_GOLD, DIFFERING_GOLD) for q in load_gold(path)]
    asked += [r.request.casefold() for r in load_requests(REQUESTS_GOLD)]
    assert [text for text, n in Counter(asked).items() if n > 1] == []
    load_all([SEEDS_GOLD, FOLLOWUPS_GOLD, NATURAL_GOLD, DIFFERING_GOLD])  # nor an id


# ---- reading gold ------------------------------------------------------------------------------------------


def test_blank_lines_and_a_bom_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text("\ufeff" + json.dumps(GOOD) + "\r\n\r\n" + json.dumps({**GOOD, "id": "q2"}), encoding="utf-8")
    assert [q.id for q in load_gold(path)] == ["q1", "q2"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answers": []}, "answerable question needs answers and evidence"),
        ({"answerable": False}, "unanswerable question has neither"),
        ({"evidence": [{"file": "a.txt", "line": 0}]}, "evidence.0.line"),
        ({"answers": [" "]}, "blank"),
        ({"question": ""}, "question"),
        ({"colour": "red"}, "colour"),
        ({"split": "test", "kind": "natural"}, "split"),
        ({"split": "dev", "kind": "number"}, "kind 'number' is unknown; questions of a split are of natural"),
        ({"split": "dev", "kind": "not_in_text"}, "'not_in_text' has no answer"),
        (
            {"split": "dev", "kind": "natural", "answerable": False, "answers": [], "evidence": []},
            "'natural' has an answer",
        ),
        ({"kind": "agree", "differing": [VALUE, VALUE]}, "only a question of kind 'differ'"),
        ({"kind": "differ", "differing": [VALUE]}, "two differing values or more"),
        ({"kind": "differ", "differing": [VALUE, {**VALUE, "evidence": []}]}, "differing.1.evidence"),
        ({"kind": "differ", "differing": [VALUE, {**VALUE, "value": ""}]}, "differing.1.value"),
    ],
)
def test_a_bad_record_is_named_by_file_and_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = write_jsonl(tmp_path / "gold.jsonl", GOOD, {**GOOD, "id": "q2", **change})
    with pytest.raises(GoldError, match=r"gold\.jsonl:2: .*" + said):
        load_gold(path)


def test_broken_json_repeated_ids_and_empty_files_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text(json.dumps(GOOD) + '\n{"id": ', encoding="utf-8")
    with pytest.raises(GoldError, match=r"broken.jsonl:2: Invalid JSON"):
        load_gold(broken)
    with pytest.raises(GoldError, match=r"twice.jsonl:2: id 'q1' stands on line 1 too"):
        load_gold(write_jsonl(tmp_path / "twice.jsonl", GOOD, GOOD))
    with pytest.raises(GoldError, match="holds no question"):
        load_gold(write_jsonl(tmp_path / "empty.jsonl"))
    with pytest.raises(GoldError, match="can't be read"):
        load_gold(tmp_path / "missing.jsonl")
    one, two = write_jsonl(tmp_path / "one.jsonl", GOOD), write_jsonl(tmp_path / "two.jsonl", GOOD)
    with pytest.raises(GoldError, match=r"two\.jsonl: id 'q1' stands in an earlier file"):
        load_all([one, two])


def test_kinds_of_files_without_splits_are_free(tmp_path: Path) -> None:
    (item,) = load_gold(write_jsonl(tmp_path / "own.jsonl", {**GOOD, "kind": "contracts"}))
    assert (item.kind, item.split, item.differing) == ("contracts", None, ())


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({**TALK, "kind": "gossip"}, "kind"),
        ({**TALK, "status": "answered"}, "small talk expects status none_asked"),
        ({**TALK, "documents": ["a.txt"]}, "neither scope nor documents"),
        ({**SUMMARY, "status": "none_asked"}, "summary expects status answered"),
        ({**SUMMARY, "documents": []}, "needs a scope and documents"),
        ({**SUMMARY, "scope": None}, "needs a scope and documents"),
        ({**SUMMARY, "scope": "half"}, "scope"),
        ({k: v for k, v in TALK.items() if k != "split"}, "split"),
    ],
)
def test_a_bad_request_is_named_by_file_and_line(tmp_path: Path, record: dict[str, Any], said: str) -> None:
    path = write_jsonl(tmp_path / "requests.jsonl", {**TALK, "id": "r0"}, record)
    with pytest.raises(GoldError, match=r"requests\.jsonl:2: .*" + said):
        load_requests(path)


def test_a_split_holds_its_own_items_only(tmp_path: Path) -> None:
    natural = {**GOOD, "kind": "natural"}
    path = write_jsonl(
        tmp_path / "gold.jsonl",
        {**natural, "id": "a", "split": "dev"},
        {**natural, "id": "b", "split": "final"},
        {**natural, "id": "c"},
        {**natural, "id": "d", "split": "dev"},
    )
    assert [q.id for q in of_split(load_gold(path), "dev")] == ["a", "d"]
    assert [q.id for q in of_split(load_gold(path), "final")] == ["b"]


# ---- checking gold -----------------------------------------------------------------------------------------


def test_validator_counts_every_kind_of_line_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"uno\r\n\r\nunos 6.700\tCONTENEDORES\rcuatro\ncinco")
    assert validate_gold([question()], tmp_path) == []
    assert validate_gold([question(answers=["cinco"], evidence=[{"file": "a.txt", "line": 5}])], tmp_path) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"evidence": [{"file": "b.txt", "line": 1}]}, "no such file"),
        ({"evidence": [{"file": "a.txt", "line": 9}]}, "ends at line 3"),
        ({"answers": ["6.700 contenedores", "dos"]}, "answer 'dos' stands on none"),
        (
            {"evidence": [{"file": "a.txt", "line": 3}, {"file": "a.txt", "line": 1}]},
            "a.txt:1: the line holds none",
        ),
    ],
)
def test_validator_says_what_is_wrong(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "a.txt").write_text("uno\ndos y\nunos 6.700 contenedores", encoding="utf-8")
    problems = validate_gold([question(**change)], tmp_path)
    assert any(said in problem for problem in problems), problems
    with pytest.raises(GoldError, match="my gold: "):
        check_gold([question(**change)], tmp_path, "my gold")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"value": "6.700", "evidence": [{"file": "a.txt", "line": 1}]}, "a.txt:1: the line holds none"),
        ({"value": "9", "also": ["6.700"], "evidence": [{"file": "a.txt", "line": 3}]}, "answer '9' stands on none"),
        ({"value": "6.700", "evidence": [{"file": "a.txt", "line": 8}]}, "the file ends at line 3"),
        ({"value": "dos", "evidence": [{"file": "a.txt", "line": 2}]}, "a.txt:2 is no gold line of the question"),
    ],
)
def test_differing_values_stand_on_their_lines(tmp_path: Path, value: dict[str, Any], said: str) -> None:
    (tmp_path / "a.txt").write_text("uno\ndos y\nunos 6.700 contenedores", encoding="utf-8")
    assert validate_gold([question(kind="differ", differing=[VALUE, VALUE])], tmp_path) == []
    problems = validate_gold([question(kind="differ", differing=[VALUE, value])], tmp_path)
    assert any(said in problem and "value" in problem for problem in problems), problems


def test_requests_name_files_of_the_corpus(tmp_path: Path) -> None:
    requests = load_requests(write_jsonl(tmp_path / "requests.jsonl", TALK, {**SUMMARY, "id": "r2"}))
    assert validate_requests(requests, tmp_path) == [f"r2: a.txt: no such file in {tmp_path}"]
    (tmp_path / "a.txt").write_text("uno", encoding="utf-8")
    assert validate_requests(requests, tmp_path) == []


def test_sample_is_seeded_and_keeps_the_order() -> None:
    items = list(range(100))
    drawn = sample(items, 10, seed=4)
    assert drawn == sorted(drawn) == sample(items, 10, seed=4)
    assert drawn != sample(items, 10, seed=5)
    assert sample(items, None, 1) == sample(items, 1000, 1) == items
    assert sample(items, 0, 1) == []


# ---- SQuAD -------------------------------------------------------------------------------------------------


def squad_file(path: Path, articles: dict[str, list[str]], impossible: bool = True) -> Path:
    """A SQuAD v2 file (v1 without impossible questions): one question a paragraph, "p" first word is the answer."""
    data = []
    for title, texts in articles.items():
        paragraphs = []
        for n, text in enumerate(texts):
            word = {"text": text.split()[0], "answer_start": 0}
            qas: list[dict[str, Any]] = [{"id": f"{title}{n}", "question": f"¿{n}?", "answers": [word, word]}]
            if impossible:
                qas.append({"id": f"{title}{n}x", "question": "¿No?", "answers": [], "is_impossible": True})
            paragraphs.append({"context": text, "qas": qas})
        data.append({"title": title, "paragraphs": paragraphs})
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    return path


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    texts = [f"palabra{n} de un párrafo" for n in range(10)]
    return squad_file(tmp_path / "squad.json", {"El Niño/..": ["Uno\r\ndos", *texts], "Otro": ["uno dos"]})


def test_squad_becomes_files_and_gold(tmp_path: Path, squad: Path) -> None:
    built = build_squad(tmp_path / "corpus", squad)
    names = sorted(path.name for path in built.folder.iterdir())
    assert names == ["000_el_nino.txt", "001_otro.txt"]
    assert (built.folder / names[0]).read_text(encoding="utf-8").splitlines()[0] == "Uno dos"
    assert validate_gold(built.questions, built.folder) == []
    first = built.questions[0]
    assert first.answers == ("Uno",)  # twice in the file
    assert first.gold_lines == {("000_el_nino.txt", 1)}
    assert first.paragraph == "000_el_nino#0"
    assert Counter(q.kind for q in built.questions) == {"squad": 12, "adversarial": 12}


@pytest.mark.parametrize(
    ("text", "start", "whole"),
    [
        ("norman", 13, "normanda"),  # ends inside a word
        ("ricos", 37, "cítricos"),  # begins inside one
        ("normanda,", 13, "normanda,"),  # punctuation is an end of its own
        ("cultura", 5, "cultura"),
        ("cultura", 6, "cultura"),  # not what stands there: left as it is
        ("ricos", -1, "ricos"),
    ],
)
def test_an_answer_cut_inside_a_word_gets_all_of_it(text: str, start: int, whole: str) -> None:
    context = "Esta cultura normanda, la de los\ncítricos de allí."
    start = {37: context.index("ricos")}.get(start, start)
    assert whole_words({"text": text, "answer_start": start}, context) == whole


def test_squad_v1_has_no_impossible_questions(tmp_path: Path) -> None:
    path = squad_file(tmp_path / "v1.json", {"A": ["uno"]}, impossible=False)
    assert [q.answerable for q in build_squad(tmp_path / "corpus", path).questions] == [True]


def test_removed_paragraphs_make_questions_unanswerable(tmp_path: Path, squad: Path) -> None:
    built = build_squad(tmp_path / "corpus", squad, remove=0.5, seed=3)
    kinds = Counter(q.kind for q in built.questions)
    assert kinds["removed"] == built.removed == 6
    assert kinds["squad"] == kinds["adversarial"] == built.paragraphs == 6
    assert validate_gold(built.questions, built.folder) == []
    gone = [q for q in built.questions if q.kind == "removed"]
    assert not any(q.answerable or q.answers or q.evidence for q in gone)
    whole = {p.id: p.text for p in read_squad(squad)}
    kept = [line for path in built.folder.iterdir() for line in file_lines(path)]
    assert not any(whole[q.paragraph] in kept for q in gone)
    assert choose_removed(read_squad(squad), 0.5, 3) == choose_removed(read_squad(squad), 0.5, 3)
    with pytest.raises(ValueError, match="outside 0 to 1"):
        choose_removed([], 1.5, 0)


def test_distractors_join_without_questions_and_bring_nothing_back(tmp_path: Path, squad: Path) -> None:
    other = squad_file(tmp_path / "other.json", {"Más": ["nuevo texto", "palabra1 de un párrafo"]})
    built = build_squad(tmp_path / "corpus", squad, distractors=other, remove=1.0)
    assert built.distractors == 1
    assert [path.name for path in built.folder.iterdir()] == ["x000_mas.txt"]
    assert {q.kind for q in built.questions} == {"removed"}


def test_equal_paragraphs_are_both_gold_and_leave_together(tmp_path: Path) -> None:
    path = squad_file(tmp_path / "twins.json", {"A": ["uno dos"], "B": ["uno dos"]})
    built = build_squad(tmp_path / "corpus", path)
    assert built.questions[0].gold_lines == {("000_a.txt", 1), ("001_b.txt", 1)}
    assert len(choose_removed(read_squad(path), 1.0, 0)) == 2


def test_wording_is_taken_from_another_file_by_id(tmp_path: Path, squad: Path) -> None:
    words = {"data": [{"paragraphs": [{"context": "x", "qas": [
        {"id": "Otro0", "question": "Which one was the first?", "answers": [{"text": "x"}]},
    ]}]}]}  # fmt: skip
    path = tmp_path / "english.json"
    path.write_text(json.dumps(words), encoding="utf-8")
    built = build_squad(tmp_path / "corpus", squad, wording=path)
    assert [(q.id, q.question, q.language) for q in built.questions] == [("Otro0", "Which one was the first?", "en")]
    gold = write_jsonl(tmp_path / "words.jsonl", {**GOOD, "id": "Otro0", "question": "¿Cuál?"})
    assert [q.question for q in build_squad(tmp_path / "again", squad, wording=gold).questions] == ["¿Cuál?"]


@pytest.mark.parametrize("content", ["", "[]", '{"data": [{"paragraphs": [{}]}]}', '{"data": 3}'])
def test_what_is_not_squad_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(GoldError, match=r"bad\.json: not SQuAD JSON"):
        read_squad(path)
