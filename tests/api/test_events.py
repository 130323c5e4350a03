from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings

from tests.support.parsers import EVENTS, check_events


@settings(max_examples=500, deadline=None)
@given(EVENTS)
@example([({"refused": [["a\u2028b\x85c.txt", "no"]]}, "job")])
@example([("\ud800", None)])
def test_what_is_sent_is_what_arrives(sent: list[tuple[Any, str | None]]) -> None:
    check_events(sent)
