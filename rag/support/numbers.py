"""Numbers and dates of a text as values: 6.700 is 6,700, "cinco millones" is "5 million", "martes" is "Tuesday"."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rag.dates import ENGLISH_MONTHS, ENGLISH_WEEKDAYS, SPANISH_MONTHS, SPANISH_WEEKDAYS
from rag.number_words import MULTIPLIERS, ORDINALS, SMALL
from rag.support.spelling import folded


@dataclass(frozen=True)
class Fact:
    """A number or a date: as it stands in the text, and as a value that doesn't depend on the language."""

    shown: str
    key: str


def _numbered(*languages: Sequence[str]) -> dict[str, int]:
    """The names of one thing in several languages, folded, with their place from 1."""
    return {folded(name): n for names in languages for n, name in enumerate(names, 1)}


# Numbers up to this many digits are calculated with: `Decimal` holds 28. A longer one is compared digit by digit.
_MOST_DIGITS = 24
_LONGEST_KEY = 80  # characters; longer numbers are compared by their hash
_MOST = Decimal(10) ** _MOST_DIGITS
_ONE = {"un", "uno", "una", "one", "a"}  # a number only before one of MULTIPLIERS: else an article
_PAIRS = {"ambos", "ambas", "both", "doble", "double", "twice"}  # say two without being a number
_HALVES = {"mitad", "half", "medio", "media"}
# "Los dos países" of a text that names two countries is no figure.
_BEFORE_TWO = {"los", "las", "estos", "estas", "sus", "the", "these", "those", "their", "between", "entre"}
_NEVER_ASKED = {"once", "media", "medio"}  # English "once"; "los medios"

