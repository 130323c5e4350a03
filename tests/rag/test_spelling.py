"""Texts made comparable, letter for letter."""

from __future__ import annotations

import sys
import unicodedata

from rag.support.spelling import folded, unaccented

EVERY_CHARACTER = "".join(map(chr, range(sys.maxunicode + 1)))


def test_every_character_loses_its_accents_and_keeps_its_place() -> None:
    expected = "".join(unicodedata.normalize("NFD", char)[0] for char in EVERY_CHARACTER)
    assert unaccented(EVERY_CHARACTER) == expected
    assert unaccented(EVERY_CHARACTER) == expected  # letters that were met before


def test_folding_lowers_what_has_one_lower_letter() -> None:
    letters = unaccented(EVERY_CHARACTER)
    assert folded(EVERY_CHARACTER) == "".join(char.lower() if len(char.lower()) == 1 else char for char in letters)
    assert folded("ÁRBOL İstanbul Ñandú ﬁn") == "arbol istanbul nandu ﬁn"


def test_plain_letters_take_the_short_way_to_the_same_end() -> None:
    assert unaccented("Kim Jong-un 6.700") == "Kim Jong-un 6.700"
    assert folded("Kim Jong-un 6.700") == "kim jong-un 6.700"
