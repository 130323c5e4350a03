"""Names of a text, and whether another text has them: forms of one name in Spanish and English are one.

Countries and a few bodies are known in a short table, with their peoples and capitals, because "norcoreano", "North
Korea" and "Pyongyang" have no letter in common. Every other name is a run of capitalised words that is looked for
with accents folded and in near forms; a name that both its translations write otherwise is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile

from rag.dates import ENGLISH_MONTHS, ENGLISH_WEEKDAYS, SPANISH_MONTHS, SPANISH_WEEKDAYS
from rag.support.spelling import Forms, folded, unaccented

# Forms without accents. A capital stands for its country, as in the news; (?-i:…) minds case.
_KNOWN = {
    "North Korea": r"corea del norte|norcorean[oa]s?|north(?:ern)? koreans?|north korea|(?-i:RPDC|DPRK)|pyongyang"
    r"|pionyang|republica popular democratica de corea|democratic people.s republic of korea",
    "South Korea": r"corea del sur|surcorean[oa]s?|south koreans?|south korea|seul|seoul",
    "Russia": r"rusi[ao]s?|rus[ao]s?|russians?|russia|moscu|moscow|kremlin",
    "United States": r"estados unidos|estadounidenses?|(?-i:EE\. ?UU\.?|EEUU|USA?\b|U\.S\.(?:A\.)?)|united states"
    r"|americans?|washington|casa blanca|white house",
    "Ukraine": r"ucrania|ucranian[oa]s?|ukrainians?|ukraine|kiev|kyiv",
    "China": r"china|chin[oa]s?|chinese|pekin|beijing",
    "Japan": r"japon|japones|japonesas?|japoneses|japan|japanese|tokio|tokyo",
    "Vietnam": r"vietnam|vietnamitas?|vietnamese|hanoi",
    "Germany": r"alemania|aleman(?:a|es|as)?|germany|germans?|berlin",
    "France": r"francia|franceses?|francesas?|france|french|paris",
    "Britain": r"reino unido|britanic[oa]s?|inglaterra|(?-i:UK|U\.K\.)|united kingdom|britain|british|london|londres",
    "Spain": r"espana|espanol(?:a|es|as)?|spain|spanish|madrid",
    "South Africa": r"sudafrica|sudafrican[oa]s?|south africans?|south africa",
    "the West": r"occidente|occidental(?:es)?|oeste|west|western",
    "the UN": r"(?-i:ONU)|naciones unidas|(?-i:UN\b|U\.N\.)|united nations|consejo de seguridad|security council",
    "NATO": r"(?-i:OTAN|NATO)",
    "the EU": r"(?-i:UE|EU)|union europea|european union",
    "the OECD": r"(?-i:OCDE|OECD)",
    "the Far East": r"lejano oriente|extremo oriente|far east",
}
_ENTITY = re.compile("|".join(rf"(?P<e{i}>\b(?:{form})(?!\w))" for i, form in enumerate(_KNOWN.values())), re.I)
_LABELS = list(_KNOWN)
# Words that names share with plain speech and that a translation changes: not looked for.
_COMMON_WORDS = """
academy academia affairs asuntos exteriores agency agencia army ejercito asian asiatico assembly asamblea bank banco
central centre center centro channel canal chair catedra chief chiefs jefe jefes city ciudad cold fria coast costa
committee comite communist comunista conference conferencia congress congreso council consejo country pais court
corte day dia defence defense defensa demilitarised demilitarized desmilitarizada democratic democratica department
departamento deputy director directora east eastern este oriental economic economico economica economy economia
embassy embajada federal federation federacion food alimentos foreign forum foro general global government gobierno
governance gobernanza group grupo high house casa institute instituto intelligence inteligencia international
internacional joint kingdom reino leader lider ministers ministros minister ministro ministra ministry ministerio
mr mrs ms sr sra nation naciones national nacional navy north northern norte nuclear office oficina official oficial
organisation organization organizacion pacific peace paz people peoples pueblo plaza square policy politica popular
president presidente presidenta presidency press prensa prime primer professor profesor profesora programme program
programa region republic republica revolution saint san santa school escuela secretary secretario secretaria security
seguridad senior service servicio south southern st sur special especial spokesman spokesperson spokeswoman portavoz
staff state estado estudios studies strategic estrategico street summit cumbre supreme supremo trade comercio treasury
treaty tratado tribunal union university universidad vice war guerra week white blanca workers trabajadores party
partido world mundial year zone zona
"""
# Words that open a sentence without being names.
_OPENING_WORDS = """
a al ante antes apenas aquel aquella aquellos asi asimismo aun aunque bajo cada casi como con contra cual cualquier
cuando de del desde despues dicha dicho donde dos durante e el ella ellas ellos en entonces entre era eran es esa
esas ese eso esos esta estas este esto estos existe existen finalmente fue fueron ha habia hace hacia han hasta hay
hoy incluso la las le les lo los luego mas mediante menos mientras mucho muchos muy nada nadie ni ningun ninguna no
nuestra nuestro nunca o otra otras otro otros para parece pero poco pocos por porque pues que quien quienes salvo se
segun ser si sin sino sobre solo son su sus tal tambien tan tanto te tiene tienen toda todas todo todos tras tu un una
unas uno unos usted y ya yo
about according after again against all also although am among an and another any are as at be because been before
being between both but by can could despite did do does each earlier either even every few finally first five for
four from further had has have he her here his how however i if in indeed instead into is it its last later less
likewise many may meanwhile more moreover most much neither never no nobody none nor not nothing now of on once one
only or other our over part people per rather recently she should similarly since so some soon such ten than that
the their them then there therefore these they this those though three through thus to today two under unlike until
up upon was we were what when where whereas whether which while who whose why will with within without would yes
yesterday yet you your
"""
_DATES = (*SPANISH_MONTHS, *ENGLISH_MONTHS, *SPANISH_WEEKDAYS, *ENGLISH_WEEKDAYS)
_COMMON = frozenset(_COMMON_WORDS.split())
_OPENERS = frozenset(_OPENING_WORDS.split()) | {folded(name) for name in _DATES}
# Endings of what opens a sentence without an article and is no name: adverbs, gerunds, plurals, participles,
# adjectives.
_NO_NAME = re.compile(r"(?:mente|ando|endo|ly|ing|ed|s|cion|ado|ada|ido|ida|[áéó]|ría|rían|al|ic|ive|ous)$")
_OF = re.compile(r" (?:de|del|que|of|to|that)\b")  # "Cerca de", "Part of"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CAPITAL = re.compile(r"[^\W\d_]")
_POSSESSIVE = re.compile(r"['’]s?$")
_DIGITS_AFTER = re.compile(r" (\d+)")
_JOINS = re.compile(r"[ \u00a0]|[-–]|\. ")
MOST_NAMES = 100  # of one text that are compared: a sentence of news has fewer than ten
_TWO_NAMES = 3  # letters from which both sides of a hyphen are names of their own
_OPENING_MARKS = "«“\"‘'([¿¡"
_BEFORE_OPENING = '.:;!?…«»“”"‘([¿¡—–'  # after one of these, a capital may be that of any word


@dataclass(frozen=True)
class Name:
    """A name at its place: [start, end) of the text; a known one's label, or the folded words of another."""

    start: int
    end: int
    label: str
    words: tuple[str, ...]


