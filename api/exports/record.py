"""The file of answers that `renglon verify` reads, and everything else that holds answers with citations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import ExportUnusable
from rag.types import Answer

FORMAT: Literal["renglon-answers"] = "renglon-answers"
VERSION = 1
MOST_ANSWERS = 10_000
MOST_BYTES = 100_000_000


class Claimed(BaseModel):
    """A citation in a file, with what is needed to check it. A later release may write further fields."""

    model_config = ConfigDict(extra="ignore")
    marker: str = Field("", max_length=5000)
    document_id: str = Field("", max_length=100)
    file: str = Field(max_length=5000)
    file_sha256: str = Field(max_length=100)
    line_start: int | None = Field(None, ge=1, le=2**53)
    char_start: int = Field(ge=0, le=2**53)
    char_end: int = Field(ge=0, le=2**53)
    quote: str = Field(max_length=1_000_000)


def record(answers: Sequence[Answer]) -> dict[str, Any]:
    """Answers as a file's content; without the passages that were only looked at."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "renglon": version("renglon"),
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "answers": [answer.model_dump(mode="json", exclude={"passages", "timings_ms"}) for answer in answers],
    }


def answers_of(values: Iterable[Any]) -> list[Answer]:
    """Answers as a page or a file kept them, perhaps of another release. Raises ExportUnusable with the number."""
    found = []
    for number, value in enumerate(values, 1):
        if number > MOST_ANSWERS:
            raise ExportUnusable(f"There are more than {MOST_ANSWERS:,} answers.", "Export them in parts.")
        try:
            found.append(Answer(**_known(value)))
        except (ValidationError, TypeError, AttributeError) as error:
            raise ExportUnusable(f"Answer {number} is not one: {_why(error)}.", "Send what /v1/query gave.") from error
    return found


def _known(value: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value[name] for name in value.keys() & Answer.model_fields.keys()}
    return {"passages": [], "timings_ms": {}, **kept}


def _why(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "it is no JSON object"
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def claims_of(raw: bytes) -> list[Claimed]:
    """The citations in a file: an export, an answer of `renglon ask --json`, or the lines of a batch.

    Raises ExportUnusable for anything else.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExportUnusable("The file is not UTF-8 text.", _EXPECTED) from error
    claims = list[Claimed]()
    for number, value in enumerate(_holders(text), 1):
        citations = value.get("citations") if isinstance(value, dict) else None
        if not isinstance(citations, list):
            raise ExportUnusable(f"Answer {number} of the file has no citations.", _EXPECTED)
        try:
            claims += [Claimed(**citation) for citation in citations]
        except (ValidationError, TypeError) as error:
            raise ExportUnusable(f"A citation of answer {number} is not one: {_why(error)}.", _EXPECTED) from error
    return claims


_EXPECTED = "Give a file of: renglon ask --export json, --json or --out."


def _holders(text: str) -> Iterator[Any]:
    """The parts of a file that have citations."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(text)
        return
    if not isinstance(value, dict):
        raise ExportUnusable("The file holds no answers.", _EXPECTED)
    if "format" not in value:
        yield value
        return
    if value["format"] != FORMAT or not isinstance(value.get("answers"), list):
        raise ExportUnusable("The file holds no answers.", _EXPECTED)
    if value.get("version") != VERSION:
        raise ExportUnusable(
            f"The file has version {str(value.get('version'))[:20]}; this release reads {VERSION}.",
            "Use the release that wrote it, or a later one.",
        )
    yield from value["answers"]


def _lines(text: str) -> Iterator[Any]:
    found = [line for line in text.split("\n") if line.strip()]
    for number, line in enumerate(found, 1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ExportUnusable(f"Line {number} of the file is no JSON.", _EXPECTED) from error
        if not (isinstance(value, dict) and value.get("error")):  # a question of a batch that was not answered
            yield value
