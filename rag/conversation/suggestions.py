"""Questions that the articles do answer, found in them and tried before they are suggested.

No model writes them: a few forms of sentence ("the spokesman, Matthew Miller, said …", "sent 6,700 containers to
Russia") are turned into the question that they answer. A candidate is suggested only when the engine answers it, and
answers it with the sentence that it was made from, or with one of the same document.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.evidence.boilerplate import ScoresOf, is_boilerplate
from rag.passages import PassageNode
from rag.types import Answer

WANTED = 3
MOST_TRIED = 12  # candidates that the engine is asked for at most …
MOST_SECONDS = 2.0  # … and for so long
_OFTEN = 0.2  # share of a name's occurrences that introduce it, from which it is somebody's
_READ = 1_000  # characters of a sentence

_CAPITAL = r"[A-ZÁÉÍÓÚÑÜ][\w’'-]+"
_NAME = rf"{_CAPITAL}(?: {_CAPITAL}){{1,2}}"
_SAID = (
    r"(?:dijo|afirmó|declaró|informó|señaló|explicó|advirtió|aseguró|sugiere|said|says|told|warned|argued|explained)"
)
_FORMS: list[tuple[str, re.Pattern[str]]] = [
    # "el politólogo y aliado de Putin, Sergei Markov, sugiere", "Yang Moo-jin, profesor de …"
    ("who", re.compile(rf"[a-zñáéíóú]{{3,}}, (?P<name>{_NAME})(?:,|\.|:)")),
    ("who", re.compile(rf"(?P<name>{_NAME}), (?:(?:el|la|un|una|the|an?) )?[a-zñáéíóú]{{4,}}(?: [\w’'-]+){{1,12}}")),
    ("said", re.compile(rf"{_SAID}(?: \w+)? (?P<name>{_NAME})\b|\b(?P<other>{_NAME}),? (?:\w+ )?{_SAID}")),
    ("thing", re.compile(r"^(?P<name>(?:El|La|The) [\w’'-]+(?: [\w’'-]+){0,2}) (?:es|is) (?:una?|an?) ")),
]
_COUNT = re.compile(
    rf"(?P<subject>(?:{_CAPITAL}|del|de|la|los|el)(?: (?:{_CAPITAL}|del|de|la)){{0,3}}) "
    r"(?P<verb>(?:ha |habría |había )?\w{2,}(?:ó|aron|ieron|ado|ido)) "
    r"(?:(?:aproximadamente|alrededor de|cerca de|casi|unos|unas|más de) )?"
    r"\d[\d.,]*(?: (?:mil|millones de))? (?P<noun>[a-zñáéíóú]{3,}s)\b"
    rf"(?P<rest> (?:a|en) {_CAPITAL}(?: (?:del|de) {_CAPITAL})?)?"
)
# People are introduced by a word for what they are: "presidente Vladimir Putin"; places by a preposition or an article.
_INTRODUCED = re.compile(rf"\b(?P<word>[a-zñáéíóú]{{4,}}) (?P<name>{_NAME})")
_NOT_INTRODUCING = frozenset(
    """desde hacia hasta sobre para entre según contra ante bajo tras como pero porque cuando donde mientras unos unas
    estos estas este esta from with into onto over under about after before between against near that this these those
    while when where because than then like""".split()  # noqa: SIM905
)
_WORDS = {
    "es": {"who": "¿Quién es {}?", "said": "¿Qué dijo {}?", "thing": "¿Qué es {}?"},
    "en": {"who": "Who is {}?", "said": "What did {} say?", "thing": "What is {}?"},
}


@dataclass(frozen=True)
class Candidate:
    """A question, its form, and the document that it was found in."""

    question: str
    form: str
    document_id: str


def candidates(passages: Sequence[PassageNode], language: str, scores_of: ScoresOf) -> list[Candidate]:
    """Questions that sentences of the passages seem to answer, the likeliest first, forms and documents mixed."""
    found: dict[str, Candidate] = {}
    weight: Counter[str] = Counter()
    texts = list(_texts(passages, scores_of))
    names = Counter(name for text, _ in texts for name in re.findall(_NAME, text))
    introduced = Counter(
        match["name"]
        for text, _ in texts
        for match in _INTRODUCED.finditer(text)
        if match["word"] not in _NOT_INTRODUCING
    )
    people = {name for name, count in introduced.items() if count >= _OFTEN * names[name]}
    for text, document_id in texts:
        for form, subject in _subjects(text, language):
            if form in ("who", "said") and subject not in people:
                continue
            question = subject if form == "count" else _WORDS[language][form].format(_lowered(subject))
            found.setdefault(question, Candidate(question, form, document_id))
            weight[question] += names[subject] + (3 if form == "count" else 0)
    nouns: set[str] = set()
    for question in sorted(found, key=lambda question: (-weight[question], question)):
        if found[question].form == "count":  # one question about the same things is enough
            noun = question.split()[1]
            if noun in nouns:
                del found[question]
            nouns.add(noun)
    best = sorted(found.values(), key=lambda c: (-weight[c.question], c.question))
    return _mixed(best)


def _texts(passages: Sequence[PassageNode], scores_of: ScoresOf) -> Iterator[tuple[str, str]]:
    for passage in passages:
        data = passage.metadata
        lines = scores_of(data["document_id"], data["file_sha256"])
        for sentence in passage.sentences:
            if not is_boilerplate(lines, sentence.char_start):
                yield " ".join(sentence.text[:_READ].split()), data["document_id"]


def _subjects(text: str, language: str) -> Iterator[tuple[str, str]]:
    for form, pattern in _FORMS:
        for match in pattern.finditer(text):
            yield form, next(name for name in match.groupdict().values() if name)
    if language == "es":
        for match in _COUNT.finditer(text):
            how_many = "Cuántas" if match["noun"].endswith("as") else "Cuántos"
            subject = re.sub(r"^(?:del|de|la|los|el) ", "", match["subject"])
            yield "count", f"¿{how_many} {match['noun']} {match['verb']} {subject}{match['rest'] or ''}?"


def _lowered(subject: str) -> str:
    """A subject inside a question: its article in lower case."""
    return re.sub(r"^(?:El|La|The) ", lambda match: match.group().lower(), subject)


def _mixed(best: Sequence[Candidate]) -> list[Candidate]:
    """The same candidates so that the first ones differ in form and come from different documents."""
    order: list[Candidate] = []
    rest = list(best)
    while rest:
        forms = Counter(c.form for c in order)
        documents = Counter(c.document_id for c in order)
        following = min(rest[:50], key=lambda c: (forms[c.form] + documents[c.document_id], rest.index(c)))
        order.append(following)
        rest.remove(following)
        if len(order) >= 2 * MOST_TRIED:
            break
    return order


@dataclass
class _Search:
    """Where the search for an index generation's suggestions in one language stands."""

    generation: int
    untried: list[Candidate]
    good: list[str]


class Suggestions:
    """Suggested questions of an index generation in a language: found when first needed, then kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._searches: dict[str, _Search] = {}

    def of(
        self, generation: int, language: str, find: Callable[[], list[Candidate]], ask: Callable[[str], Answer]
    ) -> list[str]:
        """At most three questions that the engine answers; fewer when few candidates stand the test.

        When time runs out, the search goes on with the next call.
        """
        with self._lock:  # those who ask at the same time wait for one search rather than doing it again
            search = self._searches.get(language)
            if search is None or search.generation != generation:
                search = self._searches[language] = _Search(generation, find()[:MOST_TRIED], [])
            end = time.monotonic() + MOST_SECONDS
            while search.untried and len(search.good) < WANTED and time.monotonic() < end:
                candidate = search.untried.pop(0)
                answer = ask(candidate.question)
                if answer.status == "answered" and candidate.document_id in {c.document_id for c in answer.citations}:
                    search.good.append(candidate.question)
            return list(search.good)
