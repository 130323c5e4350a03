"""Understands follow-up questions without a model, by adding what they leave out from the turns before.

"¿Y cuándo fue?" after "¿Qué le regaló Putin a Kim?" is understood as both together. Whether a question is a
follow-up is decided by rules over its words, in Spanish and English; one that stands alone is never changed. Rules miss
some follow-ups on purpose: a question that is taken for one by mistake drags the old topic into the new one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

from rag.support.spelling import plain
from rag.types import Turn

LONGEST = 120  # characters; a longer question says what it is about
MOST_WORDS = 14
TURNS_BACK = 6  # user turns that a chain of follow-ups is traced through
_CONTEXT = 300  # characters of an earlier question that are carried over
_ANSWER = 240  # … and of the last answer
_READ = 4_000  # characters of a turn that are looked at


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Folded: lower case, no accents. Light verbs ("fue", "dijo", "hizo") name no topic either.
_FUNCTION = _words(
    """a al ante con contra de del desde durante e el en entre era eran eres es esta estaba estan estar este estos esa
    ese eso esos esas fue fueron ha habia habido han hasta hay haya he hizo hubo ir la las le les lo los mas me mi muy
    ni no o os para pero por porque pues que se segun ser si sido sin sobre solo son su sus tambien te tenia tiene
    tienen tras tu un una unas uno unos va y ya hacer hace dijo dice dicho decir paso pasa ocurrio ocurre sucedio
    about according after all also an and any are as at be been but by can could did do does doing for from had has
    have how if in into is it its just more not of off on or out so than that the their them then there these they
    this those to too up was we were will with would you your said say says happened happen happens"""
)
_ASKING = _words(
    """que quien quienes cual cuales cuando cuanto cuanta cuantos cuantas donde adonde como
    what who whom whose which when where why how"""
)
_PREPOSITIONS = _words(
    """a al ante con contra de del desde durante en entre hacia hasta para por segun sobre sin tras
    about according after against at before by during for from in of on since to under with without"""
)
_DETERMINERS = _words("el la los las un una unos unas the a an")
# Words at the beginning that tie a question to what was said before.
_STARTER = re.compile(
    r"^(y|e|pero|entonces|ademas(?! de)|and|but|so|also|then|what about|how about|que hay de|que tal"
    r"|que pasa con)\b[ ,]*"
)
# Words that stand for somebody or something. Spanish "la", "los", "las" are articles too, so only their forms behind
# a verb count.
_PRONOUN = re.compile(
    r"\b(el mismo|la misma|los mismos|las mismas|lo mismo|ellos|ellas|ella|ello|eso|aquello"
    r"|he|she|they|him|them|it|the same"
    r"|(de|con|para|por|sobre|contra|sin|ante|entre|a) (el|ella|esto|este|esta)$"
    r"|(lo|le|les|se lo|se la|se los|se las|se le) (?!que\b|de\b|mas\b|mejor\b|peor\b|unico\b|primero\b)\w{3,}"
    r"|\w{2,}[aei]r(se)?(lo|la|los|las|le|les)\b"
    r"|(is|was|were|are|about|of|with|after|before|did|does|do|says?|said|mean|for|to|like) (that|this|those|these)\b"
    r"|(that|this|those|these)$)"
)
_OWNER = re.compile(r"\b(su|sus|his|her|hers|its|their|theirs)\b")
# Words that relate to a time, a place or an exchange that was spoken of.
_RELATIVE = re.compile(
    r"\b(alli|ahi|alla|a cambio|que mas|quien mas|cuando mas|donde mas|entonces|in return|else|afterwards|next"
    r"|(antes|despues|luego|dentro|detras|encima)(?! de\b| del\b)|(before|after|then|there|too|instead)$)"
)
# "ese dinero", "that money"; but "esta semana" is now, not what was said. Accents stay: "está" is a verb.
_THAT_NOUN = re.compile(
    r"\b(ese|esa|esos|esas|aquel|aquella|aquellos|aquellas|este|esta|estos|estas|dich[oa]s?|such|those|these|this|that)"
    r" (?!año|semana|mes|día|mañana|tarde|noche|siglo|década|mundo|país|year|week|month|morning|evening|century"
    r"|(?:es|era|fue|is|was|the|a|an|he|she|they|it|en|de|y)\b)\w{3,}"
)
_DEFINES = re.compile(
    r"^(que|quien|quienes|what|who) (es|son|era|eran|fue|is|are|was|were) (?!(el|la|los|las|the)\b)\w"
    r"|^que (es|son) \w"
)
# "(according) to X": a fragment of this form takes the place of the one in the earlier question.
_RELATION = re.compile(
    r"^(según|sobre|acerca de|respecto a|en|desde|hasta|contra|according to|about|in|since|until|against)\s+(?=\S)",
    re.I,
)
_MARKER = re.compile(r"\s*\[[^\[\]\n]{1,300}:\d{1,9}(?:-\d{1,9})?\]")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_WORD = re.compile(r"\w+(?:[.,]\d+)*")


def standalone(question: str, history: Sequence[Turn], most: int = 2000) -> str | None:
    """A follow-up completed with what it leaves out, at most `most` characters long; None for a complete question.

    `history`: the turns before, oldest first; only the last few count. Never raises.
    """
    asked = _clean(question)
    turns = [Turn(role=turn.role, content=_clean(turn.content)) for turn in history[-2 * TURNS_BACK :]]
    users = [turn.content for turn in turns if turn.role == "user" and _WORD.search(turn.content)]
    if not users or not is_followup(asked):
        return None
    # The topic is the last question that stood alone, with the follow-ups that came after it.
    topic = reduce(lambda earlier, later: _join(earlier, later) if is_followup(later) else later, users[-TURNS_BACK:])
    whole = _replaced(topic, asked) or _join(_cut(topic, _CONTEXT), _said(turns), asked)
    return whole if whole != asked and len(whole) <= most else None


def is_followup(question: str) -> bool:
    """Whether a question can't be understood without the ones before it."""
    if len(question) > LONGEST or not _WORD.search(question):
        return False
    asked = " ".join(_WORD.findall(plain(question)))
    started = _STARTER.match(asked)
    rest = asked[started.end() :] if started else asked
    words = rest.split()
    if len(words) > MOST_WORDS:
        return False
    content = [word for word in words if word not in _FUNCTION and word not in _ASKING]
    if _points_back(question, rest, len(content), bool(started)):
        return True
    asks = bool(_ASKING & set(words[:3]))
    if not content:
        return asks or bool(started)
    if started and not asks:
        return len(content) <= 4
    if _names(question) or _DEFINES.match(rest):
        return bool(started) and len(content) <= 1
    if started:
        return len(content) <= 2 and not _full_phrase(words)
    begins = words[0] in _ASKING or (words[0] in _PREPOSITIONS and "?" in question)
    return begins and (len(content) == 1 or (len(content) == 2 and not _has_subject(words)))


