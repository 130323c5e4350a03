"""What a span says, as a value that can be compared: an amount with its unit, a rank, a date, a name.

Two values are the same, exclude one another, or neither: "6.700" and "6,700" are the same; "6.700" and "11.000"
containers exclude one another; "casi 7.000" and "6.700" do neither, nor do "el lunes" and "12 de septiembre".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rag.glossary import in_spanish
from rag.reading.asked_form import AskedForm, Form
from rag.reading.vocabulary import CURRENCIES, CURRENCY_SIGNS, FUNCTION_WORDS, PERCENT, TIME_UNITS, words
from rag.support.names import Name, Names, same
from rag.support.numbers import Figure, Moment, figures, moments
from rag.support.spelling import folded, near

MAX_SPAN = 200  # characters; a longer span says more than one value
CONTEXT = 400  # characters on each side of a span that are looked at for its unit and hedges
MAX_SHOWN = 80  # characters of a value as it is shown
# Relative distance within which a hedged number ("casi 7.000") may mean the other one.
HEDGE = Decimal("0.15")
# Numbers from here on are often rounded without saying so: 11.000 may stand for anything from 10.500 to 11.500.
ROUNDED_FROM = 1000
_UNIT_WORDS = 3  # words after a number among which its noun stands
_LARGEST = Decimal(10) ** 28  # beyond this, digits are rounded and numbers can't be told apart


class Relation(StrEnum):
    """How two values stand to each other."""

    SAME = "same"
    EXCLUDES = "excludes"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Amount:
    """A number of something. `unit`: a canonical unit, or the words after the number, folded; empty when none.

    `bound`: 1 for "more than", -1 for "less than", 0 otherwise; `hedged`: "about", "almost".
    """

    shown: str
    number: Decimal
    unit: tuple[str, ...]
    measured: bool = False  # the unit is a currency, a percentage or a unit of time
    bound: int = 0
    hedged: bool = False

    @property
    def precision(self) -> int:
        return 1 + bool(self.unit) + (not self.hedged) + (not self.bound)


@dataclass(frozen=True)
class Rank:
    """An ordinal: "segunda visita", "primera vez en 24 años"."""

    shown: str
    number: int
    unit: tuple[str, ...]

    @property
    def precision(self) -> int:
        return 1


@dataclass(frozen=True)
class Day:
    """A date as far as it is said: 0 stands for what is not."""

    shown: str
    year: int = 0
    month: int = 0
    day: int = 0
    weekday: int = 0
    century: int = 0

    @property
    def precision(self) -> int:
        return sum(1 for part in (self.year, self.month, self.day, self.weekday, self.century) if part)


@dataclass(frozen=True)
class Named:
    """A name of a person, a place or anything else."""

    shown: str
    name: Name
    single: bool  # the question has one answer only, so another name excludes this one
    acronym: bool  # it may stand for a name that has none of its letters in a row

    @property
    def precision(self) -> int:
        return max(len(self.name.words), 1)


@dataclass(frozen=True)
class Words:
    """What has no value of its own: only the same words are the same."""

    shown: str
    words: frozenset[str]

    @property
    def precision(self) -> int:
        return len(self.words)


Value = Amount | Rank | Day | Named | Words

_AMOUNTS = (Form.NUMBER, Form.QUANTITY, Form.MONEY, Form.PERCENTAGE, Form.AGE, Form.DURATION)
_NAMES = (Form.PERSON, Form.PLACE, Form.NAME)
_OPEN = (Form.YES_NO, Form.OTHER, Form.DEFINITION)  # forms that leave it to the span what it says
_MORE = re.compile(
    r"\b(?:mas de|al menos|por lo menos|como minimo|mas que|superior a|more than|over|at least|above)\s*$"
)
_LESS = re.compile(r"\b(?:menos de|como maximo|hasta|a lo sumo|no mas de|less than|under|up to|at most|fewer than)\s*$")
_ABOUT = re.compile(
    r"\b(?:casi|unos|unas|cerca de|alrededor de|aproximadamente|aproximados|en torno a|practicamente|ca\.?|about|around"
    r"|almost|nearly|some|roughly|approximately|circa|close to|an estimated)\s*(?:los |las |the )?$"
)
_YEAR = re.compile(r"(?<![\d.,])(1\d{3}|20\d\d)(?![\d.,]*\d)")
_CENTURY = re.compile(r"\bsiglos? ([ivxlc]{1,6})\b|\b(\d\d?)(?:st|nd|rd|th) centur")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_DAY_AFTER_MONTH = re.compile(r" (\d\d?)(?:st|nd|rd|th)?\b(?!\d)")
_DAY_BEFORE_MONTH = re.compile(r"\b(\d\d?)(?:st|nd|rd|th|\.?º)? (?:de |of )?$")
_ISO = re.compile(r"\b(\d{4})-(\d\d?)-(\d\d?)\b")
_DATE_LINK = re.compile(r"(?:st|nd|rd|th|\.?º)?,? ?(?:del? |of )?(?:\d{1,2}, ?)?")
_LINK = 10  # characters between a day and its month at most
_BEFORE_CHRIST = re.compile(r"\ba\.? ?c\b|\bbce?\b")
_DATE_BEFORE = re.compile(r"\b(?:en|desde|hasta|de|del|ano|in|since|until|by|from|year)\s+$")
_WORD = re.compile(r"[^\W\d_]+|[^\w\s]")
_PIECE = re.compile(r"[^\W_]+")
_CURRENCY_BEFORE = re.compile(r"([$€£¥₽₩₹])\s?$")
# Nouns of a rank that say no more than the rank itself.
_TIMES = words("vez veces time times ocasion")


def value_of(asked: AskedForm, sentence: str, start: int, end: int) -> Value | None:
    """What the span [start, end) of a sentence says in answer to a question; None for an empty or overlong span.

    A span with several numbers, dates or names has no single value and is taken as words.
    """
    start, end = max(start, 0), min(end, len(sentence))
    if not start < end <= start + MAX_SPAN:
        return None
    begin = max(start - CONTEXT, 0)
    text, start, end = sentence[begin : end + CONTEXT], start - begin, end - begin
    found: Value | None = None
    if asked.form in (Form.DATE, Form.YEAR):
        found = _day(text[start:end])
    elif asked.form in _NAMES:
        found = _named(asked, text, start, end)
    elif asked.form in _AMOUNTS:
        found = _amount(text, start, end)
    elif asked.form in _OPEN:
        found = _rank(text, start, end) or _amount(text, start, end, counted=True)
    return found or _in_words(text[start:end])


def counts_other(asked: AskedForm, sentence: str, start: int, end: int, same_language: bool = True) -> bool:
    """Whether the span [start, end) of a sentence counts other things than the question: 6.700 containers, not workers.

    What an English question counts is looked up in the glossary for a sentence in another language."""
    if asked.form is not Form.NUMBER or not asked.unit:
        return False
    counted = (asked.unit,) if same_language else tuple(folded(word) for word in in_spanish(asked.unit))
    value = value_of(asked, sentence, start, end)
    if not counted or not isinstance(value, Amount) or not value.unit:
        return False
    return not any(units_agree(value.unit, (unit,)) for unit in counted)


def _in_words(span: str) -> Words | None:
    found = frozenset(_PIECE.findall(folded(span))) - FUNCTION_WORDS
    return Words(span.strip()[:MAX_SHOWN], found) if found else None


def _only_figure(text: str, start: int, end: int, ordinal: bool) -> Figure | None:
    """The one number of a span that belongs to no date; None when there are several or none."""
    plain = folded(text)
    dated = [moment for moment in moments(text) if moment.unit == "month"]
    kept = [figure for figure in figures(text) if start <= figure.start < end and not _in_a_date(plain, figure, dated)]
    return kept[0] if len(kept) == 1 and kept[0].ordinal == ordinal else None


def _in_a_date(plain: str, figure: Figure, months: Sequence[Moment]) -> bool:
    """Whether a number is a day or a year beside a month, or a bare year after a preposition."""
    for month in months:
        before = figure.end <= month.start
        between = (figure.end, month.start) if before else (month.end, figure.start)
        if between[1] - between[0] > _LINK or not _DATE_LINK.fullmatch(plain, *between):
            continue
        # "el 5 de junio 14 muertos": the month has its day already.
        has_day = not before and _DAY_BEFORE_MONTH.search(plain[max(month.start - 12, 0) : month.start])
        if (figure.value <= 31 and not has_day) or 1000 <= figure.value < 2100:
            return True
    bare = _YEAR.fullmatch(plain, figure.start, figure.end)
    return bool(bare and _DATE_BEFORE.search(plain[max(figure.start - 12, 0) : figure.start]))


def _amount(text: str, start: int, end: int, counted: bool = False) -> Amount | None:
    """The amount of a span; with `counted`, only one that has a unit."""
    figure = _only_figure(text, start, end, ordinal=False)
    if figure is None or figure.value >= _LARGEST:
        return None
    plain = folded(text)
    left = plain[max(figure.start - 40, 0) : figure.start]
    sign = _CURRENCY_BEFORE.search(left)
    unit, measured = ((CURRENCY_SIGNS[sign[1]],), True) if sign else _unit(plain, figure.end)
    if counted and not unit:
        return None
    left = left[: sign.start()] if sign else left
    first = sign.start() + max(figure.start - 40, 0) if sign else figure.start
    last = figure.end + (1 if plain[figure.end : figure.end + 1] == "%" else 0)
    bound = 1 if _MORE.search(left) else -1 if _LESS.search(left) else 0
    shown = text[first:last].strip()[:MAX_SHOWN]
    return Amount(shown, figure.value, unit, measured, bound, bool(_ABOUT.search(left)))


def _unit(plain: str, at: int) -> tuple[tuple[str, ...], bool]:
    """The unit after a number: (its words, whether it is a currency, a percentage or a unit of time)."""
    after = plain[at : at + 80]
    share = PERCENT.search(after)
    if share and not after[: share.start()].strip():
        return ("percent",), True
    found: list[str] = []
    for token in _WORD.finditer(after.lstrip(" .ºª")):
        word = token[0]
        if word in ("de", "of") and not found:
            continue
        if sign := CURRENCY_SIGNS.get(word):
            return (sign,), True
        if not word[0].isalpha() or word in FUNCTION_WORDS or len(found) == _UNIT_WORDS:
            break
        if word in CURRENCIES or word in TIME_UNITS:
            return (CURRENCIES.get(word) or TIME_UNITS[word],), True
        found.append(word)
    return tuple(found), False


def _rank(text: str, start: int, end: int) -> Rank | None:
    ordinals = [figure for figure in figures(text) if figure.ordinal and start <= figure.start < end]
    if len(ordinals) != 1 or ordinals[0].value >= ROUNDED_FROM:
        return None
    unit, _ = _unit(folded(text), ordinals[0].end)
    return Rank(text[start:end].strip()[:MAX_SHOWN], int(ordinals[0].value), unit)


def _day(span: str) -> Day | None:
    """The date of a span, as far as it says it; None when it says none, or several."""
    plain = folded(span)
    shown = span.strip()[:MAX_SHOWN]
    if _BEFORE_CHRIST.search(plain):
        return None
    if iso := list(_ISO.finditer(plain)):
        return Day(shown, *(int(part) for part in iso[0].groups())) if len(iso) == 1 else None
    years = {int(found[1]) for found in _YEAR.finditer(plain)}
    centuries = {_roman(found[1]) if found[1] else int(found[2]) for found in _CENTURY.finditer(plain)}
    named = moments(span)
    months = [moment for moment in named if moment.unit == "month"]
    weekdays = {moment.number for moment in named if moment.unit == "weekday"}
    if max(len(years), len(centuries), len(months), len(weekdays)) > 1 or re.search(r"\d0s\b|siglos |decada", plain):
        return None
    day = 0
    for month in months:
        before = _DAY_BEFORE_MONTH.search(plain[max(month.start - 12, 0) : month.start])
        after = _DAY_AFTER_MONTH.match(plain, month.end)
        day = int(before[1]) if before else int(after[1]) if after else 0
    found = Day(shown, *(max(years, default=0), months[0].number if months else 0, day))
    found = Day(shown, found.year, found.month, day, max(weekdays, default=0), max(centuries, default=0))
    return found if found.precision else None


def _roman(text: str) -> int:
    digits = [_ROMAN[char] for char in text]
    following = [*digits[1:], 0]
    return sum(-digit if digit < after else digit for digit, after in zip(digits, following, strict=True))


def _named(asked: AskedForm, text: str, start: int, end: int) -> Named | None:
    """The one name of a span; of a person, a country beside the name ("el presidente ruso …") doesn't count."""
    inside = [name for name in Names(text).all if name.start < end and start < name.end]
    if asked.form is Form.PERSON:
        inside = [name for name in inside if not name.label] or inside
    if len(inside) != 1:
        return None
    name = inside[0]
    if asked.form is Form.PERSON and "," in text[start:end]:
        return None  # "Bloomberg, quoting the ministry of …" says more than who
    shown = text[start:end].strip()[:MAX_SHOWN]
    return Named(shown, name, asked.single, acronym=text[name.start : name.end].isupper())


