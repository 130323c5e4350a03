"""The process in which files of binary formats are read: `python -m index.corpus.process SECONDS`.

It takes (name of the reader, file) on standard input and gives the reading, or the refusal, on standard output.
"""

from __future__ import annotations

import os
import resource
import select
import sys
import traceback

from index.corpus.formats import READERS
from index.corpus.pdf_picture import draw
from index.corpus.reader import Reader
from index.corpus.transport import packed, packed_attachments, parts, refused, sent
from rag.errors import FileRefused

MEMORY = 2_000_000_000  # bytes of address space; libraries and a large file take a quarter of it
IDLE_S = 120  # it ends when nobody asked for so long, and gives its memory back


def limit_processor_time(seconds: int) -> None:
    """Let the next file take so much processor time, whoever waits for it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


def _answer(readers: dict[str, Reader], asked: str, raw: bytes) -> tuple[bytes, bytes]:
    """A file as it was read, a page of it drawn (`draw:PAGE:SCALE`), or what it carries (`attachments:READER`)."""
    name, *numbers = asked.split(":")
    if name == "draw":
        return b"{}", draw(raw, int(numbers[0]), float(numbers[1]))
    if name == "attachments" and (find := readers[numbers[0]].attachments) is not None:
        return packed_attachments(find(raw))
    return packed(readers[name].read(raw))


def main(seconds: int) -> None:
    """Read files until nobody asks any more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    readers = {reader.name: reader for reader in READERS}
    # What a library prints must not stand between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    while select.select([sys.stdin.buffer], [], [], IDLE_S)[0]:
        try:
            name, raw = parts(sys.stdin.buffer)
        except EOFError:
            return
        limit_processor_time(seconds)
        try:
            head, boxes = _answer(readers, name.decode(), raw)
        except FileRefused as refusal:
            head, boxes = refused(refusal)
        except MemoryError:
            head, boxes = refused(FileRefused("Reading the file takes too much memory.", "Split it."))
        except Exception as error:
            traceback.print_exc()  # for the log of whoever asked
            detail = f"The file can't be read ({type(error).__name__}): it is damaged, or not what its name says."
            head, boxes = refused(FileRefused(detail, "Open it and save it again."))
        sent(answers, head, boxes)


if __name__ == "__main__":
    main(int(sys.argv[1]))
