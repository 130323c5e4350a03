"""Lines of a document that are no part of its text: by-lines, credits, comment forms, teasers, navigation.

They are found by their nature, not by their wording. Each sentence of a document gets signs: whether its line is
short, breaks off, has no full stop, no verb, or little but names; whether it stands at an end of the document, behind
(or before) the last (first) line of prose; how far its vector is from the rest of the document; whether other
documents repeat it. Words that such lines use on many sites are one weak sign among these. No sign is enough by
itself: a heading is short and has no verb, and a caption may hold the only date of a story.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.evidence.rank import Evidence
from rag.passages import PassageNode, Sentence
from rag.support.spelling import plain
from rag.vectors import Vectors

Scores = npt.NDArray[np.float32]
Repeated = Callable[[str], bool]
# (document id, SHA-256) → the score of each of its sentences, by the place where it starts.
ScoresOf = Callable[[str, str], Mapping[int, float]]

BOILERPLATE = 0.5  # a sentence with this score or a higher one is boilerplate
DEPTH = 20  # sentences, the best first, that are checked for a question; the ones behind them are hardly ever cited
# A question may ask for one such line. Then its words are in it, or nothing else is nearly as near to the question.
_ASKED_FOR = 0.5  # share of the question's words
_AHEAD = 0.03  # cosine before the nearest sentence of the text itself
READ = 2_000  # characters of a line that are looked at: boilerplate is shorter

# What each sign adds to the log-odds. Round numbers; the last one is what a line of plain prose starts from.
_REPEATED, _BROKEN, _EDGE, _FAR, _COMPANY = 3.0, 1.5, 1.2, 1.0, 0.8
_UNENDED, _VERBLESS, _NAMES, _WORDS, _SHORT = 0.8, 0.8, 0.6, 0.9, 0.4
_PRIOR = -3.4
_FEW_WORDS = 5
_NAMED = 0.5  # share of capitalised words from which a line counts as names
_FARTHEST = 2.0  # how much of _FAR the distance from the document's centre counts for at most, …
_FARTHEST_INSIDE = 1.0  # … between lines of prose, …
_NEAREST = -1.0  # … and, for a line that says what the document is about, at least
_ENOUGH = 8  # sentences that a document needs for its centre to mean anything

_ENDED = re.compile(r"[.!?:;»”\"')\]]$")
_BROKEN_OFF = re.compile(r"(?:…|\.\.\.)$|(?:…|\.\.\.|\[…\])\s*(?:leer|ver|read|more|mas|continu)", re.I)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Finite verbs, roughly: forms of the commonest ones, endings that only verbs have, and what begins a clause.
_VERB = re.compile(
    r"\b(?:es|son|era|eran|fue|fueron|sera|seran|esta|estan|estaba|estaban|ha|han|hay|habia|habian|habria|habrian|habra"
    r"|tiene|tienen|tenia|tuvo|puede|pueden|podria|podrian|debe|deben|dice|dicen|dijo|hace|hizo|quiere|busca|buscan"
    r"|sigue|siguen|muestra|muestran|parece|existe|existen|que|quien|donde|cuando|porque|si|is|are|was|were|be|has|have"
    r"|had|does|did|will|would|can|could|should|may|might|must|says|said|which|who|that|when|because|if)\b"
    r"|(?<!^)\b\w{3,}(?:aron|ieron|aban|ieran|aran|eran|iran|arian|erian|irian|aba|aria|eria|iria)\b"
)
_VERB_ACCENTED = re.compile(r"\w{2,}(?:ó|ará|erá|irá|aría|ería|iría)\b|\w{3,}ed\b(?! (?:by|por)\b)(?<!^)", re.I)
# A weak sign only: what lines that belong to the page rather than to the text speak of.
_PAGE_WORDS = re.compile(
    r"\b(?:cookies?|newsletter|suscrib\w+|suscrip\w+|subscri\w+|boletin|comentarios?|comments?|respuesta|reply|compart\w+"
    r"|share|siguenos|follow us|correo electronico|e-?mail|publicad[oa]|editado|editor|editora|editing|edited|redaccion"
    r"|copyright|derechos reservados|rights reserved|leer mas|read more|ver mas|te puede interesar|relacionad[oa]s"
    r"|related|click|clic|haz clic|inicia sesion|log ?in|sign (?:up|in)|privacidad|privacy|terminos|terms|publicidad"
    r"|advertisement|getty|reportajes? adicional\w*|informacion adicional|additional reporting|reporting by|contributed"
    r"|actualizad[oa]|actualizacion\w*|updated|posted|fotografia|foto|photo|archivo|file|imagen|image|menu|skip to"
    r"|anterior|siguiente|previous|next|etiquetas|tags|categor\w+)\b"
)


def is_boilerplate(scores: Mapping[int, float], start: int) -> bool:
    """Whether a document's scores say so of its sentence that starts there."""
    return scores.get(start, 0.0) >= BOILERPLATE


