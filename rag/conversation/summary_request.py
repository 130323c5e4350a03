"""Requests for a summary: "Resume los artículos", "Summarize what they say about Vietnam", "tl;dr of the last one".

As with small talk, the whole message must be such a request; it then says what is to be summed up. Work is bounded by
the length of the longest message that is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rag.support.spelling import folded

Scope = Literal["all", "place", "document", "topic"]

LONGEST = 300  # characters


@dataclass(frozen=True)
class SummaryRequest:
    """What is to be summed up.

    `all`: every document; `place`: the document at `place` in the list, 0-based, negative from the end; `document`: the
    one about `topic`; `topic`: what `topic` names, a file or a subject.
    """

    scope: Scope
    language: str
    topic: str = ""
    place: int = 0


_POLITE = (
    r"(?:(?:hola|hello|hi|hey|oye|please|pls|por favor|porfa|ok|now|ahora|me|can you|could you|would you|can u"
    r"|i want you to|i need|i want|id like|me puedes|me podrias|puedes|podrias|podes|puede usted|quiero"
    r"|necesito|quisiera|me gustaria)[, ]+)*"
)
_ASKS = {
    "es": r"(?:resum(?:e|a)(?:n|s|me|nos)?(?:lo|la|los|las)?|resumi(?:r|me)(?:me)?(?:lo|la|los|las)?|sintetiza(?:me|r)?"
    r"|(?:haz|hacer|hace|dame|dar|escribe|prepara|muestra|ponme|crea|genera)(?:me|nos)? (?:un|el|una|la)"
    r" (?:breve |corto |pequeno )?(?:resumen|sintesis)|(?:un |el )?(?:breve )?(?:resumen|sintesis)"
    r"(?= de\b| del\b| sobre\b|$)|(?P<points>(?:cuales son |dame |dime )?(?:los|las) (?:puntos|ideas|hechos)"
    r" (?:principales|clave|mas importantes)))",
    "en": r"(?:summari[sz]e|sumari[sz]e|summeri[sz]e|sum up|tl[; ]{0,2}dr"
    r"|(?:give|write|make|show|prepare|get)(?: me| us)?"
    r" (?:a|the|an) (?:short |brief |quick |good )?(?:summary|overview|recap|gist|digest|outline)"
    r"|(?:a |the )?(?:short |brief |quick )?(?:summary|overview|recap|gist)(?= of\b| on\b| about\b| for\b|$)"
    r"|(?P<points>(?:what are |give me |tell me |list )?(?:the |your )?(?:main|key|most important)"
    r" (?:points|ideas|facts|takeaways|messages)))",
}
_REST = {
    "es": r"(?: (?:de|del|sobre|acerca de|en)\b)?(?P<topic>.*)",
    "en": r"(?: (?:of|on|about|from|in)\b)?(?P<topic>.*)",
}
_REQUEST = {language: re.compile(rf"{_POLITE}{asks}(?= |$){_REST[language]}") for language, asks in _ASKS.items()}
# "Lo que dicen los artículos de Vietnam" is about Vietnam.
_WHAT_IS_SAID = re.compile(
    r"(?:(?:todo )?lo que (?:se )?(?:dicen?|cuentan?|sabe|hay)(?: (?:los|las|estos|estas) \w+)?"
    r" (?:de|del|sobre|acerca de)"
    r"|(?:everything|what|all)(?: that)? (?:they|is|the \w+|these \w+|you)(?: (?:say|says|said|tell|know|have))?"
    r" (?:about|on|of)) "
)
_ABOUT = re.compile(
    r"(?:(?:de|del|of) )?(?:(?:el|la|the) )?"
    r"(?:articulo|noticia|documento|texto|nota|article|story|document|one|text|piece)"
    r" (?:sobre|de|del|acerca de|que habla (?:de|del)|que trata (?:de|del)|about|on|of|that talks about) "
)
_NOUN = (
    r"(?:articulos?|documentos?|archivos?|ficheros?|textos?|noticias?|notas?|fuentes?|coleccion|carpeta|contenido"
    r"|articles?|documents?|docs?|files?|texts?|stories|story|news|sources?|collection|folder|corpus|content|ones?)"
)
_SMALL = (
    r"(?:de |del |of |el |la |los |las |lo |the |all |todos? |todas? |cada uno |tus |tu |your |these |those |this "
    r"|estos |estas |este |esta )"
)
_TAIL = re.compile(
    r" (?:en|in) (?:espanol|ingles|castellano|spanish|english)$"
    r"| (?:en|in) \w+ (?:frases|lineas|puntos|sentences|lines|points)$"
    r"|[, ](?:por favor|please|porfa|pls|plz|gracias|thanks|thank you|for me|para mi)$"
)
_ALL = re.compile(
    rf"(?:{_SMALL})*(?:{_NOUN}|todo|todos|todas|everything|all|it|it all|them|all of (?:it|them)"
    rf"|esto|eso|this|that|these"
    rf"|lo que (?:tienes|hay|dicen)(?: los articulos)?|what (?:you have|they say|the articles say))?"
    rf"(?: (?:que tienes|you have|disponibles|juntos|por favor|please|for me|indexad[oa]s))*"
)
_ORDINALS = {
    -1: r"ultim[oa]|last|latest|newest|mas reciente|final",
    0: r"primer[oa]?|first|1",
    1: r"segund[oa]|second|2",
    2: r"tercer[oa]?|third|3",
    3: r"cuart[oa]|fourth|4",
    4: r"quint[oa]|fifth|5",
    5: r"sext[oa]|sixth|6",
    6: r"septim[oa]|seventh|7",
    7: r"octav[oa]|eighth|8",
    8: r"noven[oa]|ninth|9",
    9: r"decim[oa]|tenth|10",
}
_PLACE = re.compile(
    rf"(?:{_SMALL})*(?:{_NOUN} )?(?:{'|'.join(f'(?P<p{i}>{form})' for i, form in enumerate(_ORDINALS.values()))})"
    rf"(?: {_NOUN})?(?: (?:de todos|of all|por favor|please))*"
)


def summary_request(message: str) -> SummaryRequest | None:
    """What a message wants summed up; None when it isn't such a request."""
    if len(message) > LONGEST:
        return None
    text = " ".join(message.split())
    plain = folded(text)
    begin = len(plain) - len(plain.lstrip("¿¡ "))
    end = len(_trimmed(plain))
    for language, request in _REQUEST.items():
        match = request.fullmatch(plain, begin, end)
        if match:
            topic = slice(*match.span("topic"))
            found = _scope(language, plain[topic].strip(" :,"), text[topic].strip(" :,"))
            # "The main points of the treaty" asks for what the treaty says, not for a summary of articles.
            return None if match["points"] and found.scope == "topic" else found
    return None


def _trimmed(plain: str) -> str:
    """The text without the courtesy and the wishes at its end."""
    while True:
        shorter = plain.rstrip(" .,!?…")
        tail = _TAIL.search(shorter)
        if not tail:
            return shorter
        plain = shorter[: tail.start()]


def _scope(language: str, plain: str, topic: str) -> SummaryRequest:
    if _ALL.fullmatch(plain):
        return SummaryRequest("all", language)
    place = _PLACE.fullmatch(plain)
    if place:
        found = next(i for i, _ in enumerate(_ORDINALS) if place[f"p{i}"])
        return SummaryRequest("place", language, place=list(_ORDINALS)[found])
    about = _ABOUT.match(plain)
    if about:
        return SummaryRequest("document", language, topic=topic[about.end() :])
    said = _WHAT_IS_SAID.match(plain)
    return SummaryRequest("topic", language, topic=topic[said.end() :] if said else topic)
