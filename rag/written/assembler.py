"""Assembles a written answer while it arrives: words go out at once, and a sentence is closed when its end is certain.

Markers may stand before the full stop, after it, or in the middle of a word. They belong to the sentence in which or
directly after which they stand, and are written after its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.sentences import sentence_bounds
from rag.written.marker_parser import Cited, Token

_STOPS = ".!?…"
_CLOSERS = "\"'»”’)*_"
_MAY_END = re.compile(rf"(?<=[{_STOPS}{_CLOSERS}])(?=\s)|(?=\n)")
# What the sentence splitter sees around a possible end. Abbreviations are decided by the words next to it, and a
# reply of nothing but abbreviations must not be read from its beginning at each of them.
_BEFORE, _AFTER = 100, 60
_CLOSING = re.compile(r"[.,;:!?…)»”]+(?!\w)")


@dataclass(frozen=True)
class Words:
    """Text to append."""

    text: str


@dataclass(frozen=True)
class Closed:
    """The sentence that was written last is complete: its text, and the ids that it cites, in order."""

    text: str
    ids: tuple[int, ...]


Step = Words | Closed


class Draft:
    """Puts tokens together into sentences."""

    def __init__(self, language: str = "es") -> None:
        self._language = language
        self._sentence = ""  # of the sentence that grows: what went out already
        self._held = ""  # … and what has to wait: white space, or words after what may be its end
        self._ids: list[int] = []
        self._gap: str | None = None  # white space before a marker, until it is known what follows …
        self._after = ""  # … and what of that has come
        self._between = ""  # white space between the last sentence and this one
        self.cited = False  # a closed sentence cites something
        self._labels = False  # this text puts its markers before its lines

    def add(self, token: Token) -> list[Step]:
        """What a token brings about."""
        return list(self._mark(token) if isinstance(token, Cited) else self._write(token))

    def close(self) -> list[Step]:
        """What is left, at the end."""
        if self._gap is not None:
            self._held += self._joined(certain=True) or ""
        return [*self._settle(certain=True), *self._finish(self._held)]

    def _write(self, text: str) -> Iterator[Step]:
        if self._gap is not None:
            self._after += text
            joined = self._joined(certain=False)
            if joined is None:
                return
            text = joined
        self._held += text
        yield from self._settle(certain=False)

    def _joined(self, certain: bool) -> str | None:
        """What replaces a marker and the text after it; None while more text is needed to decide."""
        body = self._after.lstrip()
        spaces = (self._gap or "") + self._after[: len(self._after) - len(body)]
        if not certain and (not body or (len(body) < 2 and not body[0].isalnum())):
            return None
        before = (self._sentence + self._held)[-1:]
        torn = not spaces and before.isalnum() and body[:1].isalnum()  # a marker in the middle of a word
        closing = _CLOSING.match(body) and "\n" not in spaces
        self._gap, self._after = None, ""
        return body if torn or closing or not body else (_space(spaces) or " ") + body

    def _mark(self, cited: Cited) -> Iterator[Step]:
        if self._gap is not None and self._after.strip():
            self._held += self._joined(certain=True) or ""
        yield from self._settle(certain=True)
        body = self._held.rstrip()
        spaces = self._held[len(body) :]
        if not (self._sentence + body).strip():
            self._labels = True
        elif self._labels and "\n" in (spaces + (self._gap or "") + self._after):
            yield from self._finish(body)
            self._between, body, spaces = "\n", "", ""
        self._gap = (self._gap or "") + self._after + spaces
        self._after = ""
        self._held = body
        self._ids += [id_ for id_ in cited.ids if id_ not in self._ids]

    def _settle(self, certain: bool) -> Iterator[Step]:
        """Pass on what is final. `certain`: a word after a full stop is complete, though no space follows it yet."""
        if not self._sentence:
            self._held = self._held.lstrip()
        looked = max(0, len(self._sentence) - 8)
        while True:
            whole = self._sentence + self._held
            stop = _next_stop(whole, looked)
            if stop is None:
                yield from self._let_out(len(whole.rstrip()))
                return
            if stop < len(self._sentence):  # looked at before: no sentence ends there
                looked = stop + 1
                continue
            after = whole[stop:].lstrip()
            newline = "\n" in whole[stop : len(whole) - len(after)]
            if not after or not (certain or newline or re.search(r"\s", after)):
                yield from self._let_out(max(len(whole[:stop].rstrip()), len(self._sentence)))
                return
            if newline or self._ends(whole, stop):
                yield from self._finish(whole[len(self._sentence) : stop])
                spaces = whole[stop : len(whole) - len(after)]
                self._between, self._held, looked = _space(spaces), after, 0
            else:
                looked = stop + 1

    def _ends(self, whole: str, stop: int) -> bool:
        """Whether a sentence ends at `stop`, judged by the text before it and the next word."""
        first = max(0, stop - _BEFORE)
        before, after = whole[first:stop], whole[stop : stop + _AFTER].split(maxsplit=1)
        bounds = sentence_bounds(f"{before} {after[0]}" if after else before, self._language)
        return any(end == len(before) for _, end in bounds[:-1])

    def _let_out(self, upto: int) -> Iterator[Step]:
        ready = upto - len(self._sentence)
        if ready <= 0:
            return
        text, self._held = self._held[:ready], self._held[ready:]
        if not self._sentence:
            text = text.lstrip()
            if not text:
                return
            yield Words(self._between + text)
            self._between = ""
        else:
            yield Words(text)
        self._sentence += text

    def _finish(self, rest: str) -> Iterator[Step]:
        """Pass on the rest of the sentence and close it. The caller sets what is held back afterwards."""
        self._held = rest.rstrip()
        yield from self._let_out(len(self._sentence) + len(self._held))
        if self._sentence:
            self.cited |= bool(self._ids)
            yield Closed(self._sentence, tuple(self._ids))
            self._ids = []
        self._sentence, self._held, self._gap, self._after = "", "", None, ""


def _next_stop(text: str, start: int) -> int | None:
    """The first place from `start` on where a sentence may end: before white space after a full stop, or at a line end.

    Quotation marks and brackets may follow the full stop.
    """
    for found in _MAY_END.finditer(text, start):
        at = found.start()
        if text[at] == "\n" or text[max(0, at - _BEFORE) : at].rstrip(_CLOSERS)[-1:] in tuple(_STOPS):
            return at
    return None


def _space(spaces: str) -> str:
    """White space between sentences, put in order: a paragraph, a line or a space; none where there was none."""
    if "\n" in spaces:
        return "\n\n" if spaces.count("\n") > 1 else "\n"
    return " " if spaces else ""
