"""The attachments of a message become parts of its text, each under a heading with its name."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from index.corpus.outline import BETWEEN
from index.corpus.reader import Attachment, Block, Edit, Origin, Reading
from rag.errors import FileRefused

MOST_CHARS = 20_000_000  # of a message's text with all attachments
MOST_SECONDS = 300.0  # for reading them; what is left then is refused
_LINE = re.compile(r"[^\r\n]*\S[^\r\n]*")
Refusals = tuple[tuple[str, str], ...]  # (name, reason)


def with_attachments(
    message: Reading,
    attachments: Sequence[Attachment],
    read: Callable[[str, bytes], Reading | None],
    most_lines: int,
) -> tuple[Reading, Refusals]:
    """A message with the texts of its attachments behind its own, and those that are refused, with the reasons.

    `read` gives what an attachment holds, nothing for a format that is not known; it raises FileRefused. This function
    raises it when nothing of the message can be read.
    """
    joined, refused = _Joined(message), list[tuple[str, str]]()
    until = time.monotonic() + MOST_SECONDS
    for attachment in attachments:
        try:
            if attachment.reason:
                raise FileRefused(attachment.reason)
            if time.monotonic() > until:
                raise FileRefused(
                    "Reading the attachments before it took too long.", "Save it as a file of the folder."
                )
            found = read(attachment.name, attachment.content)
            if found is not None:
                joined.add(attachment, found, most_lines)
        except FileRefused as refusal:
            refused.append((attachment.name, str(refusal)))
    reading = joined.reading()
    if not reading.text.strip():
        named = "".join(f" {name}: {reason}" for name, reason in refused[:3])
        raise FileRefused(f"The message has no text, and none of its attachments can be read.{named}")
    return reading, tuple(refused)


class _Joined:
    """The message's reading as it came, until the first attachment is added."""

    def __init__(self, message: Reading) -> None:
        self._message = message
        self._text = message.text
        self._blocks, self._edits = list(message.blocks), list(message.edits)
        self._origins = list(message.origins)
        self._lines = message.text.count("\n")
        self._any = False

    def add(self, attachment: Attachment, found: Reading, most_lines: int) -> None:
        """Append what an attachment holds. Raises FileRefused when the whole becomes too long."""
        lines = 1 + found.text.count("\n") + found.text.count("\r")
        if self._lines + lines > most_lines or len(self._text) + len(found.text) > MOST_CHARS:
            raise FileRefused("The message is too long with this attachment.", "Save it as a file of the folder.")
        self._lines += lines
        if not self._any:
            self._any = True
            self._blocks = self._blocks or list(_by_lines(self._text))
        if self._text and not self._text.endswith("\n"):
            self._text += "\n"
        name, start = attachment.name, len(self._text)
        self._blocks.append(Block(start, start + len(name), "heading", level=1))
        self._origins.append(Origin(start, start + len(name), {"part": attachment.part}))
        shift = start + len(name) + 1
        self._text += f"{name}\n{found.text}"
        for block in found.blocks or _by_lines(found.text):
            lead = block.lead and (block.lead[0] + shift, block.lead[1] + shift)
            section = f"{name}{BETWEEN}{block.section}" if block.section else name
            level = block.level and block.level + 1
            moved = replace(block, start=block.start + shift, end=block.end + shift, section=section)
            self._blocks.append(replace(moved, lead=lead, level=level))
        self._edits += [Edit(edit.start + shift, edit.end + shift, edit.shown) for edit in found.edits]
        # The pages of an attachment are not the message's: they stand within the place, without boxes.
        for origin in found.origins:
            place = {"part": attachment.part, "at": origin.place}
            self._origins.append(Origin(origin.start + shift, origin.end + shift, place))

    def reading(self) -> Reading:
        """All of it."""
        if not self._any:
            return self._message
        return replace(
            self._message, text=self._text, blocks=tuple(self._blocks), edits=tuple(self._edits),
            origins=tuple(self._origins),
        )  # fmt: skip


def _by_lines(text: str) -> Iterator[Block]:
    """The lines of a text without blocks, as blocks."""
    for line in _LINE.finditer(text):
        yield Block(line.start(), line.end())
