"""Coroutines run from a test."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine, run in a thread of its own: while the browser of the page's tests is open, the main
    thread has a running event loop, and `asyncio.run` would refuse."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
