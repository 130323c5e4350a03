"""Many questions at once: from files, resumed, and over HTTP as a job."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.batch.questions import Question, questions_in
from api.batch.run import Row, rows_of
from api.batch.tables import Table
from rag.errors import ExportUnusable, InvalidQuestion, NotReady
from rag.types import Answer
from tests.support.answers import answer_of, citation_of
from tests.support.cli import renglon
from tests.support.http import followed, problem
from tests.support.server import LocalServer
from tests.support.web import web

DESIGNED, WHO = "Lo diseñó Gustave Steinacher.", "¿Quién diseñó el puente de Triana?"
Ask = Callable[[str], Answer]


@pytest.fixture
def ask(corpus: Path) -> Ask:
    answer = answer_of([citation_of(corpus / "uno.txt", corpus, DESIGNED)])

    def asked(question: str) -> Answer:
        if len(question) > 100:
            raise InvalidQuestion("The question is too long.", "Ask less.")
        return answer.model_copy(update={"question": question})

    return asked


def texts(path: Path, content: str | bytes) -> list[tuple[int, str | None, str | None]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(one.number, one.text, one.id) for one in questions_in(path)]


def test_one_question_a_line(tmp_path: Path) -> None:
    assert texts(tmp_path / "q.txt", "¿Uno?\r\n\n  ¿Tres? \n") == [(1, "¿Uno?", None), (3, "¿Tres?", None)]


@pytest.mark.parametrize(
    "content",
    ["id,question\na,¿Uno?\n,¿Dos?\n", "Pregunta;ID\n¿Uno?;a\n¿Dos?;\n", "\ufeffid\tquestion\na\t¿Uno?\n\t¿Dos?\n"],
)
def test_tables_with_a_heading(content: str, tmp_path: Path) -> None:
    assert texts(tmp_path / "q.csv", content) == [(2, "¿Uno?", "a"), (3, "¿Dos?", "")]


def test_a_table_without_a_heading_and_one_from_an_old_spreadsheet(tmp_path: Path) -> None:
    assert texts(tmp_path / "q.csv", '"¿Uno, y dos?",x\n"¿Con\nsalto?",y\n¿Tres?,z\n') == [
        (1, "¿Uno, y dos?", None), (2, "¿Con\nsalto?", None), (4, "¿Tres?", None),
    ]  # fmt: skip
    assert texts(tmp_path / "q.csv", "pregunta\n¿Cuándo fue la reunión de mañana?\n".encode("cp1252"))[0][1] == (
        "¿Cuándo fue la reunión de mañana?"
    )


def test_broken_rows_have_their_number(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    lines = ['"¿Uno?"', "{", '{"question": "¿Tres?", "id": 3}', '{"q": 1}', '{"question": "\\ud800"}', "[" * 50_000,
             '{"question": "¿Siete?", "id": []}']  # fmt: skip
    path.write_text("\n".join(lines))
    found = questions_in(path)
    assert [(one.number, one.text, one.broken) for one in found] == [
        (1, "¿Uno?", None), (2, None, "the line is no JSON"), (3, "¿Tres?", None), (4, None, "there is no question"),
        (5, None, "the question is not text"), (6, None, "the line is no JSON"),
        (7, None, "`id` is neither text nor a number"),
    ]  # fmt: skip
    assert found[2].id == "3"
    path = tmp_path / "q.csv"
    path.write_text(f'question\n¿Uno?\n"{"x" * 200_000}"\n\n,¿Sin?\n')
    uno, long, without = questions_in(path)
    assert (uno.text, long.number, long.text, without.number) == ("¿Uno?", 3, None, 5)
    assert long.broken
    assert "row can't be read" in long.broken


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("q.docx", b"x", "no .txt"),
        ("q.txt", b"", "empty"),
        ("q.txt", b"\0\1\2\3", "binary"),
        ("q.csv", b"question\n", "no question"),
        ("none.txt", None, "can't be read"),
    ],
)
def test_files_that_are_no_questions(name: str, content: bytes | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ExportUnusable, match=said):
        questions_in(tmp_path / name)


def some(n: int) -> list[Question]:
    return [Question(number, f"¿{number}?") for number in range(1, n + 1)]


def test_rows_come_in_order_though_several_are_asked_at_once(ask: Ask) -> None:
    together, first = threading.Barrier(3), threading.Event()

    def asked(question: str) -> Answer:
        if question in ("¿1?", "¿2?", "¿3?"):
            together.wait(60)  # passes only when three are asked at the same time
            if question == "¿1?":
                assert first.wait(60)
            else:
                first.set()
        return ask(question)

    questions = [*some(20), Question(21, "a" * 101), Question(22, None, broken="no JSON")]
    rows = list(rows_of(questions, asked, 3))
    assert [row.question.number for row in rows] == list(range(1, 23))
    assert [row.error for row in rows[-3:]] == [None, "The question is too long. Ask less.", "no JSON"]


def test_a_failing_service_ends_the_batch(ask: Ask) -> None:
    def asked(question: str) -> Answer:
        if question == "¿5?":
            raise NotReady("The server broke off.")
        return ask(question)

    rows = rows_of(some(100), asked, 2)
    got = []
    with pytest.raises(NotReady):
        got.extend(rows)
    assert len(got) <= 4


def written(path: Path, rows: Iterator[Row] | list[Row], questions: list[Question]) -> int:
    """Write rows that are not there yet; how many were."""
    with Table(path) as table:
        done = table.resume(questions)
        for row in list(rows)[done:]:
            table.add(row)
    return done


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_a_batch_goes_on_at_every_place_where_it_was_cut_off(name: str, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / name
    questions = [Question(1, "=1+1"), Question(2, '¿"Dos",\ny?', "b"), Question(3, None, broken="no JSON"), *some(2)]
    rows = list(rows_of(questions, ask))
    assert written(path, rows, questions) == 0
    whole = path.read_bytes()
    assert written(path, rows, questions) == len(questions)
    assert path.read_bytes() == whole
    counts = set()
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        counts.add(written(path, rows, questions))
        assert path.read_bytes() == whole
    assert counts == set(range(len(questions)))


@pytest.mark.parametrize(
    "content",
    [b"Mis apuntes.\n", b"Mis apuntes", b'{"number": 1, "question": "another"}\n', b'"a","b"\n"1","2"\n'],
)
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_a_file_of_something_else_is_left_alone(content: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with Table(path) as table, pytest.raises(ExportUnusable, match="other questions"):
        table.resume(some(3))
    assert path.read_bytes() == content


def test_a_table_for_a_spreadsheet(ask: Ask, tmp_path: Path) -> None:
    path, questions = tmp_path / "out.csv", [Question(1, "=HYPERLINK(1)"), Question(2, None, broken="no JSON")]
    written(path, rows_of(questions, ask), questions)
    with path.open(newline="") as file:
        good, broken = csv.DictReader(file)
    assert (good["question"], good["citations"], good["quotes"]) == ("'=HYPERLINK(1)", "uno.txt:2", DESIGNED)
    assert (good["status"], broken["error"]) == ("answered", "no JSON")


def test_a_file_of_questions_is_answered_and_checked(tiny: LocalServer, tmp_path: Path) -> None:
    source, target = tmp_path / "questions.txt", tmp_path / "answers.jsonl"
    source.write_text(f"{WHO}\n{'a' * 3000}\n¿Cuándo se abrió el puente de Triana?\n")
    result = renglon(tiny.data, "ask", "--from", str(source), "--out", str(target), "--json")
    assert result.returncode == 1, result.stderr
    report = json.loads(result.stdout)
    assert [number for number, _ in report["broken"]] == [2]
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert "2,000" in rows[1]["error"]
    source.write_text(f"{source.read_text()}{WHO}\n")
    again = renglon(tiny.data, "ask", "--from", str(source), "--out", str(target))
    assert again.returncode == 0
    assert "3 done before" in again.stdout
    assert len(target.read_text().splitlines()) == 4
    checked = renglon(tiny.data, "verify", str(target), "--in", str(tiny.data.parent / "corpus"), "--json")
    assert (checked.returncode, json.loads(checked.stdout)["stale"]) == (0, 0)


def test_wrong_usage(tiny: LocalServer, tmp_path: Path) -> None:
    file = str(tmp_path / "q.txt")
    for arguments in (["--from", file], ["--out", file], [WHO, "--from", file, "--out", file], []):
        assert renglon(tiny.data, "ask", *arguments).returncode == 2


def test_a_batch_over_http(tiny: LocalServer) -> None:
    questions: list[Any] = [WHO, {"id": "b", "question": WHO}, {"id": "c"}, 7, " ", "\ud800"]
    body = json.dumps({"questions": questions}).encode()
    sent = web.post(f"{tiny.url}/v1/batch", content=body, headers={"content-type": "application/json"})
    assert (sent.status_code, sent.json()["kind"]) == (202, "batch")
    job = followed(tiny, sent.json())  # type: ignore[arg-type]
    assert (job["state"], job["done"], job["left"]) == ("done", len(questions), 0)
    rows = job["report"]["rows"]
    assert [row["number"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[1]["id"] == "b"
    assert ["error" in row for row in rows] == [False, False, True, True, True, True]
    assert "citations" in rows[0]
    for wrong in ([], ["?"] * 1001):
        problem(web.post(f"{tiny.url}/v1/batch", json={"questions": wrong}), 422)
