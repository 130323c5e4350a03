"""Small talk, recognised by rules: greetings, thanks, tests, nonsense, and questions about the service itself.

A message is small talk only when all of it is. "Hola, ¿cuántos contenedores…?" begins with a greeting and is a
question, and so is "Who said thanks to Putin?". Spelling is forgiven: case, accents, punctuation, emojis, letters that
are repeated or exchanged. Work and memory are bounded by the length of the longest message that is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from rag.support.spelling import plain

Kind = Literal["greeting", "thanks", "farewell", "assent", "test", "nonsense", "abilities", "subject", "documents"]

LONGEST = 160  # characters; nobody needs more to say hello
MOST_WORDS = 16
_LONGEST_PHRASE = 5  # words
_ALIKE = 0.85  # a misspelled word and the one that is meant, by Ratcliff and Obershelp's ratio
_FORGIVEN = 5  # letters that a word needs to be forgiven a misspelling; shorter ones are too near to others
_MISSPELLED = 2  # words of a message that are forgiven at most
_MASHED = 6  # consonants in a row that no word of either language has

Known = Callable[[str], bool]


@dataclass(frozen=True)
class SmallTalk:
    """What kind of small talk a message is, and its language where the words show it."""

    kind: Kind
    language: str | None


# Whole phrases, without accents. A message may string several of them together: "hola, gracias".
_PHRASES: dict[tuple[Kind, str], str] = {
    ("greeting", "es"): """
        hola, ola, holi, holis, ole, wenas, buenas, buenos dias, buen dia, buenas tardes, buenas noches,
        saludos, un saludo, que tal, que tal estas, que tal todo, como estas, como esta usted, como va, como va
        todo, que onda, que hubo, que pasa, que hay, todo bien, encantado, encantada, mucho gusto, alo, oye,
        oiga, buenos dias a todos, hola a todos""",
    ("greeting", "en"): """
        hello, helo, hi, hey, hiya, howdy, yo, greetings, good morning, good afternoon, good evening, good day,
        morning, sup, wassup, whats up, how are you, how are you doing, how are you today, hows it going, how do
        you do, nice to meet you, hi there, hello there, hey there, hello everyone, hi all, hello again""",
    ("thanks", "es"): """
        gracias, grasias, grax, muchas gracias, mil gracias, muchisimas gracias, te lo agradezco, se lo
        agradezco, muy amable, gracias por todo, gracias por tu ayuda, gracias por la ayuda, gracias por la
        informacion, gracias por la respuesta, ok gracias, me ha servido, me sirvio,
        me sirvio mucho, me ayudo, me ayudo mucho, me has ayudado, me ha ayudado mucho, eso ayuda""",
    ("thanks", "en"): """
        thanks, thank you, thx, tnx, thnx, thnks, ty, tysm, tks, cheers, thanks a lot, thank you so much, thank
        you very much, many thanks, thanks a million, thanks so much, much appreciated, appreciated, i
        appreciate it, thanks for your help, thanks for the help, thank you for your help, that helped, that helps, it
        helped, that helped a lot, that was helpful, that was very helpful, very helpful, that was useful""",
    ("farewell", "es"): """
        adios, chao, chau, hasta luego, hasta pronto, hasta manana, nos vemos, hasta la vista""",
    ("farewell", "en"): """
        bye, bye bye, goodbye, good bye, see you, see ya, cya, see you later, good night, farewell""",
    ("assent", "es"): """
        si, vale, claro, perfecto, genial, estupendo, excelente, muy bien, de acuerdo, entendido, bien, guay,
        jaja, jajaja, jeje, jejeje, muy util, que bien, esta bien, buen trabajo, bravo, lo siento, perdon""",
    ("assent", "en"): """
        ok, okay, oki, k, yes, yeah, yep, no, nope, cool, great, nice, awesome, perfect, good, very good, well
        done, good job, great job, good bot, got it, i see, understood, fine, alright, sure, lol, haha, hahaha,
        wow, hmm, sorry, never mind, nevermind, brilliant, excellent, thats great, thats nice, thats all""",
    ("test", "es"): """
        prueba, pruebas, probando, una prueba, esto es una prueba, es una prueba, solo una prueba, solo es una
        prueba, solo estoy probando, estoy probando, haciendo una prueba, funciona, esto funciona, funcionas,
        estas ahi, hay alguien, hay alguien ahi, hola mundo, me oyes, me lees, me escuchas, sigues ahi, uno dos
        tres, probando probando""",
    ("test", "en"): """
        test, tests, testing, tst, a test, this is a test, just a test, its a test, just testing, im testing, im
        just testing, only a test, test test, ping, hello world, is this working, does this work, does it work,
        is it working, are you working, is this on, are you there, is anyone there, anyone there, anybody there,
        is anybody there, can you hear me, can you read me, one two three, 1 2, 1 2 3, 1 2 3 4, 123, check, mic
        check, test message, test question""",
    ("abilities", "es"): """
        ayuda, ayudame, socorro, necesito ayuda, quien eres, que eres, como te llamas, cual es tu nombre, eres
        un robot, eres humano, eres una ia, eres una persona, eres real, eres un bot, que es esto, que es esta
        pagina, que es este sitio, que es renglon, instrucciones, empezar""",
    ("abilities", "en"): """
        help, help me, i need help, who are you, what are you, what is your name, whats your name, are you a
        robot, are you human, are you a bot, are you an ai, are you ai, are you real, are you a person, what is
        this, whats this, what is this thing, what is this site, what is this page, what is renglon,
        instructions, start""",
}  # fmt: skip

# Words around small talk that say nothing by themselves.
_COURTESY = frozenset(
    """
    por favor porfa porfavor pls plz please amigo amiga amigos bot robot renglon senor senora friend buddy mate
    everybody all todos bueno pues eh ey well so then there oye hey a ti to you tambien too again otra vez dear
    """.split()  # noqa: SIM905
)

_NOUN_ES = r"(?:articulos?|documentos?|archivos?|textos?|noticias?|fuentes|ficheros?|notas)"
_NOUN_EN = r"(?:articles?|documents?|docs|files?|texts?|sources|news|stories)"
_ALL_ES = rf"(?:(?:todos |todas )?(?:los|las|tus|estos|estas|sus) {_NOUN_ES})"
_ALL_EN = rf"(?:(?:all )?(?:of )?(?:the|your|these|those) {_NOUN_EN})"
_ABLE_ES = r"(?:puedes?|podes|podrias?|sabes?|podeis)"
_BEING_ES = (
    r"(?:un[ao]? )?(?:robot|bot|human[oa]|persona|maquina|ia|programa|inteligencia artificial|modelo|real|alguien)"
)
_BEING_EN = r"(?:an? )?(?:real )?(?:robot|bot|human|person|machine|ai|program|human being|model|real|computer|someone)"
# Questions about the service and its folder, whole: each must match from the first word to the last.
_QUESTIONS: list[tuple[Kind, str, str]] = [
    ("abilities", "es", rf"(?:tu )?eres (?:tu )?{_BEING_ES}(?: o (?:eres )?{_BEING_ES})?"),
    ("abilities", "en", rf"are (?:you|u) {_BEING_EN}(?: or (?:are you )?{_BEING_EN})?"),
    ("abilities", "es",
        rf"(?:y )?(?:que|q) (?:cosas )?(?:{_ABLE_ES} hacer|haces|sabes hacer)(?: (?:tu|por mi|para mi))?"),
    ("abilities", "es",
        r"(?:y )?(?:tu )?como (?:funcionas?|se usa|te uso|puedo usarte|te puedo usar)(?: (?:esto|tu))?"),
    ("abilities", "es", rf"(?:en|con) que (?:me )?{_ABLE_ES} ayudar(?:me)?|me {_ABLE_ES} ayudar|{_ABLE_ES} ayudarme"),
    ("abilities", "es",
        r"(?:que|sobre que|de que|acerca de que)(?: cosas)? (?:te )?(?:puedo|podria) (?:preguntar(?:te)?"
        r"|pedir(?:te)?)"),
    ("abilities", "es",
        r"que (?:clase de |tipo de )?preguntas (?:(?:te )?puedo (?:hacer(?:te)?)|puedes responder"
        r"|respondes)"),
    ("abilities", "es", r"para que (?:sirves?|eres)(?: esto)?|dame (?:algun(?:os)? |unos |un )?ejemplos?"),
    ("abilities", "en",
        r"(?:so )?what (?:else )?(?:can|do|could) you do(?: for me)?|what are you (?:for|able to do"
        r"|capable of)"),
    ("abilities", "en", r"(?:so )?how (?:do|does|can) (?:i use )?(?:you|this|it|that)(?: thing)?(?: work)?"),
    ("abilities", "en", r"(?:how|what) can (?:you|u) help(?: me)?(?: with)?|(?:can|could) you help(?: me)?"),
    ("abilities", "en",
        r"what (?:can|could|should|may) i (?:ask|do)(?: you| here)?(?: about)?|what is this for|whats"
        r" this for"),
    ("abilities", "en",
        r"(?:what|which) (?:kinds? of |sort of )?questions (?:can|could|should|may) (?:i ask|you"
        r" answer)(?: you)?"),
    ("abilities", "en", r"(?:give|show) me (?:some |an |a few )?(?:examples?|suggestions?)"),
    ("subject", "es",
        r"(?:y )?(?:de|sobre) que (?:se )?(?:trata|tratan|va|van|habla|hablan|hablas|es|son)(?: (?:todo"
        rf" )?(?:esto|eso|{_ALL_ES}))?"),
    ("subject", "es",
        r"(?:de|sobre) que (?:va|trata|es|habla) (?:la|esta|tu) (?:coleccion|carpeta|pagina|base"
        r"|biblioteca)"),
    ("subject", "es",
        r"(?:que|cuales) (?:son los )?temas (?:hay|cubres|tratas|conoces|tienes|manejas|(?:tratan|cubren"
        rf"|abordan) {_ALL_ES})(?: aqui)?"),
    ("subject", "es",
        rf"(?:que|de que) (?:dicen|cuentan|hablan|contienen|tratan) {_ALL_ES}|que (?:sabes|conoces)|que"
        rf" hay (?:aqui|en {_ALL_ES})"),
    ("subject", "es", r"cual es el (?:tema|asunto)(?: principal)?(?: de (?:todo )?(?:esto|los articulos))?"),
    ("subject", "en",
        rf"(?:so )?(?:what(?: i)?s|what is|what are) (?:all )?(?:this|it|that|{_ALL_EN})(?: all)? about"),
    ("subject", "en",
        r"what(?:s| is) (?:this|the|your) (?:collection|folder|site|page|archive|library|corpus)(?:"
        r" all)? about"),
    ("subject", "en",
        rf"what do {_ALL_EN} (?:say|talk about|cover|contain|discuss|deal with)|what do you know(?:"
        r" about)?"),
    ("subject", "en",
        r"(?:what|which) (?:topics|subjects|themes) (?:do you (?:cover|know|have)|are (?:there|covered"
        r"|here)|can i ask about)"),
    ("subject", "en",
        r"what(?:s| is) the (?:main )?(?:topic|subject|theme)(?: of (?:this|all this|it|the articles))?"
        r"|whats in here|what is in here"),
    ("documents", "es",
        rf"(?:y )?(?:que|cuales|cuantos|cuantas) (?:son )?(?:los |las |tus )?{_NOUN_ES}(?: (?:tienes"
        r"|tenes|tiene|hay|has leido|leiste|conoces|manejas|usas|puedes leer|estan|son))?(?: (?:aqui"
        r"|disponibles|indexad[oa]s|en total|tu))*"),
    ("documents", "es",
        r"(?:cuales son|lista(?:me)?|listado de|muestra(?:me)?|muestrame|ensena(?:me)?|dime|dame|enumera"
        rf"|ver) {_ALL_ES}(?: (?:que tienes|que hay|que conoces|disponibles))?"),
    ("documents", "es",
        rf"(?:dime|muestrame|ensename) (?:que|cuales|cuantos) {_NOUN_ES} (?:tienes|hay|conoces)|(?:la "
        rf"|una )?lista de {_NOUN_ES}"),
    ("documents", "en",
        rf"(?:so )?(?:which|what|how many) (?:of the )?{_NOUN_EN} (?:do you have|have you(?: got| read)?"
        r"|are (?:there|here|available|indexed|in here|loaded)|do you know|can you (?:read|see)|is there"
        r"|you have|you got)(?: (?:here|there|access to|in total|available))*"),
    ("documents", "en",
        r"(?:list|show(?: me)?|give me|name|enumerate|tell me|what are|which are) (?:a list of"
        rf" )?{_ALL_EN}(?: (?:you have|that you have|available))?"),
    ("documents", "en", rf"(?:list|show(?: me)?) (?:all )?{_NOUN_EN}|(?:a |the )?list of {_NOUN_EN}"),
]  # fmt: skip
_PATTERNS = [(kind, language, re.compile(pattern)) for kind, language, pattern in _QUESTIONS]

# Ways of writing a word in haste.
_SHORTHAND = {
    "q": "que", "k": "que", "ke": "que", "qe": "que", "d": "de", "u": "you", "r": "are", "ur": "your", "wat": "what",
    "wht": "what", "wut": "what", "wot": "what", "cn": "can", "aser": "hacer", "acer": "hacer",
    "kien": "quien", "komo": "como", "cmo": "como", "xfa": "porfa", "tha": "the", "teh": "the",
}  # fmt: skip

_ROWS = ("qwertyuiop", "asdfghjklñ", "asdfghjkl;", "zxcvbnm", "1234567890", "abcdefghijklmnopqrstuvwxyz")
_WALKS = tuple(walk for row in _ROWS for walk in (row, row[::-1]))
_REPEATED = re.compile(r"(\w{1,3}?)\1{2,}\w?")  # "aaaa", "asasas", "blablabla"
_TWICE = re.compile(r"(\w{3,})\1+\w?")  # "asdasd"
_DOUBLE = re.compile(r"([a-z])\1+")
_CONSONANTS = re.compile(rf"[bcdfghjklmnpqrstvwxzñ]{{{_MASHED},}}")


def _squeezed(text: str) -> str:
    """Every letter that is repeated written once: "holaaa" and "hello" become "hola" and "helo"."""
    return _DOUBLE.sub(r"\1", text)


def _table() -> dict[tuple[str, ...], tuple[Kind, str]]:
    table: dict[tuple[str, ...], tuple[Kind, str]] = {}
    for (kind, language), phrases in _PHRASES.items():
        for phrase in phrases.split(","):
            table.setdefault(tuple(_squeezed(phrase).split()), (kind, language))
    return table


_TABLE = _table()
_ASIDE = {_squeezed(word) for word in _COURTESY} | {
    phrase[0] for phrase, (kind, _) in _TABLE.items() if kind in ("greeting", "thanks") and len(phrase) == 1
}


def _forms() -> dict[str, str]:
    """Each word that small talk is made of, by how it looks with its repeated letters written once."""
    phrases = {word for text in _PHRASES.values() for word in re.findall(r"[a-z0-9]+", text)}
    questions = {word for _, _, pattern in _QUESTIONS for word in re.findall(r"[a-z]{2,}", _unfolded(pattern))}
    return {_squeezed(word): word for word in sorted(phrases | questions | _COURTESY, reverse=True)}


def _unfolded(pattern: str) -> str:
    """A pattern with its optional endings written out, so that its words can be read off."""
    return re.sub(r"(\w+)\((?:\?:)?(\w+)\)\?", r"\1 \1\2", re.sub(r"(\w+)(\w)\?", r"\1 \1\2", pattern))


_FORMS = _forms()
_WORDS = frozenset(_FORMS.values())
# Letters in any order, after the first: how words look whose letters were exchanged in haste.
_JUMBLED = {(word[0], "".join(sorted(word))): word for word in sorted(_WORDS) if len(word) > 2}
_BY_INITIAL: dict[str, list[str]] = {}
for _word in sorted(_WORDS):
    _BY_INITIAL.setdefault(_word[0], []).append(_word)
# What a message mostly is when it holds several kinds: "hello, thanks" is thanks, "hi, help" asks for help.
_ORDER: tuple[Kind, ...] = (
    *("documents", "subject", "abilities", "thanks", "test", "farewell", "greeting", "assent", "nonsense"),
)


def small_talk(message: str, known: Known = lambda _: False) -> SmallTalk | None:
    """What kind of small talk a message is; None for a question, and for whatever else may be about the articles.

    `known` says whether the corpus has a word; such a word is never taken for nonsense.
    """
    words = _words(message)
    if not words:
        # A short message of nothing but symbols, such as an emoji, is taken for a greeting.
        return None if len(message) > LONGEST or re.search(r"\w", message) else SmallTalk("greeting", None)
    if sum(_squeezed(word) not in _FORMS for word in words) <= _MISSPELLED:
        spelled = [_spelled(word) for word in words]
        found = _phrases([_squeezed(word) for word in spelled])
        if found:
            return min(found, key=lambda talk: _ORDER.index(talk.kind))
        question = _question(spelled)
        if question:
            return question
    nonsense = len(words) <= 3 and all(_is_nonsense(word) and not known(word) for word in words)
    return SmallTalk("nonsense", None) if nonsense else None


def _words(message: str) -> list[str]:
    """The words, in lower case and without accents; none for a message that is too long to be small talk."""
    if len(message) > LONGEST:
        return []
    words = re.findall(r"[^\W_]+", re.sub(r"['’`´]", "", plain(message)))
    return [] if len(words) > MOST_WORDS else [_SHORTHAND.get(word, word) for word in words]


def _spelled(word: str) -> str:
    """The word that is meant, where it is misspelled and there is little doubt."""
    if word in _WORDS:
        return word
    found = _FORMS.get(_squeezed(word)) or _JUMBLED.get((word[0], "".join(sorted(word))))
    if found is None and len(word) >= _FORGIVEN:
        found = next(iter(get_close_matches(word, _BY_INITIAL.get(word[0], []), 1, _ALIKE)), None)
    return found or word


def _phrases(words: list[str]) -> list[SmallTalk]:
    """The phrases that a message is made of, courtesy left out; none when anything else is in it."""
    found, at = [], 0
    while at < len(words):
        for size in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = _TABLE.get(tuple(words[at : at + size]))
            if phrase:
                found.append(SmallTalk(*phrase))
                at += size
                break
        else:
            if words[at] not in _ASIDE:
                return []
            at += 1
    return found


def _question(words: list[str]) -> SmallTalk | None:
    """A question about the service or its folder, with greetings and courtesy around it left out."""
    for begin, word in enumerate(words):
        text = " ".join(words[begin:])
        for kind, language, pattern in _PATTERNS:
            match = pattern.match(text)
            if match and _whole(text, match) and all(_squeezed(rest) in _ASIDE for rest in text[match.end() :].split()):
                return SmallTalk(kind, language)
        if _squeezed(word) not in _ASIDE:
            return None
    return None


def _whole(text: str, match: re.Match[str]) -> bool:
    """Whether a match ends at the end of a word."""
    return match.end() == len(text) or text[match.end()] == " "


def _is_nonsense(word: str) -> bool:
    """Whether a word looks like keys struck at random."""
    letters = word.lower()
    if letters.isdigit():
        return len(letters) >= 3 and (any(letters in walk for walk in _WALKS) or len(set(letters)) == 1)
    if len(letters) == 1:
        return letters.isalpha()
    if len(letters) >= 3 and any(letters in walk for walk in _WALKS):
        return True
    if len(letters) >= 4 and (_REPEATED.fullmatch(letters) or _TWICE.fullmatch(letters)):
        return True
    return bool(_CONSONANTS.search(letters)) and sum(c in "aeiouy" for c in letters) < 0.2 * len(letters)
