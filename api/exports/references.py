"""The cited files for reference managers: CSL-JSON and BibTeX, one entry a file with the lines that were cited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rag.types import Answer, Citation

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9]+")
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


@dataclass
class Reference:
    """A cited file."""

    key: str
    cited: Citation
    lines: set[tuple[int, int]] = field(default_factory=set)

    @property
    def title(self) -> str:
        """The document's title, or else its file."""
        return self.cited.title or self.cited.file

    @property
    def note(self) -> str:
        """Which lines were cited, of which version."""
        shown = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in sorted(self.lines))
        return f"{self.cited.file}, lines {shown}; SHA-256 {self.cited.file_sha256}"

    @property
    def url(self) -> str | None:
        """The address that it was saved from; nothing else that somebody might have written there."""
        url = self.cited.url or ""
        return url if url.startswith(("https://", "http://")) else None

    @property
    def issued(self) -> list[int]:
        """Year, month and day of publication, as far as they are known."""
        found = _DATE.match(self.cited.published or "")
        return [int(part) for part in found.groups() if part] if found else []


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
                found[name] = Reference(key, citation)
            found[name].lines.add((citation.line_start, citation.line_end))
    return list(found.values())


def csl(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """CSL-JSON, which Zotero, pandoc and others read."""
    today = datetime.now(UTC).date()
    accessed = {"date-parts": [[today.year, today.month, today.day]]}
    entries = []
    for one in references(answers):
        entry: dict[str, Any] = {
            "id": one.key,
            "type": "webpage" if one.url else "document",
            "title": one.title,
            "note": one.note,
        }
        entry |= {"URL": one.url} if one.url else {}
        entry |= {"author": [{"literal": one.cited.author}]} if one.cited.author else {}
        entry |= {"issued": {"date-parts": [one.issued]}} if one.issued else {}
        entries.append({**entry, "accessed": accessed})
    return entries


def bibtex(answers: Sequence[Answer]) -> str:
    """BibTeX."""
    today = datetime.now(UTC).date().isoformat()
    return "\n".join(_entry(one, today) for one in references(answers))


def _entry(one: Reference, today: str) -> str:
    fields = {"title": one.title, "author": f"{{{_tex(one.cited.author)}}}" if one.cited.author else None,
              "date": "-".join(f"{part:02}" for part in one.issued), "url": one.url, "note": one.note,
              "urldate": today}  # fmt: skip
    lines = [f"  {name} = {{{value if name == 'author' else _tex(value)}}}" for name, value in fields.items() if value]
    return f"@misc{{{one.key},\n" + ",\n".join(lines) + "\n}\n"


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in " ".join(text.split()))
