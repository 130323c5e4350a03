"""The service's background threads. An exception that ends one is logged and reported, and the thread is restarted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0  # between two beginnings: what fails at once must not keep a core busy
log = logging.getLogger("renglon")


class Workers:
    """Starts threads that work until `stop`, and begins again with those that something else ended."""

    def __init__(self, first_wait_s: float = FIRST_WAIT_S) -> None:
        self._first_wait_s = first_wait_s
        self._faults: dict[str, str] = {}
        self.stopped = threading.Event()

    @property
    def faults(self) -> dict[str, str]:
        """By the name of a thread: the last thing that went wrong in it, and when. Holds no text and no path."""
        return dict(self._faults)

    def start(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Run `work` in a thread of its own until it returns; whatever it raises, it is called again."""
        thread = threading.Thread(target=self._run, args=(name, work), name=f"renglon-{name}", daemon=True)
        thread.start()
        return thread

    def note(self, name: str, error: BaseException) -> None:
        """Log what went wrong in a thread, and keep it to be shown."""
        log.error("the thread %r failed", name, exc_info=error)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._faults[name] = f"{type(error).__name__} at {now}"

    def stop(self) -> None:
        """Restart no thread from now on."""
        self.stopped.set()

    def _run(self, name: str, work: Callable[[], None]) -> None:
        wait = self._first_wait_s
        while not self.stopped.is_set():
            try:
                work()
                return
            except BaseException as error:  # a panic of a library written in Rust is no Exception
                self.note(name, error)
            self.stopped.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)
