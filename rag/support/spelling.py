"""Texts made comparable across spellings: accents and case folded, near forms of a word recognised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import takewhile

_PREFIX = 4  # letters that near forms share at their start at least …
_PREFIX_SHARE = 0.6  # … and the share of the longer form that they make up
_ENDING = 4  # letters that may follow a whole name in its adjective
_ALIKE = 0.75  # or so alike as a whole (Ratcliff and Obershelp's ratio)
_LONGEST_WORD = 40  # letters up to which words are compared as a whole, which takes quadratic time
# Letters that Spanish and English write differently for the same sound; what they become is no spelling of anything.
_SOUNDS = [("qu", "c"), ("ph", "f"), ("th", "t"), ("k", "c"), ("y", "i"), ("z", "s"), ("w", "v"), ("h", "")]
_DOUBLE = re.compile(r"(.)\1+")


class _Letters(dict[int, str]):
    """What each letter becomes, worked out when it is first met: `str.translate` reads it several times as fast as a
    loop over the text would."""

    def __init__(self, become: Callable[[str], str]) -> None:
        super().__init__()
        self._become = become

    def __missing__(self, code: int) -> str:
        letter = self._become(chr(code))
        if code < _KEPT_BELOW:  # a text of many rare characters doesn't fill the memory
            self[code] = letter
        return letter


def _without_accent(char: str) -> str:
    return unicodedata.normalize("NFD", char)[0]


def _in_lower_case(char: str) -> str:
    letter = _without_accent(char)
    lower = letter.lower()
    return lower if len(lower) == 1 else letter


_KEPT_BELOW = 0x3000
_UNACCENTED, _FOLDED = _Letters(_without_accent), _Letters(_in_lower_case)


def unaccented(text: str) -> str:
    """The text without accents, letter for letter, so that offsets and case stay."""
    return text if text.isascii() else text.translate(_UNACCENTED)


def plain(text: str) -> str:
    """Lower case, without accents however they are encoded; "ﬁ" becomes "fi", so that offsets don't stay."""
    return "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))


def folded(text: str) -> str:
    """`unaccented`, in lower case, still letter for letter."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


@lru_cache(maxsize=4096)
def sound(word: str) -> str:
    """A folded word with the spellings of one sound made one: Ukraine and Ucrania begin alike."""
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    return _DOUBLE.sub(r"\1", word)


def near(word: str, other: str) -> bool:
    """Whether two folded words are forms of one: equal in sound, a long common start, or nearly the same letters."""
    a, b = sound(word), sound(other)
    if a == b:
        return bool(a) or word == other != ""
    prefix = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
    shorter, longer = sorted((len(a), len(b)))
    if prefix == shorter >= _PREFIX and longer - shorter <= _ENDING:  # Irán, iraníes
        return True
    if prefix >= _PREFIX and prefix >= _PREFIX_SHARE * longer:
        return True
    if prefix == 0 or shorter <= _PREFIX or longer > _LONGEST_WORD or 2 * shorter < _ALIKE * (shorter + longer):
        return False
    return SequenceMatcher(None, a, b).ratio() >= _ALIKE


class Forms:
    """Folded words in which near forms of other words are looked up."""

    def __init__(self, words: Iterable[str]) -> None:
        # Near forms begin with the same sound, so that only these need to be compared.
        self._by_sound: dict[str, set[str]] = {}
        for word in words:
            self._by_sound.setdefault(sound(word)[:1], set()).add(word)
        self._known: dict[str, bool] = {}

    def has_near(self, word: str) -> bool:
        """Whether a folded word has a near form among these."""
        if word not in self._known:
            self._known[word] = any(near(word, other) for other in self._by_sound.get(sound(word)[:1], ()))
        return self._known[word]
