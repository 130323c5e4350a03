"""`python -m tests.torture.text`: mutated real text through everything that reads text. Nothing may raise or be slow.

Lines of the articles and of hostile samples are mutated: white space of every kind beside every sentence end, text
that runs from right to left, combining and zero-width characters, numbers of every shape, halves of surrogate pairs,
cut and repeated pieces. Each line goes through reading, splitting, follow-ups, the support check and the parser of a
model's reply. `--seed` and `--count` repeat a run; the first failing lines are printed as Python literals.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from index.corpus.documents import SourceText, document_of
from index.corpus.passages import split
from rag.errors import FileRefused, InvalidQuestion
from rag.followups import standalone
from rag.question import language_of, tidy
from rag.recheck import check
from rag.sentences import sentence_bounds
from rag.support.check import objection
from rag.types import Turn
from rag.written.assembler import Draft, Words
from rag.written.marker_parser import MarkerParser
from tests.support.claims import Claim
from tests.support.paths import SEEDS

COUNT = 1_000_000
MS_PER_KB = 50
_LEAST_CHARS = 1000  # a shorter line is judged as one of this length: calls have a cost of their own
_SHOWN = 10

SPACES = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]
ENDS = [".", "!", "?", "…", "...", "?!", "。", "؟", "।", ".»", ".”", ".)", "a. m.", "EE. UU.", "Sr.", "C ."]
INVISIBLE = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f", "\u202e", "\u2066"]
COMBINING = ["\u0301", "\u0300", "\u0327", "\u20dd", "\ufe0f", "\u0489"]
FOREIGN = [
    "שלום. עולם",
    "مرحبا، بالعالم.",
    "日本語。",
    "👩‍👩‍👧",
    "ﬁn",
    "İi",
    "ß",
    "ǅ",
    "\x00",
    "\x1b[31m",
    "\ud800",
    "\udfff",
]
NUMBERS = [
    "6.700",
    "1,5",
    "1.000.000,5",
    "٣٤٥",
    "½",
    "²",
    "Ⅷ",
    "0" * 40,
    "9" * 60,
    "mil " * 20,
    "cien mil millones",
    "1e9",
]
NUMBERS += [
    "2024-02-30",
    "12:61",
    "3 p. m.",
    "-5",
    "1.1.1.1",
    "treinta y",
    "veintiún mil",
    "12" + "\u00a0" + "000",
    "G-7",
]
MARKS = [
    "[1]",
    "[1, 2]",
    "[1-3]",
    "[1and1and1!]",
    "【2】",
    "[a.txt:3]",
    "![x](y)",
    "[",
    "]",
    "(",
    "«",
    "“",
    "<b>",
    "<think>",
]
MARKS += [
    "http://a.b",
    "//",
    "www.",
    "](",
    "<",
    "\r\n",
    "\r",
    "\n\n",
    "¿",
    "¡",
    "—",
    "'",
    '"',
    "no",
    "n't",
    "Kim Jong-un",
]
PIECES = [*SPACES, *ENDS, *INVISIBLE, *COMBINING, *FOREIGN, *NUMBERS, *MARKS]


@dataclass
class Summary:
    """What a run found: failures as (stage, error, line), the slowest lines as milliseconds per kB."""

    lines: int = 0
    characters: int = 0
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    slow: list[tuple[float, str, str]] = field(default_factory=list)
    slowest: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        stages = ", ".join(f"{stage} {cost:.1f}" for stage, cost in self.slowest.most_common())
        return (
            f"{self.lines:,} lines, {self.characters:,} characters: {len(self.failures)} raised,"
            f" {len(self.slow)} took over {MS_PER_KB} ms per kB; slowest line of each stage in ms per kB: {stages}"
        )


def mutated(line: str, pick: random.Random) -> str:
    """A line with one to eight mutations."""
    for _ in range(pick.randint(1, 8)):
        at = pick.randint(0, len(line))
        kind = pick.random()
        if kind < 0.35:
            line = line[:at] + pick.choice(PIECES) + line[at:]
        elif kind < 0.6:
            spaced = pick.choice(SPACES) + pick.choice(ENDS) + pick.choice(SPACES)
            line = line[:at] + pick.choice(["", "C", "Sr", "1"]) + spaced + line[at:]
        elif kind < 0.75:
            line = line.replace(" ", pick.choice(PIECES), pick.randint(1, 5))
        elif kind < 0.9:
            line = line[:at] + line[at : at + pick.randint(0, 12)] * pick.choice([2, 3, 40]) + line[at:]
        else:
            line = line[:at]
    return line


def reads(line: str) -> None:
    """Read as a file, in three encodings."""
    for encoding in ("utf-8", "cp1252", "utf-16"):
        with suppress(FileRefused):
            document_of("a.txt", line.encode(encoding, "replace"))


def splits(line: str) -> None:
    """Split into sentences and passages, which must cover the text."""
    bounds = sentence_bounds(line)
    assert "".join("".join(line[a:b].split()) for a, b in bounds) == "".join(line.split())
    source = SourceText(line.encode("utf-8", "replace").decode())
    spans = [sentence for passage in split(source) for sentence in passage.sentences]
    covered = "".join("".join(source.text[s.char_start : s.char_end].split()) for s in spans)
    assert covered == "".join(source.text.split())


def asks(line: str) -> None:
    """Asked as a question and as a follow-up."""
    standalone(line[:100], [Turn(role="user", content=line), Turn(role="assistant", content=f"{line} [a.txt:3]")])
    with suppress(InvalidQuestion):
        language_of(tidy(line, 2000))


def supports(line: str) -> None:
    """Compared with itself as a quote, and with a part of itself."""
    objection(line, [line])
    objection(line, [line[: len(line) // 2], "No vino nadie."])


def is_written(line: str) -> None:
    """Read as a model's reply: whatever the chunks are, what goes out is the same."""
    texts = []
    for size in (7, 10**6):
        parser, draft = MarkerParser(3, {"a.txt:3": 1}), Draft()
        tokens = [token for at in range(0, len(line), size) for token in parser.feed(line[at : at + size])]
        steps = [step for token in [*tokens, *parser.close()] for step in draft.add(token)] + draft.close()
        texts.append("".join("".join(step.text.split()) for step in steps if isinstance(step, Words)))
    assert texts[0] == texts[1]


