"""The cited files for reference managers: CSL-JSON and BibTeX, one entry a file with the lines that were cited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rag.types import Answer

_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9]+")
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


@dataclass
class Reference:
    """A cited file."""

    key: str
    file: str
    sha256: str
    lines: set[tuple[int, int]] = field(default_factory=set)

    @property
    def note(self) -> str:
        """Which lines were cited, of which version."""
        shown = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in sorted(self.lines))
        return f"Lines {shown}; SHA-256 {self.sha256}"


def references(answers: Sequence[Answer]) -> list[Reference]:
    """The files that answers cite, in the order in which they are first cited; each version of a file is one."""
    found: dict[tuple[str, str], Reference] = {}
    keys: dict[str, int] = {}
    for answer in answers:
        for citation in answer.citations:
            name = (citation.file, citation.file_sha256)
            if name not in found:
                plain = _NOT_IN_KEYS.sub("-", citation.file).strip("-").lower()[:60] or "file"
                keys[plain] = keys.get(plain, 0) + 1
                key = plain if keys[plain] == 1 else f"{plain}--{keys[plain]}"
                found[name] = Reference(key, *name)
            found[name].lines.add((citation.line_start, citation.line_end))
    return list(found.values())


def csl(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """CSL-JSON, which Zotero, pandoc and others read."""
    today = datetime.now(UTC).date()
    accessed = {"date-parts": [[today.year, today.month, today.day]]}
    return [
        {"id": one.key, "type": "document", "title": one.file, "note": one.note, "accessed": accessed}
        for one in references(answers)
    ]


def bibtex(answers: Sequence[Answer]) -> str:
    """BibTeX."""
    today = datetime.now(UTC).date().isoformat()
    return "\n".join(
        f"@misc{{{one.key},\n  title = {{{_tex(one.file)}}},\n  note = {{{_tex(one.note)}}},\n"
        f"  urldate = {{{today}}}\n}}\n"
        for one in references(answers)
    )


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in " ".join(text.split()))
