"""Questions that a paragraph does not answer, made from ones that it does, or that another one does."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from eval.reader.data import Paragraph, Question

_NUMBER = re.compile(r"\b\d[\d.,]*\d\b|\b\d\b")
_UPPER = "A-ZÁÉÍÓÚÜÑÀÈÌÒÙÂÊÔÃÕÇ"
# Names inside a sentence: capitalised words, joined by the particles of the four languages.
_NAME = re.compile(rf"(?<=[\w,;:] )[{_UPPER}][\w'’-]+(?: (?:(?:de|del|of|di|da|do|la|the) )?[{_UPPER}][\w'’-]+){{0,3}}")


def swapped(paragraphs: Sequence[Paragraph], random_: random.Random) -> Iterator[tuple[int, Question]]:
    """(number of the paragraph, question): names and numbers of its questions exchanged for others of the article."""
    names = _names(paragraphs)
    for number, paragraph in enumerate(paragraphs):
        numbers = _NUMBER.findall(paragraph.text)
        for question in paragraph.questions:
            if not question.spans:
                continue
            found = [(m, names[paragraph.article, question.language]) for m in _NAME.finditer(question.text)]
            found += [(m, numbers or ["12", "1848", "300"]) for m in _NUMBER.finditer(question.text)]
            if not found:
                continue
            match, others = random_.choice(found)
            others = [other for other in others if other != match[0]]
            if others:
                text = question.text[: match.start()] + random_.choice(others) + question.text[match.end() :]
                yield number, Question(text, question.language)


def transplanted(paragraphs: Sequence[Paragraph], random_: random.Random) -> Iterator[tuple[int, Question]]:
    """(number of the paragraph, question): one that was asked of another article, about a name of this paragraph."""
    frames: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for paragraph in paragraphs:
        for question in paragraph.questions:
            names = list(_NAME.finditer(question.text))
            if question.spans and len(names) == 1:
                m = names[0]
                frames[question.language].append(
                    (paragraph.article, question.text[: m.start()], question.text[m.end() :])
                )
    for number, paragraph in enumerate(paragraphs):
        names_here = list({m[0] for m in _NAME.finditer(paragraph.text)})
        languages = [q.language for q in paragraph.questions if q.spans]
        for language in languages:
            if not names_here or random_.random() > 0.6:
                continue
            article, before, after = random_.choice(frames[language])
            if article != paragraph.article:
                yield number, Question(before + random_.choice(names_here) + after, language)


def _names(paragraphs: Sequence[Paragraph]) -> dict[tuple[str, str], list[str]]:
    """The names in an article's questions and paragraphs, by article and language; frequent ones stand more often."""
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for paragraph in paragraphs:
        names[paragraph.article, paragraph.language] += [m[0] for m in _NAME.finditer(paragraph.text)]
        for question in paragraph.questions:
            names[paragraph.article, question.language] += [m[0] for m in _NAME.finditer(question.text)]
    return names
