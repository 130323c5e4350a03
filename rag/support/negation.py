"""Whether a statement denies what its quotes affirm, or the other way round. By words alone, not by grammar:
of a hundred sentences of news about ten hold a "not", so that one without the other means something."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.support.spelling import folded

# "Sin embargo" and their like deny nothing.
_NOT = re.compile(
    r"\b(?:no(?! obstante| hay duda| cabe duda| solo| doubt| less)|nunca|jamas|tampoco|ni|nadie|nada|ningun[oa]?"
    r"|sin(?! embargo| duda)|not(?! only)|never|neither|nor|without|cannot|nobody|nothing|none|\w+n['’]t"
    r"|poco probable|improbable|unlikely"
    r"|neg(?:ar|o|aron|ad[oa]s?|ando|aba|aban)|nieg\w+|desm[ei]nt\w+|desmient\w+|den(?:y|ies|ied|ying|ials?))\b"
)
# What can stand for a "not" in other words: "su primer viaje en cuatro años", "fracasó", "is unlikely".
_SOFT = re.compile(
    r"\b(?:primer\w*|first|ultim[oa]s?|last|sol[oa]|only|unic[oa]s?|aun|todavia|yet|apenas|hardly|barely|poc[oa]s?"
    r"|few|little|dificil\w*|difficult|hard|imposible\w*|impossible|incapa\w+|unable|unwilling"
    r"|rechaz\w+|reject\w*|descart\w+|desestim\w+|dismiss\w*|refus\w+|rehus\w+|evit\w+|avoid\w*|carec\w+|lack\w*"
    r"|falt\w+|ausen\w+|absen\w+|fracas\w+|fail\w*|impid\w+|imped\w+|prevent\w*|prohib\w+|ban(?:ned)?|abandon\w+"
    r"|renunci\w+|dej[aoó]\w*|ces[aoó]\w*|stop\w*|ceas\w*|termin\w+|lejos|far from"
    r"|romp\w+|breaks?|broke|breaking|salt\w+|skip\w*|pierd\w+|perd\w+|lost)\b"
)


def added(statement: str, quotes: Sequence[str]) -> str | None:
    """The "not" of a statement none of whose quotes denies anything in any words; None when there is none."""
    found = _NOT.search(folded(statement))
    if not found or any(_NOT.search(quote) or _SOFT.search(quote) for quote in map(folded, quotes)):
        return None
    return statement[found.start() : found.end()]


def dropped(statement: str, quotes: Sequence[str]) -> str | None:
    """The "not" that all quotes of a statement hold, when it denies nothing in any words; None otherwise."""
    plain = folded(statement)
    found = [(quote, _NOT.search(folded(quote))) for quote in quotes]
    if _NOT.search(plain) or _SOFT.search(plain) or not all(match for _, match in found):
        return None
    return next((quote[match.start() : match.end()] for quote, match in found if match), None)
