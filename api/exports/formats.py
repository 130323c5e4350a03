"""The formats of an export, by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.exports.html import html
from api.exports.markdown import markdown
from api.exports.record import record
from api.exports.references import bibtex, csl
from rag.types import Answer


class Format(StrEnum):
    """Name of a format."""

    MARKDOWN = "markdown"
    HTML = "html"
    CSL = "csl"
    BIBTEX = "bibtex"
    JSON = "json"


@dataclass(frozen=True)
class Kind:
    """How a format is written and what its files are called."""

    write: Callable[[Sequence[Answer]], str]
    media_type: str
    suffix: str


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


KINDS: dict[Format, Kind] = {
    Format.MARKDOWN: Kind(markdown, "text/markdown; charset=utf-8", "md"),
    Format.HTML: Kind(html, "text/html; charset=utf-8", "html"),
    Format.CSL: Kind(lambda answers: _json(csl(answers)), "application/vnd.citationstyles.csl+json", "csl.json"),
    Format.BIBTEX: Kind(bibtex, "application/x-bibtex; charset=utf-8", "bib"),
    Format.JSON: Kind(lambda answers: _json(record(answers)), "application/json", "json"),
}


def export(answers: Sequence[Answer], form: Format) -> str:
    """Answers in a format."""
    return KINDS[form].write(answers)
