"""The names of countries, territories and a few bodies in Spanish and English: CLDR's, as Babel brings them, and those
of `rag.support.peoples`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rag.support import peoples
from rag.support.spelling import folded

LANGUAGES = ("es", "en")
_CODE = re.compile(r"[A-Z]{2}")  # CLDR numbers continents and the like
_NO_PLACES = {"QO", "XA", "XB", "ZZ"}  # "outlying Oceania", two pseudo-languages and "unknown region"
_BRACKETS = re.compile(r" \(.*?\)")
# "EE. UU.", "U.S." and "D.C." are a word each, of at most five letters: more would be read again from each of them on.
WORD = re.compile(r"EE\.? ?UU\b\.?|(?:[A-Z]\.){2,5}(?!\w)|[^\W_]+(?:['’][^\W_]+)*|&")
_NO_LETTERS = re.compile(r"[. ]")
_SPANISH_FORMS = {
    "o": ("o", "a", "os", "as"),
    "es": ("es", "esa", "eses", "esas"),
    "is": ("is", "isa", "ises", "isas"),
    "an": ("an", "ana", "anes", "anas"),
    "on": ("on", "ona", "ones", "onas"),
    "ol": ("ol", "ola", "oles", "olas"),
    "i": ("i", "ies", "is"),
    "r": ("r", "res"),
    "": ("", "s"),
}
_NO_ENGLISH_PLURAL = ("s", "se", "sh", "z", "men")


@dataclass(frozen=True)
class Entry:
    """What a name stands for, nothing where `label` is empty; `capital`: only when written with capitals."""

    label: str
    capital: bool


@dataclass(frozen=True)
class Gazetteer:
    """All names as folded words with a space between; for each first word, how many words a name has at most; the
    names that are often parts of other names."""

    entries: dict[str, Entry]
    longest: dict[str, int]
    parts: frozenset[str]


def folded_word(word: str) -> str:
    """A match of WORD in the form in which names are looked up: "U.S." is "us", "&" is "and"."""
    return "and" if word == "&" else acronym(folded(word).replace("’", "'"))


def acronym(word: str) -> str:
    """A word without the dots and spaces of an acronym."""
    return _NO_LETTERS.sub("", word)


@cache
def gazetteer() -> Gazetteer:
    """All names; made once, since Babel and its data take a tenth of a second."""
    capital = {_key(name) for name in _listed(peoples.NEED_CAPITALS)}
    parts = frozenset(_key(name) for name in _listed(peoples.ALSO_PARTS_OF_NAMES))
    labels = {key: label for label, name in (*_cldr(), *_written()) for key in _keys(name)}
    labels |= {_key(name): "" for name in _listed(peoples.OTHER_THINGS)}
    longest: dict[str, int] = {}
    for key in labels:
        first = key.split(" ")[0]
        longest[first] = max(longest.get(first, 0), key.count(" ") + 1)
    return Gazetteer({key: Entry(label, key in capital) for key, label in labels.items()}, longest, parts)


def cldr_names(language: str) -> dict[str, str]:
    """CLDR's names of places that have a code of two letters, by code; without what stands in brackets."""
    from babel import Locale

    names = Locale(language).territories.items()
    return {code: _BRACKETS.sub("", name) for code, name in names if _CODE.fullmatch(code) and code not in _NO_PLACES}


def _cldr() -> Iterator[tuple[str, str]]:
    for language in LANGUAGES:
        for code, name in cldr_names(language).items():
            if name not in peoples.NOT_LOOKED_UP:
                yield code, name


def _written() -> Iterator[tuple[str, str]]:
    """Labels and names of the tables that are written by hand."""
    for line in peoples.PEOPLES.strip().splitlines():
        code, spanish, english, others = (part.strip() for part in line.split("|"))
        for people in _listed(spanish):
            yield from ((code, form) for form in _spanish_forms(people))
        for people in _listed(english):
            yield code, people
            if not people.endswith(_NO_ENGLISH_PLURAL):
                yield code, f"{people}s"
        yield from ((code, name) for name in _listed(others))
    for line in peoples.BODIES.strip().splitlines():
        code, names = (part.strip() for part in line.split("|"))
        yield from ((code, name) for name in _listed(names))


def _spanish_forms(people: str) -> Iterator[str]:
    """A people's masculine and feminine, singular and plural; accents don't matter."""
    plain = folded(people)
    ending = next(ending for ending in _SPANISH_FORMS if plain.endswith(ending))
    yield from (plain.removesuffix(ending) + form for form in _SPANISH_FORMS[ending])


def _keys(name: str) -> Iterator[str]:
    key = _key(name)
    yield key
    if key.startswith("st "):
        yield key.replace("st ", "saint ", 1)


def _key(name: str) -> str:
    return " ".join(folded_word(word) for word in WORD.findall(name))


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.replace("\n", " ").split(",") if name.strip()]
