"""What form of answer a question asks for: a number, a date, a person, a yes or a no …

Spanish and English, also as people type: without accents, capitals or question marks, with "q" for "que". The form is
found from the first interrogative that opens a clause and the words after it; no model is involved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from rag.reading.vocabulary import CURRENCIES, TIME_UNITS, words
from rag.support.spelling import folded

MAX_QUESTION = 2000  # characters that are looked at; a question's form stands in fewer
_AHEAD = 12  # words after the interrogative that decide


class Form(StrEnum):
    """What an answer has to be."""

    NUMBER = "number"  # of things that are counted
    QUANTITY = "quantity"  # of something that is measured
    MONEY = "money"
    PERCENTAGE = "percentage"
    AGE = "age"
    DATE = "date"
    YEAR = "year"
    TIME = "time"  # of day
    DURATION = "duration"
    PERSON = "person"
    PLACE = "place"
    NAME = "name"  # of an organisation, a work, a thing
    YES_NO = "yes or no"
    REASON = "reason"
    DEFINITION = "definition"
    OTHER = "other"


@dataclass(frozen=True)
class AskedForm:
    """The form that a question asks for.

    `unit`: the word that is counted ("contenedores"), folded, or empty. `single`: the question takes for granted that
    there is one right answer ("the capital of", "who is the president"), so that two names exclude one another.
    """

    form: Form
    unit: str = ""
    single: bool = False


_SPELLINGS = {
    "q": "que", "k": "que", "ke": "que", "qe": "que", "kien": "quien", "qien": "quien", "kienes": "quienes",
    "kuando": "cuando", "cuado": "cuando", "quando": "cuando", "kuanto": "cuanto", "kuantos": "cuantos",
    "quanto": "cuanto", "quantos": "cuantos", "quantas": "cuantas", "kual": "cual", "qual": "cual", "dnde": "donde",
    "wat": "what", "whats": "what", "wich": "which", "wen": "when", "whens": "when", "whos": "who",
    "wheres": "where", "whose": "who", "whom": "who", "quienes": "quien", "cuales": "cual", "adonde": "donde",
    "xq": "porque", "pq": "porque", "xk": "porque", "adnde": "donde",
}  # fmt: skip
_ENGLISH = words("what which who when where why how")
_SPANISH = words("que quien cual cuando cuanto cuanta cuantos cuantas donde como")
_INTERROGATIVES = _ENGLISH | _SPANISH
_ACCENTED = words("qué quién quiénes cuál cuáles cuándo cuánto cuánta cuántos cuántas dónde adónde cómo")
# What may stand between the start of a clause and its interrogative.
_PREPOSITIONS = words(
    "a al con contra de desde en entre hacia hasta para por segun sobre tras durante about after at before between by"
    " during for from in into of on over since through to until under with within approximately aproximadamente"
)
# Words before the question proper: "dime", "do you know", "hola". A run of them at the start is passed over.
_PREFACE = words(
    "hola buenas buenos dias tardes dime digame decime di sabes sabe sabeis puedes puede podrias podria me decir"
    " decirme te lo quiero quisiera queria saber gustaria explicame explica recuerdame favor oye perdon y pero entonces"
    " hi hello hey please tell me do you know can could would i want to like know id i'd wonder wondering and but so"
    " then ok okay also tambien"
)
_AUXILIARIES = words(
    "is are was were do does did has have had can could will would should may might must isn't aren't wasn't weren't"
    " don't doesn't didn't hasn't haven't hadn't can't couldn't won't wouldn't"
)
_SPANISH_YES_NO = words(
    "es son era eran fue fueron sera seran esta estan estaba estaban estuvo ha han habia habian habra hay hubo habra"
    " tiene tienen tenia tuvo puede pueden podria podra pudo va van iba existe existen sigue quiere debe visito"
    " esta hizo hace sabe apoya acepta"
)
_ARTICLES = words("el la los las lo un una the a an his her its their su sus your our this that este esta ese esa")
_COPULAS = words("es son era eran fue fueron sera ha sido is are was were be been will 's")

_NUMBER_NOUNS = words(
    "numero cantidad cifra poblacion total number amount quantity population count total tasa rate numeros"
)
_QUANTITY_NOUNS = words(
    "distancia tamano altura longitud anchura ancho profundidad peso temperatura velocidad altitud densidad distance"
    " size height length width depth weight temperature speed altitude density elevation"
)
_MEASURES = words(
    "far tall big large high deep wide heavy fast hot cold small strong thick lejos grande alto alta profundo ancho"
    " pesado rapido caliente frio mide miden pesa pesan"
)
_MONEY_NOUNS = words(
    "precio coste costo salario sueldo presupuesto importe tarifa multa price cost salary wage budget fee fine revenue"
    " income ingresos beneficio facturacion"
)
_COST = re.compile(
    r"cuest|cost|\bval(?:e|en|ia|ian|io)\b|pag(?:o|a|an|aron|ar|ado|aba)\b|\bgan(?:a|an|o|aron|aba)\b|cobr|invert|invirt"
    r"|\bgast|preci|dinero|salari|sueld|prest(?:o|a|aron|amo)\b|\bpay|\bpaid\b|price|\bworth\b|spen[dt]|charge|\bearn"
    r"|\bfine[ds]?\b|invest|\bsell|\bsold\b|\bbuy|\bbought\b|money|donat|\bloan|dolar|dollar|euros?\b|rublo|ruble"
)
_AGE_NOUNS = words("edad age edades ages")
_YEAR_NOUNS = words("ano year anos years")
_DATE_NOUNS = words(
    "fecha fechas dia mes siglo decada epoca periodo momento date dates day month century decade period era siglos"
)
_TIME_NOUNS = words("hora time horas")
_DURATION_NOUNS = words("duracion duration")
_SHARE_NOUNS = words("porcentaje porcentajes proporcion fraccion percentage percent proportion share fraction por")
_PLACE_NOUNS = words(
    "pais paises ciudad ciudades lugar lugares region estado provincia continente isla rio mar oceano montana calle"
    " pueblo capital country countries city cities place places state province continent island river sea ocean"
    " mountain street town village county location territorio territory barrio distrito district"
)
# Places of one rank: two of them exclude one another, as a city and its country, or two "places", don't.
_ONE_PLACE = words("capital pais ciudad continente country city continent")
_PERSON_NOUNS = words(
    "presidente presidenta lider dirigente ministro ministra secretario portavoz rey reina emperador general persona"
    " autor autora cientifico cientifica actor actriz cantante jugador jugadora entrenador fundador director directora"
    " alcalde papa escritor filosofo matematico fisico president leader minister secretary spokesman spokesperson king"
    " queen emperor person author scientist actor actress singer player coach founder director mayor pope writer"
    " philosopher mathematician physicist man woman hombre mujer senator senador governor gobernador quarterback"
)
_NAME_NOUNS = words(
    "nombre name title titulo empresa compania organizacion agencia equipo periodico diario partido grupo banda canal"
    " universidad company organization organisation agency team newspaper party group band channel university film"
    " movie pelicula libro book cancion song album"
)
_REASON_NOUNS = words("razon motivo causa reason cause purpose proposito objetivo razones motivos reasons causes")
_BY_NOUN = [
    (_SHARE_NOUNS, Form.PERCENTAGE), (_AGE_NOUNS, Form.AGE), (_YEAR_NOUNS, Form.YEAR), (_TIME_NOUNS, Form.TIME),
    (_DATE_NOUNS, Form.DATE), (_DURATION_NOUNS, Form.DURATION), (_MONEY_NOUNS, Form.MONEY),
    (_NUMBER_NOUNS, Form.NUMBER), (_QUANTITY_NOUNS, Form.QUANTITY), (_PLACE_NOUNS, Form.PLACE),
    (_PERSON_NOUNS, Form.PERSON), (_NAME_NOUNS, Form.NAME), (_REASON_NOUNS, Form.REASON),
]  # fmt: skip
_WORD_OR_MARK = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[¿?,;:.!%$€£]")
_BREAKS = words("¿ , ; : . !")
_CHOICE = words("o u or")
_FEW = 6  # words of a question that is only key words: "precio fastapi"


def asked_form(question: str) -> AskedForm:
    """The form of answer that a question asks for; OTHER where nothing can be told."""
    head = question[:MAX_QUESTION]
    plain = folded(head)
    found = list(_WORD_OR_MARK.finditer(plain))
    mark = max((i for i, token in enumerate(found[:-1]) if token[0] == "¿"), default=0)
    found = found[mark:]  # "Al datar rocas, ¿cuál es …": the question starts at its mark
    tokens = [_spelled(token[0]) for token in found]
    accented = [head[token.start() : token.end()].lower() in _ACCENTED for token in found]
    at = _interrogative(tokens, accented)
    if at is None:
        return _without_interrogative(tokens)
    rest = [word for word in tokens[at + 1 : at + 1 + _AHEAD] if word not in _BREAKS]
    before = tokens[at - 1] if at else ""
    return _by_word(tokens[at], rest, before, tokens)


def _spelled(word: str) -> str:
    word = word.replace("’", "'")
    if word.endswith("'s") and word[:-2] in _ENGLISH:
        word = word[:-2]
    return _SPELLINGS.get(word, word)


def _interrogative(tokens: list[str], accented: list[bool]) -> int | None:
    """The place of the word that says what is asked: the first with its accent, or the first that opens a clause."""
    opening = [i for i in _openings(tokens) if tokens[i] in _INTERROGATIVES or tokens[i] == "porque"]
    marked = [i for i, accent in enumerate(accented) if accent]
    if marked:
        return marked[0]
    if opening:
        # "When Putin came, who received him?": the later one asks.
        subordinate = tokens[opening[0]] in ("when", "cuando", "where", "donde", "como")
        return opening[1] if subordinate and len(opening) > 1 and "," in tokens[: opening[1]] else opening[0]
    # "The atomic number of oxygen is what?"; a "when" or "where" amid other words is a conjunction.
    last = len(tokens) - 1 - (tokens[-1:] == ["?"])
    english = [i for i, word in enumerate(tokens) if word in _ENGLISH and (i == last or word not in ("when", "where"))]
    return english[0] if english and _first(tokens) not in _AUXILIARIES else None


def _openings(tokens: list[str]) -> list[int]:
    """The places of words that open a clause, prefaces and prepositions passed over."""
    opens, out = True, []
    for i, word in enumerate(tokens):
        if word in _BREAKS or word == "?":
            opens = True
        elif opens and word in _INTERROGATIVES | {"porque"}:
            out.append(i)
            opens = False
        elif opens and word not in _PREPOSITIONS and word not in _PREFACE:
            opens = False
    return out


def _first(tokens: list[str]) -> str:
    """The first word of the question proper."""
    return next((word for word in tokens if word not in _BREAKS and word not in _PREFACE - _AUXILIARIES), "")


def _is_yes_no(tokens: list[str]) -> bool:
    """Whether the words open like a question that is answered by yes or no."""
    inside = [word for word in tokens if word not in _BREAKS and word != "?"]
    first = _first(tokens)
    choice = any(word in _CHOICE and following not in ("no", "not") for word, following in pairwise(inside))
    if choice or len(inside) < 3:
        return False
    return first in _AUXILIARIES or first in _SPANISH_YES_NO or "?" in tokens


def _without_interrogative(tokens: list[str]) -> AskedForm:
    if _is_yes_no(tokens):
        return AskedForm(Form.YES_NO)
    inside = [word for word in tokens if word not in _BREAKS and word != "?"]
    if len(inside) <= _FEW:  # "edad de putin", "putin age"
        for nouns, form in _BY_NOUN:
            if form in (Form.AGE, Form.MONEY, Form.PERCENTAGE) and nouns & set(inside) - {"por"}:
                return AskedForm(form)
    return AskedForm(Form.OTHER)


def _by_word(word: str, rest: list[str], before: str, tokens: list[str]) -> AskedForm:
    """The form, from the interrogative, what follows it, the word before it, and all words."""
    first = rest[0] if rest else ""
    if word in ("why", "porque") or (word == "que" and before in ("por", "para")) or (word, first) == ("how", "come"):
        return AskedForm(Form.REASON)
    if word in ("who", "quien"):
        return AskedForm(Form.PERSON, single=_is_single(rest))
    if word in ("where", "donde"):
        return AskedForm(Form.OTHER if before == "hasta" else Form.PLACE)
    if word in ("when", "cuando"):
        return AskedForm(Form.DATE)
    if word == "how":
        return _how(first, rest[1:], tokens)
    if word.startswith("cuant"):
        return _how_many(rest, tokens, counted=word in ("cuantos", "cuantas"))
    if word == "como":
        named = {"llama", "llaman", "llamaba", "llamo", "llamado"} & set(rest[:3])
        return AskedForm(Form.NAME) if named else AskedForm(Form.OTHER)
    if first == "tan":
        return AskedForm(Form.QUANTITY)
    return _which(rest)


def _how(first: str, rest: list[str], tokens: list[str]) -> AskedForm:
    if first == "old":
        return AskedForm(Form.AGE)
    if first == "long":
        return AskedForm(Form.DURATION)
    if first in ("many", "much"):
        return _how_many(rest, tokens, counted=first == "many")
    return AskedForm(Form.QUANTITY if first in _MEASURES else Form.OTHER)


def _how_many(rest: list[str], tokens: list[str], counted: bool) -> AskedForm:
    """How many (counted) or how much: what follows says of what."""
    first, second = [*rest, "", ""][:2]
    if first in _YEAR_NOUNS and second.startswith(("tien", "ten", "tuv", "cumpl")):
        return AskedForm(Form.AGE)
    if first in ("percent", "percentage") or (first == "por" and second == "ciento"):
        return AskedForm(Form.PERCENTAGE)
    if first in CURRENCIES or first in ("dinero", "money"):
        return AskedForm(Form.MONEY)
    if first in TIME_UNITS or first in ("tiempo", "time", "dura", "duro", "duran", "tarda", "tardo", "lleva"):
        return AskedForm(Form.DURATION, TIME_UNITS.get(first, ""))
    if counted:
        return AskedForm(Form.NUMBER, first)
    if any(word.startswith(("tard", "dur")) for word in rest[:3]):
        return AskedForm(Form.DURATION)
    return AskedForm(Form.MONEY if _COST.search(" ".join(tokens)) else Form.QUANTITY)


def _which(rest: list[str]) -> AskedForm:
    """What or which: the noun that follows, or that stands after "is the"."""
    at = 0
    while at < len(rest) and (rest[at] in _COPULAS or rest[at] in _ARTICLES):
        at += 1
    noun = rest[at] if at < len(rest) else ""
    asked_by_copula = at > 0
    for nouns, form in _BY_NOUN:
        if noun in nouns and not (noun == "por" and rest[at + 1 : at + 2] != ["ciento"]):
            return AskedForm(form, single=noun in _ONE_PLACE if form is Form.PLACE else asked_by_copula)
    if asked_by_copula or noun in ("significa", "mean", "means"):
        return AskedForm(Form.DEFINITION)
    return AskedForm(Form.OTHER)


def _is_single(rest: Iterable[str]) -> bool:
    """Whether "who …" goes on with "is the", "was the first": one person is meant."""
    tokens = list(rest)
    return len(tokens) > 1 and tokens[0] in _COPULAS and tokens[1] in ("el", "la", "the")