_MONTHS = _numbered(SPANISH_MONTHS, ENGLISH_MONTHS) | {"setiembre": 9}
_WEEKDAYS = _numbered(SPANISH_WEEKDAYS, ENGLISH_WEEKDAYS) | {"sabados": 6, "domingos": 7}
_UNIT = {"semana": "week", "mes": "month", "ano": "year", "week": "week", "month": "month", "year": "year"}
_PAST = re.compile(
    r"\b(?:(?P<a>semana|mes|ano) pasad[oa]|pasad[oa] (?P<b>semana|mes|ano)|last (?P<c>week|month|year))\b"
)
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[.,'’\u00a0\u202f]\d{3})+(?!\d)")
_PLAIN = re.compile(r"\d+")
_TOKEN = re.compile(
    r"(?<!\w)(?<![^\W\d_][-–])[1-9]\d{0,2}(?:[.,'’\u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?"  # 6.700
    r"|(?<!\w)(?<![^\W\d_][-–])\d+(?:[.,]\d+)?"  # 24; 2,5; not the 7 of G-7
    r"|[^\W\d_]+|[^\w\s]"
)
_ISO_DATE = re.compile(r"\b(\d{4})-(\d\d?)-(\d\d?)\b")


_LONGEST = 60  # digits that are read of one number
_ORDINAL_SIGN = re.compile(r"\.?[ºª°]|(?:st|nd|rd|th)\b")


@dataclass(frozen=True)
class Figure:
    """A number at its place: [start, end) of the text. An ordinal ("segunda", "2nd") says a rank, not an amount."""

    start: int
    end: int
    value: Decimal
    ordinal: bool


@dataclass(frozen=True)
class Moment:
    """A month or a weekday at its place; both count from 1."""

    start: int
    end: int
    unit: str  # "month" or "weekday"
    number: int


@dataclass
class _Number:
    """A number that is being read; `small` is what a multiplier still multiplies."""

    start: int
    end: int
    total: Decimal = Decimal(0)
    small: Decimal = Decimal(0)
    words: bool = False  # written in words so far: further words may add to it
    tens: bool = False  # the last word was a round ten: "treinta y cinco"

    @property
    def value(self) -> Decimal:
        return self.total + self.small


def facts(text: str) -> tuple[list[Fact], set[str]]:
    """What a text asserts and what it offers: the numbers and dates to be looked for, in order, and all the keys
    that it holds, vaguer ones (both, half) included."""
    plain = folded(text)
    asked: list[Fact] = []
    held: set[str] = set()
    for start, end, key, firm in (*_numbers(plain), *_dates(text, plain)):
        held.add(key)
        if firm:
            asked.append(Fact(text[start:end], key))
    if "0.5" in held:
        held.add("50")
    return asked, held


def figures(text: str) -> list[Figure]:
    """The numbers of a text in order, those left out that may be none ("los dos países"; "ambos", "mitad"), and
    those that are too long to calculate with."""
    plain = folded(text)
    return [
        Figure(start, end, Decimal(key), plain[start:end] in ORDINALS or bool(_ORDINAL_SIGN.match(plain, end)))
        for start, end, key, firm in _numbers(plain)
        if firm
        and len(key) <= _LONGEST
        and plain[start:end] not in _HALVES
        and plain[max(start - 4, 0) : end] != "por ciento"
    ]


def moments(text: str) -> list[Moment]:
    """The months and weekdays that a text names, in order."""
    out = []
    for start, end, key, firm in _dates(text, folded(text)):
        unit, _, number = key.partition(" ")
        if firm and number.isdecimal() and not text[start].isdecimal():
            out.append(Moment(start, end, unit, int(number)))
    return out


def _numbers(plain: str) -> Iterator[tuple[int, int, str, bool]]:
    """(start, end, value, whether it is a figure that must be found) of each number."""
    tokens = list(_TOKEN.finditer(plain))
    number: _Number | None = None
    before = ""
    for i, token in enumerate(tokens):
        word = token[0]
        following = tokens[i + 1][0] if i + 1 < len(tokens) else ""
        if number is not None:
            if _goes_on(number, word, following):
                number.end = token.end() if word not in ("y", "and", "-") else number.end
                continue
            yield _whole(number, plain, before)
            number = None
        before = tokens[i - 1][0] if i else ""
        if word in ORDINALS:
            yield token.start(), token.end(), _key(ORDINALS[word]), True
        elif word in _PAIRS:
            yield token.start(), token.end(), _key(2), False
        elif word in _HALVES:
            yield token.start(), token.end(), "0.5", word not in _NEVER_ASKED
        elif len(word) > _MOST_DIGITS and word[0].isdecimal():
            yield token.start(), token.end(), _long_key(word), True
        else:
            number = _begin(token, following)
    if number is not None:
        yield _whole(number, plain, before)


def _begin(token: re.Match[str], following: str) -> _Number | None:
    word = token[0]
    if word[0].isdecimal():
        return _Number(token.start(), token.end(), small=_digits(word))
    if word in SMALL:
        tens = SMALL[word] in range(20, 100, 10)
        return _Number(token.start(), token.end(), small=Decimal(SMALL[word]), words=True, tens=tens)
    if word == "mil" or (word in _ONE and following in MULTIPLIERS):
        return _Number(token.start(), token.end(), small=Decimal(1000 if word == "mil" else 1), words=True)
    return None


def _goes_on(number: _Number, word: str, following: str) -> bool:
    """Take a word into the number; False when it no longer belongs to it."""
    if word in MULTIPLIERS:
        times = MULTIPLIERS[word]
        thousands = number.small - number.small % 1000 if times == 100 else Decimal(0)
        small = thousands + max(number.small - thousands, Decimal(1)) * times
        if number.total + small >= _MOST:
            return False
        number.small = small
        if times >= 10**6:
            number.total, number.small = number.total + number.small, Decimal(0)
        number.words, number.tens = True, False
        return True
    if word in ("y", "and", "-"):
        return number.words and following in SMALL and (number.tens or (word == "and" and number.small >= 100))
    if number.words and word in SMALL:
        unit = SMALL[word]
        room = number.small == 0 or (number.small % 100 == 0 and unit < 100) or (number.small % 1000 == 0)
        if room or (number.tens and unit < 10):
            number.small += unit
            number.tens = unit in range(20, 100, 10)
            return True
    return False


def _whole(number: _Number, plain: str, before: str) -> tuple[int, int, str, bool]:
    shown = plain[number.start : number.end]
    firm = shown not in _NEVER_ASKED and not (shown in ("dos", "two") and before in _BEFORE_TWO)
    return number.start, number.end, _key(number.value), firm


def _digits(text: str) -> Decimal:
    text = text[:_LONGEST]
    whole = _GROUPED.match(text) or _PLAIN.match(text)
    assert whole
    tail = text[whole.end() + 1 :]
    return Decimal(re.sub(r"\D", "", whole[0]) + ("." + tail if tail else ""))


def _key(value: Decimal | int) -> str:
    return format(Decimal(value).normalize(), "f")


def _long_key(digits: str) -> str:
    """The key of a number that is too long to calculate with: its digits, each written as in English."""
    whole = _GROUPED.match(digits) or _PLAIN.match(digits)
    assert whole
    plain = "".join(str(unicodedata.decimal(char)) for char in whole[0] if char.isdecimal()).lstrip("0") or "0"
    tail = "".join(str(unicodedata.decimal(char)) for char in digits[whole.end() + 1 :]).rstrip("0")
    key = f"{plain}.{tail}" if tail else plain
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _dates(text: str, plain: str) -> Iterator[tuple[int, int, str, bool]]:
    for token in re.finditer(r"[^\W\d_]+", plain):
        word = token[0]
        capital = text[token.start()].isupper()
        if word in _MONTHS and (capital or word not in ("may", "march")):
            yield token.start(), token.end(), f"month {_MONTHS[word]}", word != "may" or token.start() > 0
        elif word in _WEEKDAYS:
            yield token.start(), token.end(), f"weekday {_WEEKDAYS[word]}", True
    for past in _PAST.finditer(plain):
        unit = past["a"] or past["b"] or past["c"]
        yield past.start(), past.end(), f"last {_UNIT[unit]}", True
    for date in _ISO_DATE.finditer(plain):
        yield date.start(), date.end(), f"month {int(date[2])}", True