def without_boilerplate(evidence: Sequence[Evidence], scores_of: ScoresOf) -> list[Evidence]:
    """The evidence, best first, without the boilerplate among it that the question doesn't ask for by its words."""
    signs: dict[str, set[int]] = {}
    kept, lines = [], []
    for e in evidence[:DEPTH]:
        if e.passage.node_id not in signs:
            signs[e.passage.node_id] = _suspects(e.passage)
        data, start = e.passage.metadata, e.sentence.char_start
        if start in signs[e.passage.node_id] and (
            is_boilerplate(scores_of(data["document_id"], data["file_sha256"]), start)
        ):
            lines.append(e)
        else:
            kept.append(e)
    if not lines:
        return list(evidence)
    nearest = max((e.cosine for e in kept), default=0.0)
    asked_for = next((e for e in lines if e.shared >= _ASKED_FOR or e.cosine >= nearest + _AHEAD), None)
    dropped = {id(e) for e in lines if e is not asked_for}
    return [e for e in evidence if id(e) not in dropped]


def _suspects(passage: PassageNode) -> set[int]:
    """Where the sentences start that have any sign of boilerplate in their words; only these can be boilerplate."""
    starts = set()
    for line in _lines(passage.sentences):
        of_line = bool(_BROKEN_OFF.search(line.text))
        for sentence in passage.sentences[line.first : line.last]:
            if of_line or _of_sentence(sentence.text[:READ]):
                starts.add(sentence.char_start)
    return starts


@dataclass(frozen=True)
class _Line:
    """Consecutive sentences that share a line, or a hard-wrapped run of lines."""

    first: int
    last: int  # exclusive
    text: str


def boilerplate(
    sentences: Sequence[Sentence], vectors: Vectors | None = None, repeated: Repeated = lambda _: False
) -> Scores:
    """How surely each sentence of a document is boilerplate, 0 to 1; `sentences` are all of them, in order.

    `vectors`: their unit vectors, if there are any. `repeated` says whether other documents have a line too.
    """
    lines = list(_lines(sentences))
    far = _far(vectors, len(sentences))
    blocks = _blocks([_prose(line.text) for line in lines])
    odds = np.full(len(sentences), _PRIOR, np.float32)
    for line, block in zip(lines, blocks, strict=True):
        shared = _REPEATED * repeated(line.text) + _BROKEN * bool(_BROKEN_OFF.search(line.text)) + _EDGE * bool(block)
        for i in range(line.first, line.last):
            own = _of_sentence(sentences[i].text[:READ])
            if own or shared > _EDGE:  # a whole sentence without any sign in its words is text, wherever it stands
                odds[i] += shared + own + _FAR * min(float(far[i]), _FARTHEST if block else _FARTHEST_INSIDE)
    _keep_company(odds, lines, blocks)
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def _keep_company(odds: Scores, lines: Sequence[_Line], blocks: Sequence[int]) -> None:
    """Raise the odds of lines at an end of the document where other lines at that end are surely boilerplate."""
    for block in set(blocks) - {0}:
        members = [line for line, other in zip(lines, blocks, strict=True) if other == block]
        sure = [line for line in members if odds[line.first : line.last].max() > 0]
        for line in members:
            if any(other is not line for other in sure):
                odds[line.first : line.last] += _COMPANY


def _lines(sentences: Sequence[Sentence]) -> list[_Line]:
    lines: list[_Line] = []
    first = 0
    for i, sentence in enumerate(sentences):
        following = sentences[i + 1] if i + 1 < len(sentences) else None
        if following is None or following.line_start > sentence.line_end:
            text = " ".join(s.text for s in sentences[max(first, i - 20) : i + 1])
            lines.append(_Line(first, i + 1, text[-READ:].strip()))
            first = i + 1
    return lines


def _of_sentence(text: str) -> float:
    words = _WORD.findall(text)
    folded = _folded(text)
    return (
        _UNENDED * (not _ENDED.search(text))
        + _VERBLESS * _verbless(text, folded)
        + _NAMES * (len(words) > 1 and sum(word[0].isupper() for word in words) >= _NAMED * len(words))
        + _WORDS * bool(_PAGE_WORDS.search(folded))
        + _SHORT * (len(words) < _FEW_WORDS)
    )


def _verbless(text: str, folded: str) -> bool:
    return not _VERB.search(folded) and not _VERB_ACCENTED.search(text)


def _prose(text: str) -> bool:
    """Whether a line reads like a whole sentence of the text."""
    ended = bool(_ENDED.search(text)) and not _BROKEN_OFF.search(text)
    return ended and len(_WORD.findall(text)) >= 2 * _FEW_WORDS and not _verbless(text, _folded(text))


def _blocks(prose: Sequence[bool]) -> list[int]:
    """For each line: 1 before the first line of prose, 2 behind the last, else 0."""
    places = [i for i, is_prose in enumerate(prose) if is_prose]
    if not places:
        return [0] * len(prose)
    return [1 if i < places[0] else 2 if i > places[-1] else 0 for i in range(len(prose))]


def _far(vectors: Vectors | None, count: int) -> Scores:
    """How much farther than usual each sentence is from the document's centre; 0 where that isn't known."""
    if vectors is None or len(vectors) != count or count < _ENOUGH:
        return np.zeros(count, np.float32)
    nearness = vectors @ np.median(vectors, axis=0)
    middle = np.median(nearness)
    spread = 1.4826 * np.median(np.abs(nearness - middle)) or 1.0
    # Half of all sentences are within 0.67 spreads; what is 1 spread away is nothing unusual.
    score = (middle - nearness) / spread
    return np.asarray(np.where(score > 0, np.maximum(score - 1, 0), np.maximum(score, _NEAREST)), np.float32)


def _folded(text: str) -> str:
    """Lower case, without accents and without signs beyond ASCII."""
    return plain(text).encode("ascii", "ignore").decode()