def relation(a: Value, b: Value) -> Relation:
    """How two values stand to each other; values of different kinds are never compared."""
    if isinstance(a, Amount) and isinstance(b, Amount):
        return _amounts(a, b)
    if isinstance(a, Rank) and isinstance(b, Rank):
        if not (units_agree(a.unit, b.unit) or set(a.unit[:1] + b.unit[:1]) & _TIMES):
            return Relation.UNKNOWN
        return Relation.SAME if a.number == b.number else Relation.EXCLUDES
    if isinstance(a, Day) and isinstance(b, Day):
        return _days(a, b)
    if isinstance(a, Named) and isinstance(b, Named):
        return _names(a, b)
    if isinstance(a, Words) and isinstance(b, Words):
        return Relation.SAME if a.words <= b.words or b.words <= a.words else Relation.UNKNOWN
    return Relation.UNKNOWN


def units_agree(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether two units mean the same thing: the noun stands first (Spanish) or last (English) of the words."""
    if not a or not b:
        return not a and not b
    return any(near(x, y) for x in {a[0], a[-1]} for y in {b[0], b[-1]})


def _amounts(a: Amount, b: Amount) -> Relation:
    if a.measured != b.measured or not (a.unit == b.unit if a.measured else units_agree(a.unit, b.unit)):
        return Relation.UNKNOWN
    if a.number == b.number:
        return Relation.SAME
    low, high = sorted((a, b), key=lambda amount: amount.number)
    if low.bound > 0 or high.bound < 0:  # "more than 6,000" leaves room for 6,700
        return Relation.UNKNOWN
    apart = high.number - low.number
    if (a.hedged or b.hedged) and apart <= HEDGE * high.number:
        return Relation.UNKNOWN
    if any(apart <= _rounding(amount.number) for amount in (a, b)):
        return Relation.UNKNOWN
    return Relation.EXCLUDES


def _rounding(number: Decimal) -> Decimal:
    """Half a unit of a number's last digit that isn't zero: how far the number meant may be from the one said."""
    if number < ROUNDED_FROM:
        return Decimal(0)
    exponent = number.normalize().as_tuple().exponent
    return Decimal(10) ** exponent / 2 if isinstance(exponent, int) and exponent > 0 else Decimal(0)


def _days(a: Day, b: Day) -> Relation:
    """Dates exclude one another by year, or by month and day where both or neither say the year.

    Weekdays alone never do: they count from the day on which the text was written.
    """
    if a.century and b.century and a.century != b.century:
        return Relation.EXCLUDES
    for x, y in ((a, b), (b, a)):
        if x.century and y.year:
            return Relation.SAME if (y.year - 1) // 100 + 1 == x.century else Relation.EXCLUDES
    if a.year and b.year and a.year != b.year:
        return Relation.EXCLUDES
    if a.month and b.month and bool(a.year) == bool(b.year):
        if a.month != b.month or (a.day and b.day and a.day != b.day):
            return Relation.EXCLUDES
        return Relation.SAME
    shared = (a.year and a.year == b.year) or (a.month and a.month == b.month) or (a.century and a.century == b.century)
    contradicts = any(x and y and x != y for x, y in ((a.month, b.month), (a.day, b.day)))
    return Relation.SAME if shared and not contradicts else Relation.UNKNOWN


def _names(a: Named, b: Named) -> Relation:
    if same(a.name, b.name) or same(b.name, a.name):
        return Relation.SAME
    if not (a.single and b.single) or a.acronym or b.acronym:
        return Relation.UNKNOWN
    if any(near(x, y) for x in a.name.words for y in b.name.words):
        # "Kim Jong Un" and "Kim Jong Il" are two people; "Bill Clinton" and "William Clinton" may be one.
        both_full = min(len(a.name.words), len(b.name.words)) > 1
        return Relation.EXCLUDES if both_full and not near(a.name.words[-1], b.name.words[-1]) else Relation.UNKNOWN
    return Relation.EXCLUDES
