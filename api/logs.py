"""How the program logs: one line a message, whatever the message holds; with RENGLON_LOG_FORMAT=json an object a line.

Neither holds questions or text of articles. In JSON an exception is its type and the places that it came through: its
message may quote what it failed on.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from api.observer import request_id
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


class Json(logging.Formatter):
    """A record as a JSON object: time, level, logger, message, the request's id and what was raised."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "logger": record.name,
            "message": without_user_info(record.getMessage()),
        }  # fmt: skip
        if (number := request_id.get()) is not None:
            entry["request_id"] = number
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            entry["exception"] = record.exc_info[0].__name__
            entry["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(entry)


def install(
    level: int, form: str = "%(levelname)s %(name)s: %(message)s", json_lines: bool = False, **options: Any
) -> None:
    """Log to standard error from now on, in place of what was installed before. Requests are logged in JSON alone."""
    handler = logging.StreamHandler(**options)
    handler.setFormatter(Json() if json_lines else OneLine(form))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("renglon.requests").setLevel(logging.INFO if json_lines else logging.WARNING)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