def _points_back(question: str, rest: str, content: int, started: bool) -> bool:
    """Whether a word points to something that the question itself doesn't have.

    `content`: its words with a meaning of their own. A name in the question is what its pronouns mean.
    """
    named = bool(_names(question))
    if _RELATIVE.search(rest) and content <= 5 and (started or not named):
        return True
    if _THAT_NOUN.search(question.lower()) and content <= 6 and not named:
        return True
    if _PRONOUN.search(rest) and content <= 5 and not named:
        return True
    return bool(_OWNER.search(rest)) and content <= 3 and not named and not _has_subject(rest.split())


def _clean(text: str) -> str:
    return " ".join(_UNFIT.sub(" ", text[:_READ]).split())


def _names(question: str) -> list[str]:
    """Words that look like names or figures: capitals inside the question, digits."""
    words = [m.group() for m in _WORD.finditer(question)]
    return [word for i, word in enumerate(words) if word[0].isdigit() or (i and word[0].isupper() and word != "I")]


def _full_phrase(words: Sequence[str]) -> bool:
    """Whether the words hold "X of Y", both with a meaning of their own: such a question names its topic."""
    text = " ".join(words)
    for match in re.finditer(r"(\w+) (?:de|del|of)(?: (?:la|los|las|el|the))? (\w+)", text):
        if not {match[1], match[2]} & (_FUNCTION | _ASKING):
            return True
    return False


def _has_subject(words: Sequence[str]) -> bool:
    """Whether a noun with an article stands free of any preposition: "¿Quién inventó la rueda?"."""
    return any(
        word in _DETERMINERS and i and words[i - 1] not in _PREPOSITIONS and words[i - 1] not in _ASKING
        for i, word in enumerate(words)
    )  # fmt: skip


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0]


def _said(turns: Sequence[Turn]) -> str:
    """The first cited sentence of the last answer; nothing when it cites none."""
    last = next((turn for turn in reversed(turns) if turn.role == "assistant"), None)
    marker = _MARKER.search(last.content) if last else None
    return _cut(last.content[: marker.start()].strip(), _ANSWER) if last and marker else ""


def _replaced(topic: str, asked: str) -> str | None:
    """ "¿Cuántos, según Seúl?" and "¿Y según Washington?": the second phrase replaces the first."""
    started = re.match(r"[¿\s]*(?:y|e|pero|and|but|so|what|how about)?[\s,]*", asked, re.I)
    fragment = asked[started.end() :] if started else asked
    relation = _RELATION.match(fragment)
    if not relation or _ASKING & set(plain(fragment).strip(" ?¿.!").split()):
        return None
    word = re.escape(relation.group().strip())
    places = list(re.finditer(rf"(?<!\w){word}\s+[^,;?¿.]{{1,60}}(?=[,;?]|$)", topic, re.I))
    if not places:
        return None
    place = places[-1]
    return _cut(topic[: place.start()], _CONTEXT) + fragment.rstrip(" ?") + topic[place.end() :][:_CONTEXT].rstrip()
