"""The page's own parser of server-sent events: torn anywhere, with either line end, and hostile bytes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from api.http.events import event
from tests.support.parsers import DATA

ASK = """async ([chunks]) => {
  const { ask } = await import("/web/conversation/stream.js");
  const real = window.fetch;
  window.fetch = async () => new Response(new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new Uint8Array(chunk));
      controller.close();
    },
  }));
  const got = [];
  try {
    await ask("q", [], new AbortController().signal, (kind, data) => got.push([kind, JSON.stringify(data)]));
    return { got, end: "well" };
  } catch (error) {
    return { got, end: error.constructor.name };
  } finally {
    window.fetch = real;
  }
}"""


def torn(body: bytes, cuts: list[int]) -> list[list[int]]:
    places = sorted({cut % (len(body) + 1) for cut in cuts} | {0, len(body)})
    return [list(body[a:b]) for a, b in pairwise(places)]


CUTS = st.lists(st.integers(0, 10_000), max_size=12)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(DATA, st.sampled_from(["passages", "delta", "citation"])), max_size=4), CUTS, st.booleans())
def test_events_arrive_whole(still_page: Page, sent: list[tuple[Any, str]], cuts: list[int], crlf: bool) -> None:
    body = "".join(event(data, kind) for data, kind in [*sent, ({"status": "answered"}, "answer")])
    raw = (body.replace("\n", "\r\n") if crlf else body).encode()
    result = still_page.evaluate(ASK, [torn(raw, cuts)])
    assert result["end"] == "well"
    assert [kind for kind, _ in result["got"]] == [*(kind for _, kind in sent), "answer"]
    expected = still_page.evaluate("texts => texts.map(text => JSON.stringify(JSON.parse(text)))", [
        event(data).removeprefix("data: ").strip() for data, _ in sent
    ])  # fmt: skip
    assert [data for _, data in result["got"]][:-1] == expected


PIECES = [
    b"data:", b"event: answer", b"event: error", b"\n", b"\r\n", b"\r", b"\n\n", b"{", b"}", b"1", b": x", b"\xff",
    b"null",
]  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join), CUTS)
def test_hostile_bytes_end_in_an_error_that_the_page_knows(still_page: Page, body: bytes, cuts: list[int]) -> None:
    assert still_page.evaluate(ASK, [torn(body, cuts)])["end"] in ("well", "Lost", "Problem")
