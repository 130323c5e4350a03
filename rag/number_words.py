"""Numbers in words, Spanish and English: what a text is searched for, and what the words are worth."""

from __future__ import annotations

from collections.abc import Iterable

from rag.support.spelling import folded


def _counted(text: str, start: int = 1, step: int = 1) -> dict[str, int]:
    """`a/b c` → {a: start, b: start, c: start + step}."""
    return {word: start + step * n for n, words in enumerate(text.split()) for word in words.split("/")}


_SMALL = {
    **_counted(
        "dos/two tres/three cuatro/four cinco/five seis/six siete/seven ocho/eight nueve/nine diez/ten once/eleven"
        " doce/twelve trece/thirteen catorce/fourteen quince/fifteen dieciséis/sixteen diecisiete/seventeen"
        " dieciocho/eighteen diecinueve/nineteen veinte/twenty veintiuno/veintiún/veintiuna veintidós veintitrés"
        " veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve",
        2,
    ),
    **_counted(
        "treinta/thirty cuarenta/forty cincuenta/fifty sesenta/sixty setenta/seventy ochenta/eighty noventa/ninety",
        30, 10,
    ),
    **_counted(
        "cien/ciento doscientos/doscientas trescientos/trescientas cuatrocientos/cuatrocientas quinientos/quinientas"
        " seiscientos/seiscientas setecientos/setecientas ochocientos/ochocientas novecientos/novecientas",
        100, 100,
    ),
}  # fmt: skip
_ORDINALS = _counted(
    "primer/primero/primera/primeros/primeras/first segundo/segunda/second tercer/tercero/tercera/third"
    " cuarto/cuarta/fourth quinto/quinta/fifth sexto/sexta/sixth séptimo/séptima/seventh octavo/octava/eighth"
    " noveno/novena/ninth décimo/décima/tenth"
)
_MULTIPLIERS = {
    "hundred": 100, "mil": 1000, "thousand": 1000, "million": 10**6, "millón": 10**6, "millones": 10**6,
    "millions": 10**6, "mn": 10**6, "billion": 10**9, "bn": 10**9, "billón": 10**12, "billones": 10**12,
    "trillion": 10**12,
}  # fmt: skip
_VAGUE = ("uno", "cientos", "miles", "tercio", "mitad", "doble", "hundreds", "thousands", "half", "double")


def _by_folded(numbers: dict[str, int]) -> dict[str, int]:
    return {folded(word): number for word, number in numbers.items()}


# By folded words: 2 to 900; first to tenth, from 1; what the number before them is multiplied by.
SMALL, ORDINALS, MULTIPLIERS = _by_folded(_SMALL), _by_folded(_ORDINALS), _by_folded(_MULTIPLIERS)
_ALL: tuple[Iterable[str], ...] = (_SMALL, _ORDINALS, _MULTIPLIERS, _VAGUE)
# As they are written, in lower case; those that say no exact number among them.
NUMBER_WORDS = frozenset(word for words in _ALL for word in words)
