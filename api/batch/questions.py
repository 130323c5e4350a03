"""Questions from a file or a request: one a line, a table, or JSON; what can't be used is reported by its number."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.corpus.decoding import decode
from index.corpus.documents import printable
from rag.errors import ExportUnusable, FileRefused

MOST_BYTES = 50_000_000
MOST_QUESTIONS = 100_000
SHOWN = 200  # characters of an id
_HEADINGS = ("question", "pregunta")
_SUFFIXES = {".txt", ".csv", ".jsonl"}


@dataclass(frozen=True)
class Question:
    """A question with its number in the file, or why there is none."""

    number: int
    text: str | None
    id: str | None = None
    broken: str | None = None


def questions_in(path: Path) -> list[Question]:
    """The questions of a .txt, .csv or .jsonl file; numbers are lines. Raises ExportUnusable for the whole file."""
    if path.suffix.lower() not in _SUFFIXES:
        raise ExportUnusable(f"{path.name} is no .txt, .csv or .jsonl file.", "Put one question on each line of one.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ExportUnusable(f"{path} has more than {MOST_BYTES:,} bytes.", "Split it.")
        text, _ = decode(path.read_bytes())
    except OSError as error:
        raise ExportUnusable(f"{path} can't be read: {error.strerror}.", "Give a file of questions.") from error
    except FileRefused as error:
        raise ExportUnusable(f"{path} can't be read: {error.detail}", "Give a file of questions.") from error
    lines = text.removeprefix("\ufeff").split("\n")
    found = list(_table(lines) if path.suffix.lower() == ".csv" else _lines(lines, path.suffix.lower() == ".jsonl"))
    if len(found) > MOST_QUESTIONS:
        raise ExportUnusable(f"{path} has more than {MOST_QUESTIONS:,} questions.", "Split it.")
    if not found:
        raise ExportUnusable(f"{path} has no question.", "Put one on each line.")
    return found


def question_of(number: int, value: Any) -> Question:
    """A question from a JSON value: a string, or an object with `question` and perhaps `id`."""
    id_ = None
    if isinstance(value, dict):
        id_ = value.get("id")
        if id_ is not None and not isinstance(id_, str | int):
            return Question(number, None, broken="`id` is neither text nor a number")
        id_ = None if id_ is None else printable(str(id_))[:SHOWN]
        value = value.get("question")
    if not isinstance(value, str):
        return Question(number, None, id_, "there is no question")
    if printable(value) != value:
        return Question(number, None, id_, "the question is not text")
    return Question(number, value, id_)


def _lines(lines: Iterable[str], as_json: bool) -> Iterator[Question]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if not as_json:
            yield Question(number, line.strip())
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield Question(number, None, broken="the line is no JSON")
        else:
            yield question_of(number, value)


def _table(lines: list[str]) -> Iterator[Question]:
    """Rows of a table; its column is called `question` (or `pregunta`), or else is the first one."""
    first = next((line for line in lines if line.strip()), "")
    # Spreadsheets write semicolons where the comma separates decimals.
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter)
    column, id_column, headed, number = 0, None, False, 1
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Question(number, None, broken=f"the row can't be read: {error}")
            continue
        if not any(cell.strip() for cell in row):
            continue
        names = [cell.strip().lower() for cell in row]
        if not headed and (heading := next((name for name in _HEADINGS if name in names), None)):
            column, id_column = names.index(heading), names.index("id") if "id" in names else None
            headed = True
            continue
        headed = True
        text = row[column].strip() if column < len(row) else ""
        id_ = row[id_column].strip()[:SHOWN] if id_column is not None and id_column < len(row) else None
        yield Question(number, text, id_) if text else Question(number, None, id_, "there is no question")
