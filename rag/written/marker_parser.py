"""Reads what a model writes, token by token: words, and the markers that say which sentences the words rest on.

Models write `[1]`, `[1, 3]`, `[1][2]`, `[1-3]`, `【1】`, `[^1]` or imitate `[file.txt:8]`, in chunks that end anywhere.
All of these become `Cited`; ids that the model was never given are dropped and counted. Whatever could load or link
to something on a page that shows the text (links, images, tags, addresses) is removed, and so is a model's reasoning.

A reply is hostile text, so nothing waits for an end without a limit and each character is read a bounded number of
times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OPEN, _CLOSE = "[【［", "]】］"
_OPENS = "".join(re.escape(mark) for mark in _OPEN)
_MAX_MARKER = 300  # a bracket that stays open for longer is just a bracket
_MAX_TAG = 600
_WIDEST_RANGE = 50
_LABEL = r"(?:[\^#]|[A-Za-zÀ-ÿº.]{1,10}\s?)?"
# The atomic group keeps this linear: "and" could also be read as the separator "a" and the label "nd", and trying
# both for each id would double the time with every id.
_IDS = re.compile(rf"{_LABEL}\s*\d{{1,6}}(?>\s*(?:[,;&–—-]|y|e|and|to|a)\s*{_LABEL}\d{{1,6}})*\s*(?:†.*)?", re.I)
_RANGE = re.compile(r"(\d{1,6})\s*(?:[–—-]|to|a)\s*(\d{1,6})|(\d{1,6})", re.I)
_PLACE = re.compile(r".+\.\w{1,5}:\d+(?:-\d+)?", re.S)
# An address counts as one even without its scheme, which a marker may have torn off: ht[1]tp://…
_SPECIAL = re.compile(rf"!?[{_OPENS}]|\]\(|<|(?:https?:|ftp:)?//|www\.", re.I)
_TAIL = re.compile(r"(?:!|\]|h|ht|htt|https?:?|f|ft|ftp:?|(?:https?:|ftp:)?/|w|ww|www)$", re.I)
_LONGEST_TAIL = 8
_THINK = re.compile(r"<(think|thinking|reasoning)>", re.I)
_LONGEST_END = len("</reasoning>")
_TAG = re.compile(rf"<[A-Za-z/!?][^<>]{{0,{_MAX_TAG - 3}}}>")
_TAG_START = re.compile(r"<[A-Za-z/!?]")
_ADDRESS = re.compile(r"[^\s<>\"'»”)\]]+")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
LEFT_OUT = "…"  # written where an address was removed


@dataclass(frozen=True)
class Cited:
    """A marker: the ids in it that the model was given, in order. It is empty when there are none."""

    ids: tuple[int, ...]


Token = str | Cited


class MarkerParser:
    """Takes a text in pieces and returns its words and markers. `dropped` counts ids that the model was never given."""

    def __init__(self, known: int, places: Mapping[str, int] | None = None) -> None:
        """The ids 1 to `known` exist. `places` maps markers in Renglón's own form, `file:line`, to ids."""
        self._known, self._places = known, places or {}
        self._rest = ""
        self._reasoning: re.Pattern[str] | None = None  # the end of the reasoning that is being skipped
        self._in_address = False
        self.dropped = 0

    def feed(self, chunk: str) -> list[Token]:
        """The tokens that are certain after this chunk. The rest waits for the next one."""
        self._rest += _HALF_PAIR.sub("\ufffd", _UNPRINTABLE.sub("", chunk))
        return [token for token in self._tokens(final=False) if token != ""]

    def close(self) -> list[Token]:
        """The remaining tokens, when no more text comes."""
        return [token for token in self._tokens(final=True) if token != ""]

    def _tokens(self, final: bool) -> Iterator[Token]:
        text, at = self._rest, 0
        while True:
            at, token = self._skipped(text, at)
            yield token
            special = None if self._skipping else _SPECIAL.search(text, at)
            if special is None:
                break
            yield text[at : special.start()]
            at = special.start()
            read = self._special(text, at, final)
            if read is None:
                self._rest = text[at:]
                return
            length, token = read
            at += length
            yield token
        waiting = 0 if final else self._waiting(text, at)
        yield "" if self._skipping else text[at : len(text) - waiting]
        self._rest = text[len(text) - waiting :]

    @property
    def _skipping(self) -> bool:
        return self._reasoning is not None or self._in_address

    def _skipped(self, text: str, at: int) -> tuple[int, Token]:
        """Where the reasoning or the address that began before `at` ends, and the token that stands for it."""
        if self._reasoning is not None:
            end = self._reasoning.search(text, at)
            if end is None:
                return at, ""
            self._reasoning = None
            return end.end(), Cited(())
        if self._in_address:
            address = _ADDRESS.match(text, at)
            at = address.end() if address else at
            self._in_address = at == len(text)
        return at, ""

    def _waiting(self, text: str, at: int) -> int:
        """How many characters at the end may be the beginning of something that the next chunk continues."""
        if self._in_address:
            return 0
        if self._reasoning is not None:
            return min(_LONGEST_END, len(text) - at)
        tail = _TAIL.search(text, max(at, len(text) - _LONGEST_TAIL))
        return len(text) - tail.start() if tail else 0

    def _special(self, text: str, at: int, final: bool) -> tuple[int, Token] | None:
        """(characters read, token) of what begins at `at`; None when that depends on what follows."""
        if text[at] == "<":
            return self._tag(text, at, final)
        if text[at] in "!" + _OPEN:
            return self._bracket(text[at : at + _MAX_MARKER + _MAX_TAG + 1], final)
        if text[at] == "]":
            return 2, "] ("  # the end of a link whose beginning was taken for something else
        self._in_address = True
        return 0, LEFT_OUT

    def _tag(self, text: str, at: int, final: bool) -> tuple[int, Token] | None:
        if think := _THINK.match(text, at):
            self._reasoning = re.compile(f"</{think[1]}>", re.I)
            return len(think[0]), ""
        if tag := _TAG.match(text, at):
            return tag.end() - at, Cited(())  # the words around it must not join to form something new
        if not _TAG_START.match(text, at):
            return None if len(text) == at + 1 and not final else (1, "<")
        body = text[at + 1 : at + _MAX_TAG]
        if not final and len(body) < _MAX_TAG - 1 and "<" not in body:
            return None
        return 1, "< "  # with a space it is no tag, whatever closes it later

    def _bracket(self, text: str, final: bool) -> tuple[int, Token] | None:
        first = 1 if text[0] == "!" else 0
        end = next((i for i in range(first + 1, min(len(text), _MAX_MARKER)) if text[i] in _OPEN + _CLOSE), -1)
        if end < 0:
            return None if not final and len(text) < _MAX_MARKER else (first + 1, text[: first + 1])
        if text[end] in _OPEN:  # a bracket inside a bracket: only the inner one can be a marker
            return first + 1, text[: first + 1]
        inner = text[first + 1 : end].strip()
        if _IDS.fullmatch(inner):
            return end + 1, self._cited(inner)
        if _PLACE.fullmatch(inner):
            return end + 1, self._placed(inner)
        if end + 1 == len(text) and not final:
            return None  # the target of a link may follow
        if text[end + 1 : end + 2] != "(":
            return first + 1, text[first]
        closing = text.find(")", end, end + _MAX_TAG)
        if closing < 0 and not final and len(text) < end + _MAX_TAG:
            return None
        return (closing if closing >= 0 else min(len(text), end + _MAX_TAG) - 1) + 1, _words(inner)

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


def _words(text: str) -> str:
    """The words of a text without brackets."""
    parser = MarkerParser(0)
    return "".join(token for token in parser.feed(text) + parser.close() if isinstance(token, str))
