"""Text of others, as it reaches a terminal, a log or a message."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest

from rag.printable import one_line, printable, printable_json, without_user_info
from tests.support.growth import LINEAR, growth

ESCAPES = [
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\x90q",
    "\b\b",
    "\r",
    "\x7f",
    "\u202e",
    "\u2066",
    "\u2028",
    "\ud800",
]


@pytest.mark.parametrize("text", ESCAPES, ids=ascii)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = printable(f"a{text}b\tc\nd")
    assert shown.endswith("b\tc\nd")
    assert all(c.isprintable() or c in "\t\n" for c in shown)
    shown.encode()


def test_every_control_character_and_no_other_is_escaped() -> None:
    for code in range(sys.maxunicode + 1):
        c = chr(code)
        commands = unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") or unicodedata.bidirectional(c) in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        )  # fmt: skip
        if c not in "\t\n\u200e\u200f\u061c":  # the last three turn text too, as letters of other scripts do
            assert (printable(c) != c) == commands, hex(code)


def test_a_line_of_a_log_stays_one_line() -> None:
    forged = "a.txt\nERROR renglon: the disk is gone\r\nINFO x\u2028y\x85z"
    assert len(one_line(forged).splitlines()) == 1
    assert "\\nERROR" in one_line(forged)


def test_json_means_the_same() -> None:
    data = {"quote": "".join(ESCAPES[:-1]) + "ñ\u200d€"}
    shown = printable_json(json.dumps(data, ensure_ascii=False))
    assert json.loads(shown) == data
    assert "ñ" in shown
    assert shown.isprintable() or "\u200d" in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:pass@host:80/v1", "http://host:80/v1"),
        ("at https://token@host.", "at https://host."),
        ("http://a:p@ss@host/x@y", "http://host/x@y"),
        ("http://host/x?mail=a@b.es", "http://host/x?mail=a@b.es"),
        ("mail a@b.es or http://host", "mail a@b.es or http://host"),
    ],
)
def test_user_info_is_left_out(url: str, shown: str) -> None:
    assert without_user_info(url) == shown


@pytest.mark.parametrize("piece", ["://a@", "://", "a@", "\x1b", "x"])
def test_the_time_is_linear(piece: str) -> None:
    def text(size: int) -> str:
        return "http://" + piece * size

    for work in (without_user_info, one_line):
        assert growth(work, text, 50_000) < LINEAR
