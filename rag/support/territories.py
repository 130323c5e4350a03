"""Finds the countries, territories and a few bodies that a text names, in Spanish or English, by their codes.

A people stands for its country, and so does a capital, as in the news. Names are looked up word by word, the longest
first, so that the time stays linear whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.support.capitalised import COMMON, OPENERS
from rag.support.gazetteer import WORD, Entry, acronym, folded_word, gazetteer
from rag.support.peoples import ACRONYMS
from rag.support.spelling import unaccented

_BETWEEN_WORDS = re.compile(r"\s{1,2}|[-‑–]")
_AFTER_SAINT = re.compile(r"\.?\s{1,2}")
_POSSESSIVE = re.compile(r"['’]s$", re.I)
_NOTHING = Entry("", False)
_NO_NAMES = COMMON | OPENERS
_GERMAN = "Germán"  # a man's name; without its accent it is a people


@dataclass(frozen=True)
class Mention:
    """A stretch [start, end) of a text that names a country, a territory or a body; `label` is its code."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class _Word:
    """A word at its place; its folded form as it stands, and without "'s"."""

    start: int
    end: int
    written: str
    key: str
    bare: str

    @property
    def capital(self) -> bool:
        return self.written[0].isupper()

    @property
    def end_of_name(self) -> int:
        """Where it ends without "'s"."""
        return self.start + len(_POSSESSIVE.sub("", self.written))


def territories(text: str) -> frozenset[str]:
    """The codes of all that a text names: ISO's for countries and territories ("KP"), for bodies such as "NATO"."""
    return frozenset(mention.label for mention in mentions(text))


def mentions(text: str) -> Iterator[Mention]:
    """What a text names, in order and without overlaps."""
    plain = unaccented(text)
    words = [_word(found) for found in WORD.finditer(plain)]
    at = 0
    while at < len(words):
        entry, count = _longest(plain, words, at)
        start, end = words[at].start, words[at + count - 1].end_of_name
        part = count == 1 and words[at].key in gazetteer().parts and _within_a_name(plain, words, at)
        if entry.label and not part and text[start:end] != _GERMAN:
            yield Mention(start, end, entry.label)
        at += count


def _word(found: re.Match[str]) -> _Word:
    key = folded_word(found[0])
    return _Word(found.start(), found.end(), found[0], key, _POSSESSIVE.sub("", key))


def _longest(plain: str, words: Sequence[_Word], at: int) -> tuple[Entry, int]:
    """What the longest name from a word on stands for, and how many words it has; a word is one that names nothing."""
    names = gazetteer()
    best = (Entry(ACRONYMS.get(acronym(_POSSESSIVE.sub("", words[at].written)), ""), False), 1)
    most = max(names.longest.get(words[at].key, 0), names.longest.get(words[at].bare, 0))
    before = ""
    for i in range(at, min(at + most, len(words))):
        if i > at and not _joined(plain, words[i - 1], words[i]):
            break
        entry = names.entries.get(before + words[i].key) or names.entries.get(before + words[i].bare)
        if entry and (not entry.capital or (words[at].capital and words[i].capital)):
            best = (entry, i - at + 1)
        before += words[i].key + " "
    return best


def _joined(plain: str, word: _Word, following: _Word) -> bool:
    """Whether nothing but a space or a hyphen stands between two words; after "St." its full stop as well."""
    between = _AFTER_SAINT if word.key == "st" else _BETWEEN_WORDS
    return between.fullmatch(plain, word.end, following.start) is not None


def _within_a_name(plain: str, words: Sequence[_Word], at: int) -> bool:
    """Whether a name with a capital stands right beside a word, so that both are one name: Michael Jordan."""
    sides = [(i, j) for i, j in ((at - 1, at), (at, at + 1)) if i >= 0 and j < len(words)]
    beside = [words[i if j == at else j] for i, j in sides if plain[words[i].end : words[j].start] == " "]
    return any(word.capital and word.bare == word.key and word.bare not in _NO_NAMES for word in beside)
