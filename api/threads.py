"""Threads for blocking work. Reading and writing have separate ones, so that neither can starve the other; questions
have a pool with a queue (`rag/pool.py`).

Left to itself, the framework runs every plain function of a route in one pool of forty threads: uploads that wait for
one another then keep `/readyz` waiting too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Literal, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi.responses import Response
from pydantic import BaseModel

Kind = Literal["reading", "writing"]
# Changes are made one at a time, so further threads only wait.
THREADS: dict[Kind, int] = {"reading": 8, "writing": 4}
P = ParamSpec("P")
T = TypeVar("T")
_limiters: RunVar[dict[Kind, CapacityLimiter]] = RunVar("renglon_limiters")


def limiter(kind: Kind) -> CapacityLimiter:
    """The running event loop's limit for one kind of work."""
    try:
        limiters = _limiters.get()
    except LookupError:
        limiters = {known: CapacityLimiter(count) for known, count in THREADS.items()}
        _limiters.set(limiters)
    return limiters[kind]


def in_threads(kind: Kind) -> Callable[[Callable[P, T]], Callable[P, Coroutine[Any, Any, T]]]:
    """Run a route's plain function in a thread of its kind; the event loop stays free meanwhile."""

    def decorate(work: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
        @functools.wraps(work)
        async def routed(*args: P.args, **kwargs: P.kwargs) -> T:
            return await to_thread.run_sync(functools.partial(work, *args, **kwargs), limiter=limiter(kind))

        return routed

    return decorate


def as_json(model: BaseModel) -> Response:
    """A large answer, written as JSON in the thread that made it: the framework would do that in the event loop."""
    return Response(model.model_dump_json(), media_type="application/json")
