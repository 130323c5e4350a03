"""The page's own arithmetic, run in the browser: offsets in code points, answers taken apart, text made plain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

Call = Callable[..., Any]
HOLDS = """async (cases) => {
  const { holds } = await import("/web/shell/offsets.js");
  return cases.map((one) => holds(...one));
}"""


@pytest.fixture(scope="module")
def call(still_page: Page) -> Call:
    """Calls a function of one of the page's modules."""

    def run(module: str, name: str, *arguments: Any) -> Any:
        return still_page.evaluate(
            "async ([module, name, values]) => (await import(`/web/${module}.js`))[name](...values)",
            [module, name, list(arguments)],
        )

    return run


def _lines(text: str) -> list[dict[str, Any]]:
    """A text as the server gives it: lines without their ends, offsets in code points."""
    found, at = [], 0
    for n, line in enumerate(text.splitlines(keepends=True), 1):
        found.append({"n": n, "char_start": at, "text": line.rstrip("\r\n")})
        at += len(line)
    return found


TEXTS = [
    "uno dos tres",
    "𝒜 👍🏽 uno\ndos 👍🏽 tres\n",
    "uno\r\n\r\ndos 𝒜 tres\r\ncuatro",
    "mán\u0303ana e\u0301l\rdos\r\ntres",
]


def test_holds_agrees_with_python_on_every_span(still_page: Page) -> None:
    cases = [
        (_lines(text), text[start:end], start, end)
        for text in TEXTS
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        if text[start] not in "\r\n" and text[end - 1] not in "\r\n"  # no quote begins or ends in a line end
    ]
    held = still_page.evaluate(
        HOLDS,
        cases,
    )
    assert len(cases) > 500
    assert [case[1] for case, well in zip(cases, held, strict=True) if not well] == []
    # The same spans one character further on hold something else, or nothing.
    shifted = [(lines, quote, start + 1, end + 1) for lines, quote, start, end in cases if len(set(quote)) > 1]
    assert not any(
        still_page.evaluate(
            HOLDS,
            shifted,
        )
    )


def test_holds_refuses_what_is_not_there(call: Call) -> None:
    lines = _lines("uno 𝒜 dos\r\ntres")
    assert call("shell/offsets", "holds", lines, "𝒜 dos", 4, 9) is True
    for quote, start, end in [
        ("𝒜 dos", 5, 10), ("𝒜 dos", 4, 10), ("a dos", 4, 9), ("", 4, 4), ("tres!", 11, 16), ("dos tres", 6, 14),
    ]:  # fmt: skip
        assert call("shell/offsets", "holds", lines, quote, start, end) is False, quote


def test_cut_takes_code_points(call: Call) -> None:
    line = {"n": 1, "char_start": 100, "text": "a𝒜b👍c"}
    pieces = call("shell/offsets", "cut", line, [{"start": 101, "end": 103, "own": True}, {"start": 90, "end": 102}])
    assert [(p["text"], len(p["spans"])) for p in pieces] == [("a", 1), ("𝒜", 2), ("b", 1), ("👍c", 0)]


def test_find_where_a_quote_went(call: Call) -> None:
    text = "𝒜 nuevo\r\nuno 𝒜 dos\r\ntres cuatro\r\n"
    for quote in ("𝒜 dos\r\ntres", "𝒜 dos\ntres", "tres", "𝒜 nuevo"):
        found = call("shell/offsets", "find", _lines(text), quote)
        assert text[found["start"] : found["end"]].replace("\r\n", "\n") == quote.replace("\r\n", "\n")
    assert call("shell/offsets", "find", _lines(text), "cinco") is None


def _citation(n: int, marker: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    return {"n": n, "marker": marker, "file": "a.txt", "answer_start": start, "answer_end": end, **more}


def test_parts_of_an_answer(call: Call) -> None:
    text = "𝒜 uno. [a.txt:8] [a.txt:9-10] Dos [b.txt:1] no es marca. [a.txt:3] Suelto."
    dos = text.index("Dos")
    citations = [
        _citation(1, "[a.txt:8]", 0, 6), _citation(2, "[a.txt:9-10]", 0, 6),
        _citation(3, "[a.txt:3]", dos, text.index(" [a.txt:3]")),
    ]  # fmt: skip
    found = call("conversation/answer-parts", "parts", {"text": text, "citations": citations, "passages": []})
    assert [(p["text"], [c["n"] for c in p["citations"]], p["supported"]) for p in found] == [
        ("𝒜 uno.", [1, 2], True),
        ("Dos [b.txt:1] no es marca.", [3], True),
        ("Suelto.", [], False),
    ]


def test_unsupported_sentences_of_a_written_answer(call: Call) -> None:
    text = "Uno. [a.txt:1] Dos sin cita. Tres."
    dos = text.index("Dos")
    sentences = [
        {"answer_start": 0, "answer_end": 4, "supported": False, "reason": "7 no está en la cita"},
        {"answer_start": dos, "answer_end": dos + 13, "supported": False, "reason": "sin fuente"},
    ]
    answer = {"text": text, "citations": [_citation(1, "[a.txt:1]", 0, 4)], "passages": [], "sentences": sentences}
    found = call("conversation/answer-parts", "parts", answer)
    assert [(p["text"], p["supported"], p["reason"]) for p in found] == [
        ("Uno.", False, "7 no está en la cita"), ("Dos sin cita.", False, "sin fuente"), ("Tres.", False, None),
    ]  # fmt: skip


@pytest.mark.parametrize("cut", range(9, 24))
def test_no_piece_of_a_marker_shows_while_it_streams(call: Call, cut: int) -> None:
    text = "Una cosa. [a.txt:12-13]"[:cut]
    answer = {"text": text, "citations": [], "passages": [{"file": "a.txt"}]}
    found = call("conversation/answer-parts", "parts", answer, {"streaming": True})
    assert [p["text"] for p in found] == ["Una cosa."]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("![x](http://e.example/p.png)", r"\!\[x\](http://e.example/p.png)"),
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("- lista", r"\- lista"),
        ("1. lista", r"\1. lista"),
        ("dos\nlíneas", "dos líneas"),
        ("a\u202eb", "\u2068a\u202eb\u2069"),
    ],
)
def test_markdown_of_hostile_text(call: Call, text: str, plain: str) -> None:
    assert call("conversation/markdown", "plain", text) == plain


@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("#/d/abc?L=8-9", {"document": "abc", "first": 8, "last": 9, "whole": False, "chars": None}),
        ("#/d/abc?L=8&c=5-9", {"document": "abc", "first": 8, "last": 8, "whole": False, "chars": [5, 9]}),
        ("#/d/abc?L=9-8", {"document": "abc", "first": 9, "last": 9, "whole": False, "chars": None}),
        ("#/d/abc?L=x", {"document": "abc", "first": 1, "last": 1, "whole": True, "chars": None}),
        ("#/d/%E0%A4%A?L=1", None),
        ("#question", None),
        ("", None),
    ],
)
def test_addresses(call: Call, address: str, route: dict[str, Any] | None) -> None:
    assert call("source/address", "parse", address) == route
