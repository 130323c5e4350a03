"""Reads files of binary formats in a process of its own, so that a hostile file ends that process and not this one.

The process stays warm between files. It is limited in memory and in processor time for each file, writes nothing, and
ends by itself when nobody has asked it for a while or when this process is gone. A file that ends it is tried once
more, in a new one; if that ends too, the file is refused, and remembered while this process lives.
"""

from __future__ import annotations

import atexit
import hashlib
import signal
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from index.corpus.reader import Attachment, Reader, Reading
from index.corpus.transport import received, sent, unpacked, unpacked_attachments
from rag.errors import FileRefused

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
# Of processor time: the slowest real files (a book of a thousand pages) take some thirty seconds.
LIMIT_S = 120.0
PATIENCE = 5  # times as long by the clock, since the machine may be busy
_TOO_LONG = "Reading the file took more than"
REMEMBERED = 1000  # files that were refused because they ended the process


class Isolated:
    """The process and the files that ended it. Safe to call from many threads; one file is read at a time."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._refused: OrderedDict[tuple[str, str], FileRefused] = OrderedDict()  # a sync looks at all files each time
        self._fatal: OrderedDict[tuple[str, str], str] = OrderedDict()

    def read(self, reader: Reader, raw: bytes) -> Reading:
        """What a reader makes of a file's bytes. Raises FileRefused; at once for a file that it has refused before."""
        known = reader.key, hashlib.sha256(raw).hexdigest()
        if (before := self._refused.get(known)) is not None:
            raise FileRefused(before.detail, before.hint)
        try:
            return self._twice(known, reader.name, raw, unpacked)
        except FileRefused as refusal:
            self._refused[known] = refusal
            while len(self._refused) > REMEMBERED:
                self._refused.popitem(last=False)
            raise

    def attachments(self, reader: Reader, raw: bytes) -> list[Attachment]:
        """The files that a file carries. Raises FileRefused."""
        known = "attachments", hashlib.sha256(raw).hexdigest()
        return self._twice(known, f"attachments:{reader.name}", raw, unpacked_attachments)

    def draw(self, raw: bytes, page: int, scale: float) -> bytes:
        """A page of a PDF, as `index.corpus.pdf_picture` draws it. Raises FileRefused."""
        known = "draw", hashlib.sha256(raw).hexdigest()
        return self._twice(known, f"draw:{page}:{scale}", raw, lambda head, body: body)

    def _twice(self, known: tuple[str, str], name: str, raw: bytes, decode: Callable[[Any, bytes], T]) -> T:
        """What is asked of the process, tried once more when the process ends; a file that ends it is remembered, by
        what was asked and its hash."""
        with self._lock:
            if known in self._fatal:
                raise FileRefused(self._fatal[known], "Convert it, or leave it out with RENGLON_EXCLUDE.")
            reason = ""
            for _ in range(2):
                answer, reason = self._ask(name, raw, decode)
                if answer is not None:
                    return answer
                if reason.startswith(_TOO_LONG):  # it would take as long again
                    break
            self._fatal[known] = reason
            while len(self._fatal) > REMEMBERED:
                self._fatal.popitem(last=False)
        raise FileRefused(reason, "Convert it, or leave it out with RENGLON_EXCLUDE.")

    def close(self) -> None:
        """End the process; the next file starts another one."""
        with self._lock:
            self._end()

    def _ask(self, name: str, raw: bytes, decode: Callable[[Any, bytes], T]) -> tuple[T | None, str]:
        """The process's answer; without one, why there is none. Raises FileRefused when the reader refuses the file."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        timed_out = threading.Event()

        def give_up() -> None:
            timed_out.set()
            process.kill()

        late = threading.Timer(self._limit_s * PATIENCE, give_up)
        late.start()
        try:
            sent(process.stdin, name.encode(), raw)
            answer: T | None = decode(*received(process.stdout))
        except (OSError, EOFError, ValueError):
            answer = None
        finally:
            late.cancel()
        if answer is not None:
            return answer, ""
        code = self._end()
        if timed_out.is_set() or code == -signal.SIGXCPU:
            return None, f"{_TOO_LONG} {self._limit_s:.0f} s."
        return None, f"Reading the file ended the process that reads files ({_ending(code)}), twice."

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            command = [sys.executable, "-m", "index.corpus.process", str(round(self._limit_s))]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True
            )
        return self._process

    def _end(self) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # it was still to be written to
                    continue
        return process.wait()


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


ISOLATED = Isolated()  # one for all documents of this process
atexit.register(ISOLATED.close)
