"""Which characters of a Markdown paragraph are notation: found by watching the parser's own rules at work.

The parser gives no offsets within a paragraph. Each rule is therefore wrapped, and notes from where to where it read.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from index.corpus.reader import Edit

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_KEPT = "renglon"  # where a paragraph's notes are kept while it is parsed
RAW = "raw_inline"  # a paragraph that is taken as it stands
LONGEST = 20_000  # characters of a paragraph whose notation is looked for
MOST_MARKS = 400  # of one kind in a paragraph; a real one has dozens
Rule = Callable[[Any, bool], bool]


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables and strike-through, its inline rules watched."""
    from markdown_it import MarkdownIt

    found = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for rule in found.inline.ruler.__rules__:
        found.inline.ruler.at(rule.name, _watched(rule.name, rule.fn))
    found.inline.ruler2.before("fragments_join", "settle_marks", _settle)
    found.core.ruler.before("inline", "leave_hostile", _leave)
    found.core.ruler.after("inline", "keep_notes", _keep)
    return found


def edits_of(token: Token) -> list[Edit]:
    """The notation of a paragraph, in code points of its `content`."""
    edits: list[Edit] = []
    for name, start, end, extra in token.meta.get(_KEPT, ()):
        edits += _EDITS[name](token.content, start, end, extra)
    return sorted(edits, key=lambda edit: edit.start)


def _watched(name: str, rule: Rule) -> Rule:
    if name not in _EDITS:
        return rule

    def watched(state: Any, silent: bool) -> bool:
        start, before = state.pos, len(state.tokens)
        at = state.src[start] if start < len(state.src) else ""
        label = None
        if not silent and ((name == "link" and at == "[") or (name == "image" and state.src.startswith("![", start))):
            label = state.md.helpers.parseLinkLabel(state, start + (name == "image"), name == "link")
        done = rule(state, silent)
        if done and not silent:
            # The marks of emphasis are tokens, of which it turns out later whether they are notation.
            extra = label if label is not None else _pieces(state.tokens[before:], state.pos - start)
            notes = state.env.setdefault(_KEPT, {}).setdefault(id(state.tokens), (state.tokens, []))[1]
            notes.append((name, start, state.pos, extra))
        return done

    return watched


def _leave(state: Any) -> None:
    """Take paragraphs for plain text on which the inline rules could take quadratic time."""
    for token in state.tokens:
        if token.type == "inline" and (
            len(token.content) > LONGEST or any(token.content.count(mark) > MOST_MARKS for mark in "[`<*_~!&")
        ):
            token.type = RAW


def _keep(state: Any) -> None:
    """Hang each paragraph's notes on its token; those of nested parses (the text of an image) are dropped."""
    notes = state.env.pop(_KEPT, {})
    for token in state.tokens:
        if token.type == "inline" and id(token.children) in notes:
            token.meta[_KEPT] = notes[id(token.children)][1]


def _settle(state: Any) -> None:
    """Before neighbouring texts are joined: which marks opened or closed emphasis is known only now."""
    for name, start, _, extra in state.env.get(_KEPT, {}).get(id(state.tokens), (None, []))[1]:
        if name in ("emphasis", "strikethrough"):
            at = start
            for n, (token, length) in enumerate(extra):
                extra[n] = (at, at + length) if token.type != "text" or not token.content else None
                at += length


def _pieces(tokens: list[Token], size: int) -> list[tuple[Token, int]]:
    """The last tokens whose texts are `size` characters together, with their lengths: before them stands other text."""
    found: list[tuple[Token, int]] = []
    for token in reversed(tokens):
        if size <= 0:
            break
        found.append((token, len(token.content)))
        size -= len(token.content)
    return found[::-1]


def _marks(content: str, start: int, end: int, pieces: list[tuple[int, int] | None]) -> list[Edit]:
    """A run of asterisks or underscores: those that opened or closed emphasis are hidden."""
    return [Edit(*piece) for piece in pieces if piece]


def _link(content: str, start: int, end: int, label: int) -> list[Edit]:
    opening = 2 if content.startswith("![", start) else 1
    return [Edit(start, start + opening), Edit(label, end)] if label > start else []


def _code(content: str, start: int, end: int, _: object) -> list[Edit]:
    ticks = len(content[start:end]) - len(content[start:end].lstrip("`"))
    return [Edit(start, start + ticks), Edit(end - ticks, end)] if end - start > 2 * ticks else []


def _escape(content: str, start: int, end: int, _: object) -> list[Edit]:
    return [Edit(start, start + 1)] if end - start == 2 and content[start + 1] != "\n" else []


def _entity(content: str, start: int, end: int, _: object) -> list[Edit]:
    return [Edit(start, end, html.unescape(content[start:end]))]


def _hidden(content: str, start: int, end: int, _: object) -> list[Edit]:
    return [Edit(start, end)]


def _angles(content: str, start: int, end: int, _: object) -> list[Edit]:
    return [Edit(start, start + 1), Edit(end - 1, end)]


_EDITS: dict[str, Callable[[str, int, int, Any], list[Edit]]] = {
    "emphasis": _marks, "strikethrough": _marks, "link": _link, "image": _link, "backticks": _code,
    "escape": _escape, "entity": _entity, "html_inline": _hidden, "autolink": _angles,
}  # fmt: skip
