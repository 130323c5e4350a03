"""What a document says of itself besides its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Metadata:
    """What is known of a document besides its text. `published` is an ISO date; `language` a two-letter code."""

    title: str | None = None
    author: str | None = None
    published: str | None = None
    url: str | None = None
    language: str | None = None

    @classmethod
    def stated(
        cls, title: str | None, author: str | None, published: str, language: str, url: str | None = None
    ) -> Self:
        """As files state it: `published` may go on with a time of day, or be no date; `language` may name a country."""
        day = _DAY.match(published)
        return cls(title, author, day[0] if day else None, url, language[:2].lower() or None)
