"""What English words are called in Spanish, so that those of an English question can be looked for in a Spanish text.

`glossary.tsv` was written for this project: an English word in its base form, a tab, and Spanish words in their base
forms, the likeliest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_LEAST_STEM = 2  # letters that are left when an ending is taken off


@cache
def _entries() -> dict[str, tuple[str, ...]]:
    lines = (files("rag") / "glossary.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return {english: tuple(spanish.split("|")) for english, spanish in pairs}


def in_spanish(word: str) -> tuple[str, ...]:
    """The Spanish words for an English one in any of its forms; none when the glossary lacks it."""
    entries = _entries()
    return next((entries[form] for form in _base_forms(word.lower()) if form in entries), ())


def _base_forms(word: str) -> Iterator[str]:
    """The word, and what it may be a regular form of: workers, countries, visited, stopped, using, recently."""
    yield word
    for ending, instead in (
        ("'s", ""), ("’s", ""), ("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"),
        ("ing", ""), ("ing", "e"), ("ers", ""), ("ly", ""),
    ):  # fmt: skip
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _LEAST_STEM:
            yield stem + instead
            if ending in ("ed", "ing") and not instead and stem[-1] == stem[-2]:
                yield stem[:-1]
