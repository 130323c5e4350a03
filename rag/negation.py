"""Whether a statement negates what its quote affirms, or the other way round. By words alone: no grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.plain import folded, near_any

_NOT = re.compile(
    r"\b(?:no|nunca|jamas|tampoco|ni|nadie|nada|ningun[oa]?|sin|not|never|neither|nor|without|cannot|nobody|none|"
    r"\w+n['’]t)\b"
)
# Verbs and prefixes that deny without a "not"; enough for the other side to have one.
_DENIES = re.compile(
    r"\b(?:neg(?:ar|o|aron|ado|ando|aba|aban)|nieg\w+|niega\w*|desmin\w+|desment\w+|rechaz\w+|descart\w+|desestim\w+|"
    r"evit\w+|carec\w+|falt\w+|fracas\w+|impid\w+|imped\w+|prohib\w+|apenas|ausencia|aun|lejos|poco|pocas?|dificil\w*|"
    r"imposible\w*|improbable\w*|abandon\w+|deny|denie[sd]|denying|denial|reject\w*|dismiss\w*|refus\w+|avoid\w*|"
    r"lack\w*|fail\w*|prevent\w*|hardly|barely|absence|far from|few|little|unlikely|impossible|yet|stop\w*|"
    r"in[a-z]{5,}|im[a-z]{5,}|un[a-z]{5,}|des[a-z]{5,})\b"
)
_WORD = re.compile(r"[^\W\d_]+")
_REACH = 3  # content words after a "not" that it is taken to negate
_LONG = 4  # letters of a content word at least


def added(statement: str, quotes: Sequence[str]) -> str | None:
    """The "not" of a statement none of whose quotes denies anything; None when there is none."""
    found = _NOT.search(folded(statement))
    if not found or any(_NOT.search(folded(q)) or _DENIES.search(folded(q)) for q in quotes):
        return None
    return statement[found.start() : found.end()]


def dropped(statement: str, quotes: Sequence[str]) -> str | None:
    """The "not" of a quote whose next words a statement says without denying anything; None when there is none."""
    plain = folded(statement)
    if _NOT.search(plain) or _DENIES.search(plain):
        return None
    words = _long_words(plain)
    for quote in quotes:
        for found in _NOT.finditer(folded(quote)):
            negated = _long_words(folded(quote)[found.end() :])[:_REACH]
            if negated and all(near_any(word, words) for word in negated):
                return quote[found.start() : found.end()]
    return None


def _long_words(plain: str) -> list[str]:
    return [word for word in _WORD.findall(plain) if len(word) >= _LONG]
