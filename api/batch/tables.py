"""The file of rows, JSON lines or CSV: written in order, so that an interrupted batch goes on where it was."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from api.batch.questions import Question
from api.batch.run import Row
from rag.errors import ExportUnusable

_COLUMNS = ["number", "id", "question", "status", "text", "confidence", "citations", "quotes", "notice", "error"]
_HEADING = (",".join(f'"{name}"' for name in _COLUMNS) + "\n").encode()
Kept = tuple[str, str, int]  # number, question, and where the row ends


class Table:
    """An open file of rows."""

    def __init__(self, path: Path) -> None:
        """Open the file, which may hold rows of an earlier run; a row that was cut off is dropped.

        Raises ExportUnusable for a name that is neither .jsonl nor .csv.
        """
        if path.suffix.lower() not in (".jsonl", ".csv"):
            raise ExportUnusable(f"{path.name} is no .jsonl or .csv file.", "Name one with --out.")
        self._path, self._csv = path, path.suffix.lower() == ".csv"
        try:
            self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        except OSError as error:
            raise ExportUnusable(f"{path} can't be written: {error.strerror}.", "Name another file.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def resume(self, questions: list[Question]) -> int:
        """How many of the questions have their row already. Raises ExportUnusable for rows of other questions."""
        done, end = 0, 0
        for number, text, place in self._table_rows() if self._csv else self._json_rows():
            wanted = questions[done] if done < len(questions) else None
            if wanted is None or (number, text) != (str(wanted.number), self._written(wanted.text or "")):
                raise ExportUnusable(f"{self._path} holds answers to other questions.", "Name another file with --out.")
            done, end = done + 1, place
        self._file.seek(end)
        self._file.truncate()
        if self._csv and not end:
            self._file.write(_HEADING)
        return done

    def add(self, row: Row) -> None:
        """Append a row."""
        if not self._csv:
            self._file.write(json.dumps(row.data, ensure_ascii=False).encode() + b"\n")
        else:
            answer, data = row.answer, row.data
            citations = answer.citations if answer else []
            places = "; ".join(citation.marker[1:-1] for citation in citations)
            cells = data | {"citations": places, "quotes": "\n".join(citation.quote for citation in citations)}
            self._write([cells.get(name) for name in _COLUMNS])
        self._file.flush()

    def _write(self, cells: list[object]) -> None:
        line = io.StringIO()
        csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(
            self._written("" if cell is None else str(cell)) for cell in cells
        )
        self._file.write(line.getvalue().encode())

    def _written(self, text: str) -> str:
        """A cell as it stands in the file: spreadsheets take what begins like a formula for one, and run it."""
        return f"'{text}" if self._csv and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

    def _json_rows(self) -> Iterator[Kept]:
        end = 0
        for line in self._file:
            end += len(line)
            if not line.endswith(b"\n"):  # cut off; a file that was never one of rows is left alone
                if not line.startswith(b'{"number"'[: len(line)]):
                    yield "", "", end
                return
            try:
                row = json.loads(line)
                yield str(row["number"]), row["question"] or "", end
            except (ValueError, RecursionError, KeyError, TypeError):
                yield "", "", end

    def _table_rows(self) -> Iterator[Kept]:
        heading = self._file.readline()
        end, whole = len(heading), True
        if heading != _HEADING:
            if not _HEADING.startswith(heading):
                yield "", "", end
            return

        def lines() -> Iterator[str]:
            nonlocal end, whole
            for line in self._file:
                end, whole = end + len(line), line.endswith(b'"\n')
                yield line.decode(errors="replace")

        try:
            for row in csv.reader(lines(), strict=True):
                if not whole:
                    return
                yield row[0], row[2] if len(row) > 2 else "", end
        except csv.Error:  # cut off within a cell
            return
