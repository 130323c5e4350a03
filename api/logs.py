"""How the program logs: one line a message, whatever the message holds."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Any

from rag.printable import one_line, printable, without_user_info

_NOISY = ("sentence_transformers", "httpx", "chromadb", "transformers")
Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class OneLine(logging.Formatter):
    """A message is one line, and a traceback is indented, so that no text in either can pass for a line of the log."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, with control characters and line ends written as escapes."""
        return one_line(without_user_info(super().formatMessage(record)))

    def formatException(self, ei: Raised) -> str:
        """The traceback, indented."""
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        """The stack, indented."""
        return _indented(super().formatStack(stack_info))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in printable(without_user_info(text)).split("\n"))


def install(level: int, form: str = "%(levelname)s %(name)s: %(message)s", **options: Any) -> None:
    """Log to standard error from now on, in place of what was installed before."""
    handler = logging.StreamHandler(**options)
    handler.setFormatter(OneLine(form))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
