"""Words that say what kind of value stands in a text: currencies, units of time, shares, times, people.

All words are folded (lower case, no accents), Spanish and English side by side. Month, weekday and number words are
those of `rag.support.numbers`.
"""

from __future__ import annotations

import re


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def _all(text: str, value: str) -> dict[str, str]:
    return dict.fromkeys(text.split(), value)


CURRENCY_SIGNS = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₽": "ruble", "₩": "won", "₹": "rupee"}
CURRENCIES = {
    **_all("dolar dolares dollar dollars usd", "dollar"),
    **_all("euro euros eur", "euro"),
    **_all("libra libras pound pounds gbp", "pound"),
    **_all("rublo rublos ruble rubles rouble roubles rub", "ruble"),
    **_all("yen yenes jpy", "yen"),
    **_all("yuan yuanes yuans cny", "yuan"),
    **_all("won wones krw", "won"),
    **_all("peso pesos mxn", "peso"),
    **_all("franco francos franc francs chf", "franc"),
    **_all("rupia rupias rupee rupees inr", "rupee"),
    **_all("peseta pesetas", "peseta"),
    **_all("centavo centavos centimo centimos cent cents", "cent"),
    **_all("penique peniques penny pence", "penny"),
    **_all("corona coronas krona kronor krone kroner", "crown"),
    **_all("marco marcos mark marks", "mark"),
    **_all("chelin chelines shilling shillings", "shilling"),
}
# Words that answer a question about money without naming a currency.
PRICELESS = words("gratis gratuito gratuita gratuitos gratuitas gratuitamente free")

TIME_UNITS = {
    **_all("segundo segundos second seconds", "second"),
    **_all("minuto minutos minute minutes", "minute"),
    **_all("hora horas hour hours", "hour"),
    **_all("dia dias day days", "day"),
    **_all("noche noches night nights", "night"),
    **_all("semana semanas week weeks fortnight quincena", "week"),
    **_all("mes meses month months", "month"),
    **_all("trimestre trimestres quarter quarters", "quarter"),
    **_all("ano anos year years", "year"),
    **_all("decada decadas decade decades decenio decenios", "decade"),
    **_all("siglo siglos century centuries", "century"),
    **_all("milenio milenios millennium millennia", "millennium"),
}
SHARE_WORDS = words(
    "mitad half tercio tercios tercera third thirds cuarto cuartos cuarta quarter quarters quinto quinta fifth fifths"
    " mayoria majority minoria minority todo toda todos todas all none ninguno ninguna parte part most"
)
PERCENT = re.compile(r"%|\b(?:por ciento|por cien|per ?cent|percent|porcentaje|percentage|porcentual(?:es)?|pct)\b")
# Numbers that are no figures: they may answer "how many", without saying a number.
VAGUE_NUMBERS = words(
    "uno una un one cero zero ningun ninguno ninguna none no nadie nobody solo sola unico unica single only par pareja"
    " pair couple docena docenas dozen dozens decena decenas centenar centenares cientos hundreds miles thousands"
    " millares millar million millions millon millones billones billions varios varias several muchos muchas many"
    " pocos pocas few algunos algunas some todos todas all doble double triple triples dos mil ambos ambas both menos"
    " mas more less fewer most mayoria majority cuarteto trio quartet dual solitario nulo nula twice once"
)
# Answers to "how much" that measure nothing.
VAGUE_AMOUNTS = words(
    "poco poca mucho mucha gran grande grandes alto alta altos altas bajo baja bajos bajas bien mal bastante limitado"
    " limitada limitados limitadas toda todo little much high low large great small limited enough significant bit lot"
    " lots entire whole completely nada nothing insuficiente suficiente"
)
# Words that tell a time without naming a date; "after the war" may answer "when".
TIME_WORDS = words(
    "antiguedad comienzo ayer hoy manana anoche ahora actualmente hace tras despues antes durante desde hasta cuando"
    " mientras luego pronto entonces ya principios"
    " finales mediados comienzos inicio fines final primavera verano otono invierno"
    " temprano tarde noche mediodia medianoche madrugada siempre nunca recientemente anteriormente posteriormente"
    " anterior siguiente pasado pasada proximo"
    " proxima ultimo ultima ultimos ultimas previo simultaneamente epoca era edad"
    " periodo temporada guerra eones milenios reinado mandato navidad pascua semestre fin vez momento"
    " yesterday today tomorrow tonight now currently ago after before during since until till when while soon then"
    " beginning end early late spring summer autumn fall winter evening morning afternoon noon midnight always never"
    " recently previously later earlier last next previous following period war reign christmas easter once time"
    " fecha dates date contemporary prehistoric medieval moderna modern renacimiento"
)
_PERSON_ENDINGS = (
    r"(?:ist|er|ant|ent|ian|sman|swoman|men|ists|ers|ants|ents|ians|or|ors|ista|istas|dor|dora|dores|doras|tor|tora"
    r"|tores|ario|aria|arios|arias|ero|era|eros|eras|ano|ana|anos|anas|ente|entes|ico|ica|icos|icas|ogo|oga|ogos"
    r"|ido|idos|ado|ados|eses|ense|enses|on|ones|ino|inos|ivo|ivos|s)"
)
# A word that may stand for a person or a group of people: "who" is often answered by "a baker", "los científicos".
MAYBE_PERSON = re.compile(
    rf"\b[^\W\d_]{{3,30}}{_PERSON_ENDINGS}\b|\b(?:jefe|rey|reina|hijo|hija|padre|madre|king|wife)\b"
)
CAUSE = re.compile(
    r"\b(?:porque|debido|causa|motivo|razon|por|para|ya que|puesto que|dado que|gracias a|a fin de|con el fin|objetivo"
    r"|because|due to|since|owing|in order|so that|reason|thanks to|purpose|to)\b"
)
# Words that carry no subject: what two sentences have in common in them says nothing.
FUNCTION_WORDS = words(
    "a al ante antes aquel aquella asi aun aunque bajo cada como con contra cual cuales cualquier cuando cuanta cuantas"
    " cuanto cuantos de del desde donde durante e el ella ellas ellos en entre era eran es esa esas ese eso esos esta"
    " estan estas este esto estos fue fueron ha habia haber habria habrian han hasta hay la las le les lo los mas me"
    " mediante mi mientras muy nada ni no nos o otra otro otros otras para pero poco por porque pues que quien quienes"
    " se segun ser si sido sin sino sobre solo son su sus tal tambien tan tanto te tiene tienen toda todas todo todos"
    " tras tu un una unas uno unos y ya yo about after again against all also although am an and any are as at be"
    " because been before being between both but by can could did do does during each either for from had has have he"
    " her here his how if in into is it its just many may more most much no nor not of on one only or other our out"
    " over own per she should since so some such than that the their them then there these they this those through to"
    " under until up was we were what when where which while who whom whose why will with within without would you"
    " your"
)
