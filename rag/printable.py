"""What may be shown of text that others wrote: nothing that commands a terminal, forges a log line or holds a password.

Files, their names, questions, models and the environment may hold escape sequences, line ends, characters that turn
the direction of what follows, or addresses with a password. Each of these is written so that it can be seen.
"""

from __future__ import annotations

import re

# C0 but tab and line feed, DEL, C1 (U+009B begins an escape sequence on its own), the line ends that only Unicode
# knows, marks that turn the direction of text, and halves of surrogate pairs, which can't be encoded.
_COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_USER_INFO = re.compile(r"(?<=://)[^/?#\s@]+(?:@[^/?#\s@]+)*@")


def printable(text: str) -> str:
    """A text for a terminal: its lines and tabs stay, all other control characters are written as escapes."""
    return _COMMANDS.sub(_escaped, text)


def one_line(text: str) -> str:
    """A text for one line of a log: line ends are written as escapes too."""
    return printable(text).replace("\n", "\\n")


def printable_json(text: str) -> str:
    """A JSON document for a terminal; it means the same to whoever parses it."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def without_user_info(text: str) -> str:
    """A text whose addresses keep host and path, and lose user name and password."""
    return _USER_INFO.sub("", text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if found[0] == "\r":
        return "\\r"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
