from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.corpus.documents import SourceText
from rag.recheck import check
from tests.support.claims import Claim
from tests.support.http import post, problem
from tests.support.server import Served
from tests.support.web import web


def claim(text: str, quote: str, **more: Any) -> Claim:
    start = text.index(quote)
    return Claim(quote, start, start + len(quote), **more)


OLD = "Uno.\nEl puente se abrió en 1852. Era de hierro.\nTres.\n"


@pytest.mark.parametrize(
    ("now", "sha", "state", "lines"),
    [
        (OLD, "old", "valid", (2, 2)),
        (OLD + "Más.\n", "new", "valid", (2, 2)),
        ("Nueva línea.\n" + OLD, "new", "moved", (3, 3)),
        (OLD.replace("Uno.\n", "Uno. "), "new", "moved", (1, 1)),  # the same characters, on another line
        (OLD.replace("1852", "1853"), "new", "stale", (None, None)),
        (OLD.replace("1852", "1853"), "old", "stale", (None, None)),
        ("", "new", "stale", (None, None)),
    ],
)
def test_states(now: str, sha: str, state: str, lines: tuple[int | None, int | None]) -> None:
    place = check(claim(OLD, "El puente se abrió en 1852.", line_start=2), (now, sha))
    assert (place.state, (place.line_start, place.line_end)) == (state, lines)
    if place.char_start is not None:
        assert now[place.char_start : place.char_end] == "El puente se abrió en 1852."


def test_a_document_that_is_gone_and_quotes_of_nothing() -> None:
    assert check(claim(OLD, "Uno."), None).state == "stale"
    assert check(Claim("", 3, 3), (OLD, "new")).state == "stale"
    assert check(Claim("\n", 4, 5), (OLD, "old")).state == "stale"
    assert check(Claim("Uno.", 10**15, 10**15 + 4, "old"), (OLD, "old")).state == "stale"


def test_of_several_places_the_nearest_one() -> None:
    now = "Igual.\n" * 3 + "x" * 40 + "\nIgual.\n"
    place = check(Claim("Igual.", 50, 56), (now, "new"))
    assert (place.state, place.line_start) == ("moved", 5)
    assert check(Claim("Igual.", 1, 7), (now, "new")).line_start == 1


def test_line_ends_may_have_changed_their_kind() -> None:
    now = "Antes.\r\nUno.\r\nDos.\r\n"
    place = check(Claim("Uno.\nDos.", 0, 9), (now, "new"))
    assert (place.state, place.line_start, place.line_end) == ("moved", 2, 3)
    assert now[place.char_start : place.char_end] == "Uno.\r\nDos."


def flat(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab \r\n😀"), min_size=1, max_size=40), st.data())
def test_places_agree_with_the_line_table(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = text[start:end]
    place = check(Claim(quote, start, end, "x"), (text, "y"))
    if not quote.strip():
        assert place.state == "stale"
        return
    source = SourceText(text)
    assert (place.line_start, place.line_end) == (source.line_of(start), source.line_of(end - 1))
    moved = check(Claim(quote, start + 1, end + 1, "x"), (text, "y"))
    assert moved.char_start is not None
    assert flat(text[moved.char_start : moved.char_end]) == flat(quote)


def test_over_http(server: Served) -> None:
    answer = post(server, "/v1/query", {"question": "¿Cuántos contenedores envió Corea del Norte a Rusia?"}).json()
    citation = answer["citations"][0]
    changed = {**citation, "quote": "Nunca se dijo."}
    gone = {**citation, "document_id": "0" * 16}
    found = post(server, "/v1/citations/verify", {"citations": [citation, changed, gone]}).json()
    assert [check["state"] for check in found["citations"]] == ["valid", "stale", "stale"]
    assert found["citations"][0]["line_start"] == citation["line_start"]
    assert found["citations"][0]["file_sha256"] == citation["file_sha256"]
    assert found["citations"][2]["file"] is None
    assert found["index_version"] == answer["index_version"]
    assert post(server, "/v1/citations/verify", {"citations": []}).json()["citations"] == []
    problem(post(server, "/v1/citations/verify", {"citations": [citation] * 201}), 422)
    huge = {**citation, "char_start": 10**30}
    problem(post(server, "/v1/citations/verify", {"citations": [huge]}), 422)
    assert web.get(f"{server.url}/v1/citations/verify").status_code == 405
