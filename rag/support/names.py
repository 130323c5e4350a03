"""Names of a text, and whether another text has them: forms of one name in Spanish and English are one.

Countries and a few bodies are known with their peoples and capitals (`rag.support.territories`), because "norcoreano",
"North Korea" and "Pyongyang" have no letters in common. Every other name is a run of capitalised words that is looked
for with accents folded and in near forms; a name that both its translations write otherwise is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile

from rag.support.capitalised import COMMON, OPENERS
from rag.support.spelling import Forms, folded, unaccented
from rag.support.territories import mentions

# Endings of what opens a sentence without an article and is no name: adverbs, gerunds, plurals, participles,
# adjectives.
_NO_NAME = re.compile(r"(?:mente|ando|endo|ly|ing|ed|s|cion|ado|ada|ido|ida|[áéó]|ría|rían|al|ic|ive|ous)$")
_OF = re.compile(r" (?:de|del|que|of|to|that)\b")  # "Cerca de", "Part of"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CAPITAL = re.compile(r"[^\W\d_]")
_POSSESSIVE = re.compile(r"['’]s?$")
_DIGITS_AFTER = re.compile(r" (\d+)")
_JOINS = re.compile(r"[ \u00a0]|[-–]|\. ")
MOST_NAMES = 100  # of one text that are compared: a sentence of news has fewer than ten
_TWO_NAMES = 3  # letters from which both sides of a hyphen are names of their own
_OPENING_MARKS = "«“\"‘'([¿¡"
_BEFORE_OPENING = '.:;!?…«»“”"‘([¿¡—–'  # after one of these, a capital may be that of any word


@dataclass(frozen=True)
class Name:
    """A name at its place: [start, end) of the text; a known one's label, or the folded words of another."""

    start: int
    end: int
    label: str
    words: tuple[str, ...]


class Names:
    """The names of one text, in order, and all its words."""

    def __init__(self, text: str) -> None:
        plain = unaccented(text)
        blank = list(plain)
        known = []
        for found in mentions(text):
            known.append(Name(found.start, found.end, found.label, ()))
            blank[found.start : found.end] = "\x00" * (found.end - found.start)
        others = _runs("".join(blank), text)
        self.text = text
        self.all = sorted([*known, *others], key=lambda name: name.start)
        self._forms = Forms(_WORD.findall(folded(text)))

    def missing(self, others: Sequence[Names]) -> Iterator[str]:
        """The names of this text that none of the others has, as they are written here.

        Names beyond MOST_NAMES count as missing: they are too many to look for.
        """
        for i, name in enumerate(self.all):
            if i >= MOST_NAMES or not any(other.has(name) for other in others):
                yield self.text[name.start : name.end]

    def has(self, name: Name) -> bool:
        """Whether this text has a name: it, all its words in near forms, or a longer or shorter form of it."""
        if name.label:
            return any(mine.label == name.label for mine in self.all)
        if all(self._forms.has_near(word) for word in name.words):
            return True
        forms = Forms(name.words)
        return any(
            not mine.label and all(forms.has_near(word) for word in mine.words) for mine in self.all[:MOST_NAMES]
        )

    def place(self, name: Name) -> int | None:
        """Where a name first stands here, in characters; None when it doesn't as a name."""
        return next((mine.start for mine in self.all if same(mine, name) or same(name, mine)), None)


def same(name: Name, other: Name) -> bool:
    """Whether a name is another or a shorter form of it."""
    if name.label or other.label:
        return name.label == other.label
    forms = Forms(other.words)
    return all(forms.has_near(word) for word in name.words)


def _runs(plain: str, text: str) -> Iterator[Name]:
    """Runs of capitalised words of `plain` (`text` without accents) that may be names; common words left out."""
    run: list[re.Match[str]] = []
    for token in _WORD.finditer(plain):
        joined = bool(run) and bool(_JOINS.fullmatch(plain, run[-1].end(), token.start()))
        if joined and plain[run[-1].end()] in "-–":
            if not _is_capital(token[0]):
                run.append(token)  # Jong-un, G-7
                continue
            joined = min(len(run[-1][0]), len(token[0])) < _TWO_NAMES  # Jong-Un, not Kim-Putin
        if (run and not joined) or not _is_capital(token[0]):
            yield from _tidy(run, plain, text)
            run = []
        if _is_capital(token[0]):
            run.append(token)
    yield from _tidy(run, plain, text)


def _tidy(run: list[re.Match[str]], plain: str, text: str) -> Iterator[Name]:
    if not run:
        return
    opens = _opens(plain, run[0].start())
    words = [(token, _POSSESSIVE.sub("", folded(token[0]))) for token in run]
    alone = opens and len(words) == 1
    words = list(dropwhile(lambda pair: pair[1] in OPENERS, words))
    kept = [(token, word) for token, word in words if word not in COMMON]
    if alone and kept and not _may_open(text, run[0].start(), run[0].end()):
        return
    if kept:
        joined = " ".join(word for _, word in kept)
        last = kept[-1][0]
        end = last.start() + len(_POSSESSIVE.sub("", last[0]))
        yield Name(kept[0][0].start(), end, "", tuple(_DIGITS_AFTER.sub(r"\1", joined).split()))


def _opens(text: str, start: int) -> bool:
    """Whether the word at `start` is the first one of a text, a sentence, a quotation or a bracket."""
    for at in range(start - 1, -1, -1):
        if text[at] in _BEFORE_OPENING:
            return True
        if not text[at].isspace() and text[at] not in _OPENING_MARKS:
            return False
    return True


def _may_open(text: str, start: int, end: int) -> bool:
    """Whether a sentence's first word [start, end), which is no known opener, is a name rather than any other word."""
    return not _NO_NAME.search(text[start:end].lower()) and not _OF.match(text, end)


def _is_capital(word: str) -> bool:
    return bool(_CAPITAL.match(word)) and word[0].isupper()
