"""The headings above a place in a document."""

from __future__ import annotations

BETWEEN = " › "


class Outline:
    """Follows a document's headings and knows the section that is being read."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, heading: str) -> None:
        """A heading of a level (1: the outermost) begins a section, which ends those of its level and deeper ones."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        if heading:
            self._open.append((level, heading))

    @property
    def section(self) -> str:
        """The headings above, outermost first."""
        return BETWEEN.join(heading for _, heading in self._open)
