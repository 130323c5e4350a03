"""Server-sent events, as all routes send them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

from rag.printable import printable_json

# Kept by nobody on the way: an event is worth something when it comes.
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(data: Any, kind: str | None = None) -> str:
    """An event with JSON for its data; `kind` names it.

    Line ends that only Unicode knows are escaped, since many clients end lines there too.
    """
    name = f"event: {kind}\n" if kind else ""
    return f"{name}data: {printable_json(json.dumps(data, ensure_ascii=False))}\n\n"


def streamed(events: AsyncIterator[str]) -> StreamingResponse:
    """The response that sends events as they are made."""
    return StreamingResponse(events, headers=_HEADERS, media_type="text/event-stream")
