"""Whether a candidate answer has the form that is asked for: a number for "how many", a date for "when".

The check refuses only what is surely wrong. It looks at the span and at the words directly beside it, because readers
cut spans short ("6.700" of "alrededor de 6.700 contenedores").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from rag.reading.asked_form import AskedForm, Form
from rag.reading.vocabulary import (
    CAUSE,
    CURRENCIES,
    CURRENCY_SIGNS,
    MAYBE_PERSON,
    PERCENT,
    PRICELESS,
    SHARE_WORDS,
    TIME_UNITS,
    TIME_WORDS,
    VAGUE_AMOUNTS,
    VAGUE_NUMBERS,
    words,
)
from rag.support.numbers import facts, figures, moments
from rag.support.spelling import folded

MAX_SPAN = 400  # characters of a span that are looked at; the reader's spans are at most 30 tokens
MAX_SENTENCE = 1500  # characters of a sentence that are searched for values …
MAX_VALUES = 40  # … and values that are looked at
BESIDE = 30  # characters on either side of a span that count as directly beside it, cut to whole words


class Fit(StrEnum):
    """Whether a span has the form that is asked for."""

    YES = "fits"
    NO = "doesn't fit"
    UNKNOWN = "can't tell"


_WORD = re.compile(r"[^\W_]+")
_CAPITAL = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"(?<!\d)(?:1\d{3}|20\d\d)(?!\d)|\b\d{2,4} ?(?:a\.? ?c|d\.? ?c|bc|ad|bce|ce)\b|\d{4}s\b")
_ROMAN = re.compile(r"\b[IVXLCDM]+\b")
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d\d\b|\b\d{1,2} ?(?:a\.? ?m|p\.? ?m|h|hrs?)\b|\ba las? \w+")
_DAY_TIMES = words(
    "manana tarde noche mediodia medianoche madrugada hora horas hour hours morning afternoon evening night noon"
    " midnight o'clock hours utc gmt am pm"
)
_NOT_AN_AGE = re.compile(
    r"\b(?:en|hace|durante|tras|por|cada|ultimos|proximos|desde hace|dentro de|mas de|in|for|during|within|every|last|"
    r"past|next|over|after) (?:\w+ ){0,2}$"
)
_AGO = re.compile(r"^\W*(?:ago|later|after|before|despues|atras|antes|de (?:guerra|prision|carcel|historia))\b")
_AGE_WORD = re.compile(r"\b(?:anos?|meses|years?|months?|aged|edad|age|old|nacio|nacid[oa]|born|cumpl\w+)\b")
_COUNTED_NEXT = re.compile(r"^ ?(?:de |of )?[^\W\d_]{3,}")


@dataclass(frozen=True)
class _Span:
    """A span with what stands directly beside it."""

    text: str
    left: str
    right: str

    @cached_property
    def plain(self) -> str:
        return folded(self.text)

    @cached_property
    def around(self) -> str:
        return f"{self.left}{self.text}{self.right}"

    @cached_property
    def words(self) -> frozenset[str]:
        """The folded words of the span."""
        return frozenset(_WORD.findall(self.plain))

    @cached_property
    def near_words(self) -> frozenset[str]:
        """The folded words of the span and beside it."""
        return frozenset(_WORD.findall(folded(self.around)))

    @cached_property
    def held(self) -> frozenset[str]:
        """The numbers and dates of the span, as `rag.support.numbers` keys them."""
        return frozenset(facts(self.text)[1])

    @cached_property
    def held_near(self) -> frozenset[str]:
        return frozenset(facts(self.around)[1])

    @property
    def has_number(self) -> bool:
        return any(key[0].isdecimal() for key in self.held)

    @property
    def has_capital(self) -> bool:
        return any(word[0][0].isupper() for word in _CAPITAL.finditer(self.text))

    @property
    def is_caseless(self) -> bool:
        """Whether the letters have no case (Chinese) or stand all in lower case around here, so nothing follows."""
        return not any(char.isupper() for char in self.around)


def fit(asked: AskedForm, sentence: str, start: int, end: int) -> Fit:
    """Whether the span [start, end) of a sentence has the form that is asked for.

    NO is said only where it is sure. An empty or impossible span gets UNKNOWN.
    """
    start, end = max(start, 0), min(end, len(sentence))
    if start >= end:
        return Fit.UNKNOWN
    check = _CHECKS.get(asked.form)
    return check(_span(sentence, start, min(end, start + MAX_SPAN))) if check else Fit.UNKNOWN


def lacks(asked: AskedForm, sentence: str) -> bool:
    """Whether a number, an amount or a date is asked for and a sentence surely has none of that form.

    "El presidente ruso recientemente visitó…" has no age. Other forms (a person, a reason) can't be told so: False.
    """
    if asked.form not in _FIGURES:
        return False
    text = sentence[:MAX_SENTENCE]
    found = [(f.start, f.end) for f in figures(text) if not f.ordinal] + [(m.start, m.end) for m in moments(text)]
    return all(fit(asked, text, *span) is not Fit.YES for span in found[:MAX_VALUES])


def _span(sentence: str, start: int, end: int) -> _Span:
    left, right = sentence[max(start - BESIDE, 0) : start], sentence[end : end + BESIDE]
    if start > BESIDE:
        left = left.partition(" ")[2]
    if end + BESIDE < len(sentence):
        right = right.rpartition(" ")[0]
    return _Span(sentence[start:end], left, right)


def _number(span: _Span) -> Fit:
    if span.has_number:
        return Fit.YES
    vague = span.near_words & (VAGUE_NUMBERS | VAGUE_AMOUNTS) or any(key[0].isdecimal() for key in span.held_near)
    listed = {"y", "and", "e"} & span.words or "," in span.text  # "Denmark, Iceland and Norway" for "how many"
    if vague or listed or _ROMAN.search(span.text) or re.search(r"\d", span.around):
        return Fit.UNKNOWN
    return Fit.NO


def _money(span: _Span) -> Fit:
    if span.words & PRICELESS:
        return Fit.YES
    currency = span.near_words & CURRENCIES.keys() or any(sign in span.around for sign in CURRENCY_SIGNS)
    if currency:
        return Fit.YES if span.has_number else Fit.UNKNOWN
    if PERCENT.search(folded(span.around)):
        return Fit.UNKNOWN
    if not span.has_number and not span.near_words & VAGUE_NUMBERS:
        return Fit.NO
    # "6.700 contenedores" is no price; "20" alone may be one.
    figure = list(re.finditer(r"\d[\d.,]*|\b(?:millones|millon|million|billion|mil|miles|thousand)\b", span.around))
    tails = [folded(span.around[found.end() :]) for found in figure]
    return Fit.NO if tails and all(_COUNTED_NEXT.match(tail) for tail in tails) else Fit.UNKNOWN


def _percentage(span: _Span) -> Fit:
    if PERCENT.search(span.plain) or (span.has_number and PERCENT.search(folded(span.around))):
        return Fit.YES
    if span.near_words & (SHARE_WORDS | VAGUE_NUMBERS) or re.search(r"\d", span.around) or span.held_near:
        return Fit.UNKNOWN
    return Fit.NO


def _age(span: _Span) -> Fit:
    number = re.search(r"\d", span.around) or any(key[0].isdecimal() for key in span.held_near)
    if not number:
        return Fit.UNKNOWN if span.near_words & VAGUE_NUMBERS or _AGE_WORD.search(folded(span.around)) else Fit.NO
    if not _AGE_WORD.search(folded(span.around)):
        return Fit.NO if span.has_number and _COUNTED_NEXT.match(_after_number(span)) else Fit.UNKNOWN
    left, right = folded(span.left), folded(span.right)
    inside = span.plain.strip()
    if re.search(r"millon|million|\b(?:nacio|nacid[oa]|born)\b", folded(span.around)):
        return Fit.YES  # "hace 515 millones de años" is how old a fossil is
    lapse = _NOT_AN_AGE.search(left) or _NOT_AN_AGE.search(re.split(r"\d", inside)[0]) or _AGO.match(right)
    return Fit.NO if lapse and not re.search(r"\b(?:edad|aged?|old)\b", folded(span.around)) else Fit.YES


def _after_number(span: _Span) -> str:
    """What follows the last digit of the span, up to the end of what stands beside it."""
    last = max((i for i, char in enumerate(span.text) if char.isdecimal()), default=len(span.text) - 1)
    return folded(span.text[last + 1 :] + span.right)


def _date(span: _Span) -> Fit:
    if any(not key[0].isdecimal() for key in span.held) or _YEAR.search(span.plain):
        return Fit.YES
    if {"siglo", "siglos", "century", "centuries", "decada", "decade"} & span.words:
        return Fit.YES
    temporal = span.near_words & (TIME_WORDS | TIME_UNITS.keys()) or span.held_near or re.search(r"\d", span.around)
    return Fit.UNKNOWN if temporal else Fit.NO


def _year(span: _Span) -> Fit:
    return Fit.YES if _YEAR.search(span.plain) else Fit.UNKNOWN if _date(span) is not Fit.NO else Fit.NO


def _time(span: _Span) -> Fit:
    if _CLOCK.search(span.plain):
        return Fit.YES
    return Fit.UNKNOWN if span.near_words & _DAY_TIMES or _date(span) is not Fit.NO else Fit.NO


def _duration(span: _Span) -> Fit:
    timed = span.near_words & TIME_UNITS.keys()
    if timed and (span.has_number or span.words & VAGUE_NUMBERS):
        return Fit.YES
    temporal = timed or span.near_words & (TIME_WORDS | VAGUE_NUMBERS) or span.held_near
    return Fit.UNKNOWN if temporal or re.search(r"\d", span.around) else Fit.NO


def _only_figures(span: _Span) -> bool:
    """Whether a span is nothing but numbers, dates and their units."""
    if not span.held and not any(char.isdecimal() for char in span.text):
        return False
    if "°" in span.text:
        return False  # coordinates
    capitals = [word[0] for word in _CAPITAL.finditer(span.text) if word[0][0].isupper()]
    if any(not any(" " in key for key in facts(word)[1]) for word in capitals):
        return False  # a capital that is no month or weekday: "Oriente Medio"
    letters = [word for word in span.words if not word.isdecimal()]
    dated = facts(" ".join(letters))[1] if letters else set()
    plain_units = TIME_UNITS.keys() | CURRENCIES.keys() | TIME_WORDS | VAGUE_NUMBERS | {"de", "del", "en", "of", "in"}
    unexplained = [word for word in letters if word not in plain_units and len(word) > 1]
    return len(unexplained) <= len(dated)


def _person(span: _Span) -> Fit:
    if _only_figures(span):
        return Fit.NO
    if span.has_capital:
        opens = not span.left.strip()
        later = any(word[0][0].isupper() for word in list(_CAPITAL.finditer(span.text))[1:])
        return Fit.YES if later or not opens else Fit.UNKNOWN
    # Half a name may have been cut off, and groups of people have no capital: "los científicos".
    beside = any(word[0][0].isupper() for word in _CAPITAL.finditer(f"{span.left.partition(' ')[2]} {span.right}"))
    maybe = beside or span.is_caseless or MAYBE_PERSON.search(span.plain)
    return Fit.UNKNOWN if maybe else Fit.NO


def _place(span: _Span) -> Fit:
    if _only_figures(span):
        return Fit.NO
    return Fit.YES if span.has_capital and span.left.strip() else Fit.UNKNOWN


def _name(span: _Span) -> Fit:
    return Fit.YES if span.has_capital and span.left.strip() else Fit.UNKNOWN


def _reason(span: _Span) -> Fit:
    return Fit.YES if CAUSE.search(folded(span.around)) else Fit.UNKNOWN


_CHECKS: dict[Form, Callable[[_Span], Fit]] = {
    Form.NUMBER: _number,
    Form.QUANTITY: _number,
    Form.MONEY: _money,
    Form.PERCENTAGE: _percentage,
    Form.AGE: _age,
    Form.DATE: _date,
    Form.YEAR: _year,
    Form.TIME: _time,
    Form.DURATION: _duration,
    Form.PERSON: _person,
    Form.PLACE: _place,
    Form.NAME: _name,
    Form.REASON: _reason,
}
# The forms that only a number or a date has.
_FIGURES = frozenset({
    Form.NUMBER, Form.QUANTITY, Form.MONEY, Form.PERCENTAGE, Form.AGE, Form.DATE, Form.YEAR, Form.TIME, Form.DURATION,
})  # fmt: skip
