"""What a model writes, token by token: words, and the markers that say which sentence they rest on.

Models write `[1]`, `[1, 3]`, `[1][2]`, `[1-3]`, `【1】`, `[^1]` or imitate `[file.txt:8]`, in chunks that end anywhere.
All of it becomes `Cited`; ids that were never given are dropped and counted. What could reach out from a page that
shows the text (links, images, tags, addresses) is taken out, and so is a model's thinking aloud.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OPEN, _CLOSE = "[【［", "]】］"
_OPENS = "".join(re.escape(mark) for mark in _OPEN)
_MAX_MARKER = 300  # a bracket that is open longer is a bracket
_MAX_TAG = 600
_WIDEST_RANGE = 50
_LABEL = r"(?:[\^#]|[A-Za-zÀ-ÿº.]{1,10}\s?)?"
_IDS = re.compile(rf"{_LABEL}\s*\d{{1,6}}(?:\s*(?:[,;&–—-]|y|e|and|to|a)\s*{_LABEL}\d{{1,6}})*\s*(?:†.*)?", re.I)
_RANGE = re.compile(r"(\d{1,6})\s*(?:[–—-]|to|a)\s*(\d{1,6})|(\d{1,6})", re.I)
_PLACE = re.compile(r".+\.\w{1,5}:\d+(?:-\d+)?", re.S)
# An address is one even without its scheme, which may have been torn off it: ht[1]tp://…
_SPECIAL = re.compile(rf"!?[{_OPENS}]|<|(?:https?:|ftp:)?//|www\.", re.I)
_TAIL = re.compile(r"(?:!|h|ht|htt|https?:?|f|ft|ftp:?|(?:https?:|ftp:)?/|w|ww|www)$", re.I)
_THINK = re.compile(r"<(think|thinking|reasoning)>", re.I)
_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_ADDRESS = re.compile(r"[^\s<>\"'»”)\]]+")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BROKEN = re.compile("[\ud800-\udfff]")
LEFT_OUT = "…"  # stands where an address stood


@dataclass(frozen=True)
class Cited:
    """A marker: the ids that it names and that were given, in order. Empty when none of them was."""

    ids: tuple[int, ...]


Token = str | Cited


class MarkerParser:
    """Takes a text in pieces and gives it back as words and markers. `dropped` counts ids that were never given."""

    def __init__(self, known: int, places: Mapping[str, int] | None = None) -> None:
        """`known`: ids 1 to `known` exist. `places`: the id behind a marker in our own form, `[file:line]`."""
        self._known, self._places = known, places or {}
        self._rest = ""
        self.dropped = 0

    def feed(self, chunk: str) -> list[Token]:
        """The tokens that are certain after this chunk; the rest waits for the next one."""
        self._rest += _BROKEN.sub("\ufffd", _UNPRINTABLE.sub("", chunk))
        return [token for token in self._tokens(final=False) if token != ""]

    def close(self) -> list[Token]:
        """The tokens that are left when nothing more comes."""
        return [token for token in self._tokens(final=True) if token != ""]

    def _tokens(self, final: bool) -> Iterator[Token]:
        while special := _SPECIAL.search(self._rest):
            yield self._rest[: special.start()]
            self._rest = self._rest[special.start() :]
            read = self._special(self._rest, final)
            if read is None:
                return
            length, token = read
            self._rest = self._rest[length:]
            yield token
        tail = None if final else _TAIL.search(self._rest)
        cut = tail.start() if tail else len(self._rest)
        yield self._rest[:cut]
        self._rest = self._rest[cut:]

    def _special(self, text: str, final: bool) -> tuple[int, Token] | None:
        """(characters read, token) of what begins here; None when more has to come first."""
        if text[0] == "<":
            return self._tag(text, final)
        if text[0] in "!" + _OPEN:
            return self._bracket(text, final)
        address = _ADDRESS.match(text)
        length = address.end() if address else 1
        return (length, LEFT_OUT) if final or length < len(text) else None

    def _tag(self, text: str, final: bool) -> tuple[int, Token] | None:
        if think := _THINK.match(text):
            end = text.lower().find(f"</{think[1].lower()}>")
            if end >= 0:
                return end + len(think[0]) + 1, Cited(())
            return (len(text), "") if final else None
        if tag := _TAG.match(text):
            return tag.end(), Cited(())  # what stood around it must not grow together into something new
        open_ = len(text) < 2 or (re.match(r"<[A-Za-z/!?]", text) and ">" not in text and "<" not in text[1:])
        return None if open_ and not final and len(text) < _MAX_TAG else (1, "<")

    def _bracket(self, text: str, final: bool) -> tuple[int, Token] | None:
        first = 1 if text[0] == "!" else 0
        end = next((i for i in range(first + 1, min(len(text), _MAX_MARKER)) if text[i] in _OPEN + _CLOSE), -1)
        if end < 0:
            return None if not final and len(text) < _MAX_MARKER else (first + 1, text[: first + 1])
        if text[end] in _OPEN:  # a bracket inside a bracket: only the inner one can be a marker
            return end, text[:end]
        inner = text[first + 1 : end].strip()
        if _IDS.fullmatch(inner):
            return end + 1, self._cited(inner)
        if _PLACE.fullmatch(inner):
            return end + 1, self._placed(inner)
        if end + 1 == len(text) and not final:
            return None  # a link's target may follow
        if text[end + 1 : end + 2] != "(":
            return end + 1, text[first : end + 1]
        closing = text.find(")", end, end + _MAX_TAG)
        if closing < 0 and not final and len(text) < end + _MAX_TAG:
            return None
        return (closing if closing >= 0 else min(len(text), end + _MAX_TAG) - 1) + 1, inner

    def _cited(self, inner: str) -> Cited:
        ids: list[int] = []
        for low, high, single in _RANGE.findall(inner.split("†")[0]):
            if single:
                ids.append(int(single))
                continue
            a, b = int(low), int(high)
            ids += range(a, b + 1) if a <= b < a + _WIDEST_RANGE else (a, b)
        unique = list(dict.fromkeys(ids))
        good = tuple(id_ for id_ in unique if 1 <= id_ <= self._known)
        self.dropped += len(unique) - len(good)
        return Cited(good)

    def _placed(self, inner: str) -> Cited:
        if (id_ := self._places.get(inner)) is not None:
            return Cited((id_,))
        self.dropped += 1
        return Cited(())
