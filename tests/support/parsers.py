"""What the parsers of a model's reply and of server-sent events must hold for any input; for hypothesis."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import strategies as st

from api.http.events import event
from rag.written.assembler import Closed, Draft, Words
from rag.written.marker_parser import Cited, MarkerParser

PLACES = {"a.txt:3": 2}
_FORMS = """[1] | [ | ] | [2 | ,3] | 【4】 | [9] | [1-3] | . | ! | ![a](b) | http |
 s:// | www. | www | / | : | <b> | < | >
 | <think> | </think> | [a.txt:3] | [b.txt:9] | ( | ) | « | » | ¿ | … | Kim | viajó | EE. UU. | 6.700 | NO_ANSWER"""
REPLIES = st.lists(
    st.sampled_from([*map(str.strip, _FORMS.split("|")), ". ", " ", "\n", "\n\n", "\ud83d", "\u202e"])
    | st.text(max_size=6),
    max_size=25,
)
# Every line end that some parser knows, halves of surrogate pairs, and what looks like the form of an event.
_TEXTS = st.text(st.characters() | st.sampled_from("\r\n\x0b\x0c\x1c\x85\u2028\u2029\ud800\ufeff:\0"), max_size=30)
_TEXTS |= st.sampled_from(["data: {}", "event: answer\ndata: 1\n\n", "\n\n", "\r\n\r\n", "[DONE]"])
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=8,
)
KINDS = st.sampled_from([None, "passages", "delta", "citation", "answer", "job"])
EVENTS = st.lists(st.tuples(DATA, KINDS), max_size=5)


def read(text: str, size: int = 10**6, known: int = 5) -> tuple[str, int]:
    """The text as it is written, with ⟦ids⟧ at the end of each sentence; how many markers were dropped."""
    parser, draft = MarkerParser(known, PLACES), Draft()
    steps = []
    for start in range(0, len(text), size):
        for token in parser.feed(text[start : start + size]):
            steps += draft.add(token)
    for token in parser.close():
        steps += draft.add(token)
    steps += draft.close()
    written = ""
    for step in steps:
        if isinstance(step, Words):
            written += step.text
        else:
            assert written.endswith(step.text)
            written += f"⟦{','.join(map(str, step.ids))}⟧"
    return written, parser.dropped


def check_reply(pieces: list[str], size: int) -> None:
    """Whatever comes: no crash, nothing that reaches out, ids only that were given, and chunks make no difference."""
    text = "".join(pieces)
    parser, draft = MarkerParser(5, PLACES), Draft()
    tokens = [token for start in range(0, len(text), size) for token in parser.feed(text[start : start + size])]
    tokens += parser.close()
    assert all(1 <= id_ <= 5 for token in tokens if isinstance(token, Cited) for id_ in token.ids)
    steps = [step for token in tokens for step in draft.add(token)] + draft.close()
    written = "".join(step.text for step in steps if isinstance(step, Words))
    written.encode()
    assert not re.search(r"https?://\w|www\.\w|!\[[^\[\]]*\]\(|<img|<b>|\u202e", written)
    assert "".join("".join(s.text.split()) for s in steps if isinstance(s, Closed)) == "".join(written.split())
    if "\ud83d" not in text:
        assert read(text, size) == read(text)


def check_events(sent: list[tuple[Any, str | None]]) -> None:
    """What is sent is what arrives, for a parser by the specification and for one that knows every line end."""
    body = "".join(event(data, kind) for data, kind in sent).encode().decode()
    for lines in (re.split("\r\n|\n|\r", body), [*body.splitlines(), ""]):
        assert _parsed(lines) == [(data, kind or "message") for data, kind in sent]


def _parsed(lines: list[str]) -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = []
    kind, data = "message", list[str]()
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line and data:
            found.append((json.loads("\n".join(data)), kind))
        if not line:
            kind, data = "message", []
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)
    return found