def rechecks(line: str) -> None:
    """Looked for as a quote in the line that it was taken from."""
    quote = line[len(line) // 3 :]
    place = check(Claim(quote), (line, "new"))
    assert place.state != "stale" or not quote.strip() or quote[0] == "\n"


STAGES: tuple[Callable[[str], None], ...] = (reads, splits, asks, supports, is_written, rechecks)


def run(count: int, seed: int, seconds: float = float("inf")) -> Summary:
    """Mutate and read lines until there were `count` of them or the time is over."""
    pick = random.Random(seed)
    lines = [line for path in sorted(SEEDS.iterdir()) for line in path.read_text("utf-8").splitlines() if line]
    summary, until = Summary(), time.monotonic() + seconds
    with suppress(KeyboardInterrupt):  # what was read until then is reported
        while summary.lines < count and time.monotonic() < until:
            line = mutated(pick.choice(lines)[: pick.choice([60, 200, 1000])], pick)
            summary.lines += 1
            summary.characters += len(line)
            for stage in STAGES:
                _observe(stage, line, summary)
    return summary


def _observe(stage: Callable[[str], None], line: str, summary: Summary) -> None:
    kilobytes = max(len(line), _LEAST_CHARS) / 1000
    cost = float("inf")
    for _ in range(3):  # a slow line is measured again: the machine may have been busy
        start = time.thread_time()
        try:
            stage(line)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of a Rust library is no Exception
            summary.failures.append((stage.__name__, repr(error)[:200], line))
            return
        cost = min(cost, (time.thread_time() - start) * 1000 / kilobytes)
        if cost <= MS_PER_KB:
            break
    summary.slowest[stage.__name__] = max(summary.slowest[stage.__name__], cost)
    if cost > MS_PER_KB:
        summary.slow.append((cost, stage.__name__, line))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 when something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="lines to generate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    options = parser.parse_args(arguments)
    language_of("warm")
    summary = run(options.count, options.seed, options.seconds)
    for stage, error, line in summary.failures[:_SHOWN]:
        print(f"{stage} raised {error} on {line!a}")
    for cost, stage, line in sorted(summary.slow, reverse=True)[:_SHOWN]:
        print(f"{stage} took {cost:.0f} ms per kB on {line!a}")
    print(f"seed {options.seed}: {summary}")
    return 1 if summary.failures or summary.slow else 0


if __name__ == "__main__":
    sys.exit(main())
