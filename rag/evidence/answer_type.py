"""Whether a sentence has what a question asks for: a number, a date, a name. A weak sign, worth a tie-break."""

from __future__ import annotations

import re

from rag.dates import SPANISH_MONTHS, SPANISH_WEEKDAYS
from rag.number_words import NUMBER_WORDS

_NUMBER = (
    r"cu[aá]nt[oa]s?\b|qu[eé] (porcentaje|n[uú]mero|cantidad|edad|tama)"
    r"|cu[aá]l (es|era|fue) (el|la) (n[uú]mero|porcentaje|poblaci|cantidad)"
    r"|\bhow (many|much|old|far|long|big|large|often)|(what|which) (percent|number|share)"
)
_DATE = (
    r"cu[aá]ndo|qu[eé] (año|fecha|siglo|mes|d[ií]a|d[eé]cada|momento)|\bwhen\b"
    r"|(what|which) (year|date|century|month|day|decade)"
)
_YEAR_ASKED = re.compile(r"cu[aá]ndo|qu[eé] año|\bwhen\b|(what|which) year")
_YEAR = re.compile(r"\b(?:1\d{3}|20\d\d)\b")
_WHO = r"qui[eé]n|\bwho(m|se)?\b"
_WHERE = (
    r"d[oó]nde|qu[eé] (ciudad|pa[ií]s|lugar|regi[oó]n|estado|continente)|\bwhere\b"
    r"|(what|which) (city|country|region|place|state)"
)
_ASKS = [(kind, re.compile(p)) for kind, p in (("number", _NUMBER), ("date", _DATE), ("name", f"{_WHO}|{_WHERE}"))]
_WORDS = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_DATE_WORDS = frozenset(["siglo", "siglos", "año", "años", "década", "décadas", *SPANISH_MONTHS, *SPANISH_WEEKDAYS])


class Cue:
    """What a question asks for."""

    def __init__(self, question: str) -> None:
        lower = question.lower()
        self.kind = next((kind for kind, pattern in _ASKS if pattern.search(lower)), "")
        self._year = bool(_YEAR_ASKED.search(lower))
        self._known = set(_WORDS.findall(lower))

    def found_in(self, sentence: str) -> int:
        """1 where a sentence has a number, date or name that the question itself doesn't have, else 0.

        A year counts once more where "when" is asked.
        """
        return self._typical_in(sentence) + (self._year and bool(set(_YEAR.findall(sentence)) - self._known))

    def _typical_in(self, sentence: str) -> bool:
        if self.kind == "name":
            names = _WORDS.findall(sentence)[1:]
            return any(name[0].isupper() and name.lower() not in self._known for name in names)
        if not self.kind:
            return False
        typical = NUMBER_WORDS if self.kind == "number" else _DATE_WORDS
        words = set(_WORDS.findall(sentence.lower()))
        return bool((set(_DIGITS.findall(sentence)) | (words & typical)) - self._known)