class Names:
    """The names of one text, in order, and all its words."""

    def __init__(self, text: str) -> None:
        plain = unaccented(text)
        blank = list(plain)
        known = []
        for found in _ENTITY.finditer(plain):
            known.append(Name(found.start(), found.end(), _LABELS[int((found.lastgroup or "e0")[1:])], ()))
            blank[found.start() : found.end()] = "\x00" * (found.end() - found.start())
        others = _runs("".join(blank), text)
        self.text = text
        self.all = sorted([*known, *others], key=lambda name: name.start)
        self._forms = Forms(_WORD.findall(folded(text)))

    def missing(self, others: Sequence[Names]) -> Iterator[str]:
        """The names of this text that none of the others has, as they are written here.

        Names beyond MOST_NAMES count as missing: they are too many to look for.
        """
        for i, name in enumerate(self.all):
            if i >= MOST_NAMES or not any(other.has(name) for other in others):
                yield self.text[name.start : name.end]

    def has(self, name: Name) -> bool:
        """Whether this text has a name: it, all its words in near forms, or a longer or shorter form of it."""
        if name.label:
            return any(mine.label == name.label for mine in self.all)
        if all(self._forms.has_near(word) for word in name.words):
            return True
        forms = Forms(name.words)
        return any(
            not mine.label and all(forms.has_near(word) for word in mine.words) for mine in self.all[:MOST_NAMES]
        )

    def place(self, name: Name) -> int | None:
        """Where a name first stands here, in characters; None when it doesn't as a name."""
        return next((mine.start for mine in self.all if same(mine, name) or same(name, mine)), None)


def same(name: Name, other: Name) -> bool:
    """Whether a name is another or a shorter form of it."""
    if name.label or other.label:
        return name.label == other.label
    forms = Forms(other.words)
    return all(forms.has_near(word) for word in name.words)


def _runs(plain: str, text: str) -> Iterator[Name]:
    """Runs of capitalised words of `plain` (`text` without accents) that may be names; common words left out."""
    run: list[re.Match[str]] = []
    for token in _WORD.finditer(plain):
        joined = bool(run) and bool(_JOINS.fullmatch(plain, run[-1].end(), token.start()))
        if joined and plain[run[-1].end()] in "-–":
            if not _is_capital(token[0]):
                run.append(token)  # Jong-un, G-7
                continue
            joined = min(len(run[-1][0]), len(token[0])) < _TWO_NAMES  # Jong-Un, not Kim-Putin
        if (run and not joined) or not _is_capital(token[0]):
            yield from _tidy(run, plain, text)
            run = []
        if _is_capital(token[0]):
            run.append(token)
    yield from _tidy(run, plain, text)


def _tidy(run: list[re.Match[str]], plain: str, text: str) -> Iterator[Name]:
    if not run:
        return
    opens = _opens(plain, run[0].start())
    words = [(token, _POSSESSIVE.sub("", folded(token[0]))) for token in run]
    alone = opens and len(words) == 1
    words = list(dropwhile(lambda pair: pair[1] in _OPENERS, words))
    kept = [(token, word) for token, word in words if word not in _COMMON]
    if alone and kept and not _may_open(text, run[0].start(), run[0].end()):
        return
    if kept:
        joined = " ".join(word for _, word in kept)
        last = kept[-1][0]
        end = last.start() + len(_POSSESSIVE.sub("", last[0]))
        yield Name(kept[0][0].start(), end, "", tuple(_DIGITS_AFTER.sub(r"\1", joined).split()))


def _opens(text: str, start: int) -> bool:
    """Whether the word at `start` is the first one of a text, a sentence, a quotation or a bracket."""
    for at in range(start - 1, -1, -1):
        if text[at] in _BEFORE_OPENING:
            return True
        if not text[at].isspace() and text[at] not in _OPENING_MARKS:
            return False
    return True


def _may_open(text: str, start: int, end: int) -> bool:
    """Whether a sentence's first word [start, end), which is no known opener, is a name rather than any other word."""
    return not _NO_NAME.search(text[start:end].lower()) and not _OF.match(text, end)


def _is_capital(word: str) -> bool:
    return bool(_CAPITAL.match(word)) and word[0].isupper()
