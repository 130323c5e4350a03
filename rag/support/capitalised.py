"""Words that are written with a capital without being the name of anything, in Spanish and English; no accents."""

from __future__ import annotations

from rag.dates import ENGLISH_MONTHS, ENGLISH_WEEKDAYS, SPANISH_MONTHS, SPANISH_WEEKDAYS
from rag.support.spelling import folded

# Words that names share with plain speech and that a translation changes: not looked for.
_SHARED = """
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
_OPENING = """
a al anoche ante antes apenas aquel aquella aquellos asi asimismo aun aunque ayer bajo cada casi como con contra cual
cualquier cuando de del desde despues dicha dicho donde dos durante e el ella ellas ellos en entonces entre era eran es
esa esas ese eso esos esta estas este esto estos existe existen finalmente fue fueron ha habia hace hacia han hasta
hay hoy incluso la las le les lo los luego mas mediante menos mientras mucho muchos muy nada nadie ni ningun ninguna no
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
COMMON = frozenset(_SHARED.split())
OPENERS = frozenset(_OPENING.split()) | {folded(name) for name in _DATES}
