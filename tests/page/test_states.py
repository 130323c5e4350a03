"""What an answer can say of itself: unsure, small talk, sources that differ or agree, the words that answer.

The server's answers are stubbed where the page asks for them; documents and lines come from the real one.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, Route, expect

from rag.messages import NEAREST
from tests.support.page import Open, ask, chips, newest, opened, unharmed
from tests.support.server import Served

HOSTILE = "<img src=x onerror='window.pwned=1'>"


class Stub:
    """Answers to `POST /v1/query` as the server would send them, and the questions that were asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.answer: dict[str, Any] = {}

    def install(self, page: Page) -> Page:
        page.route("**/v1/query", self._fulfil)
        return page

    def _fulfil(self, route: Route) -> None:
        self.asked.append((route.request.post_data_json or {})["question"])
        event = "no_evidence" if self.answer["status"] == "no_evidence" else "answer"
        body = f"event: {event}\ndata: {json.dumps(self.answer)}\n\n"
        route.fulfill(content_type="text/event-stream", body=body)

    def citation(self, n: int, file: str, line: int, span: str | None = None, **changes: Any) -> dict[str, Any]:
        """A citation of a whole line of a real document; `span`: the words in it that answer."""
        documents = httpx.get(f"{self.url}/v1/documents").json()["documents"]
        document = next(d for d in documents if d["file"].startswith(file))
        found = httpx.get(f"{self.url}/v1/documents/{document['id']}/lines?start={line}&end={line}").json()
        quote, start = found["lines"][0]["text"], found["lines"][0]["char_start"]
        made: dict[str, Any] = {
            "n": n, "marker": f"[{document['file']}:{line}]", "document_id": document["id"], "file": document["file"],
            "file_sha256": document["sha256"], "line_start": line, "line_end": line, "char_start": start,
            "char_end": start + len(quote), "quote": quote, "page": None, "score": 0.9, "verified": True,
            "state": "valid", "near": False, "answer_span": None,
        }  # fmt: skip
        if span:
            at = start + quote.index(span)
            made["answer_span"] = {"char_start": at, "char_end": at + len(span), "text": span}
        return {**made, **changes}

    def say(self, status: str, *citations: dict[str, Any], text: str = "", **more: Any) -> None:
        """Have the next question answered so: a sentence for each citation, or `text`."""
        placed = []
        for citation in citations:
            begin = len(text) + bool(text)
            text = f"{text} {citation['quote']}".strip()
            placed.append({**citation, "answer_start": begin, "answer_end": len(text)})
            text += f" {citation['marker']}"
        self.answer = {
            "id": "x", "question": "?", "status": status, "mode": "extractive", "language": "es", "text": text,
            "citations": placed, "passages": [], "confidence": 0.4, "invalid_citations": 0, "sentences": [],
            "differing": [], "agreeing": None, "suggestions": [], "dropped_markers": 0, "standalone_question": None,
            "degraded": False, "timings_ms": {"total": 3.0}, "index_version": 10**6, "notice": None, **more,
        }  # fmt: skip


@pytest.fixture
def stub(server: Served) -> Stub:
    return Stub(server.url)


@pytest.fixture
def page(visit: Open, stub: Stub) -> Page:
    return stub.install(visit())


def test_unsure_shows_the_nearest_and_says_so(page: Page, stub: Stub) -> None:
    nearest = stub.citation(1, "001", 8, near=True), stub.citation(2, "000", 9, near=True)
    stub.say("unsure", *nearest, text=NEAREST["es"])  # as the service begins such an answer
    turn = ask(page)
    expect(turn).to_have_attribute("data-status", "unsure")
    headline = "Los artículos no lo responden con claridad. Lo más cercano que dicen:"
    expect(turn.locator(".unsure")).to_have_text(headline)
    expect(turn.locator(".sentence")).to_have_count(2)
    expect(turn.locator(".doubt")).to_have_count(0)
    expect(turn.get_by_text("Los artículos no lo dicen")).to_have_count(0)
    expect(page.locator("#live")).to_contain_text(headline)
    opened(page, chips(turn).first)
    expect(page.locator("#source-check")).to_contain_text("Verificada")
    page.get_by_role("button", name="Switch to English").click()
    english = "The articles don’t clearly answer this. The nearest they say:"
    expect(newest(page).locator(".unsure")).to_have_text(english)
    page.reload()
    expect(newest(page).locator(".unsure")).to_have_text(english)


def test_small_talk_gets_a_plain_reply_and_questions_that_can_be_asked(page: Page, stub: Stub) -> None:
    offered = ["¿Qué le regaló Putin a Kim?", f"¿Qué es {HOSTILE}?", "¿Dónde se reunieron?", "¿Y una cuarta?"]
    text = (
        "¡Hola! Respondo preguntas sobre los artículos.\n\nPor ejemplo, puede preguntar:\n- ¿Qué le regaló Putin a Kim?"
    )
    stub.say("none_asked", text=text, suggestions=offered)
    turn = ask(page, "hola")
    expect(turn.locator(".reply")).to_have_text("¡Hola! Respondo preguntas sobre los artículos.")
    for absent in (".sentence", ".doubt", ".foot", ".cited", ".none", ".chip"):
        expect(turn.locator(absent)).to_have_count(0)
    buttons = turn.locator(".suggestions").get_by_role("button")
    expect(buttons).to_have_text(offered[:3])
    unharmed(page)
    stub.say("answered", stub.citation(1, "001", 8))
    buttons.first.click()
    expect(page.get_by_role("article")).to_have_count(2)
    expect(newest(page)).to_have_attribute("data-status", "answered")
    assert stub.asked == ["hola", offered[0]]


def test_the_words_that_answer_are_bold_in_sentence_card_and_source(page: Page, stub: Stub) -> None:
    known = {"title": "Los contenedores", "author": "CNN", "published": "2024-06-18"}
    citation = stub.citation(1, "001", 8, "6.700", **known)
    stub.say("answered", citation)
    turn = ask(page)
    expect(turn.locator(".sentence strong")).to_have_text("6.700")
    expect(turn.locator(".sentence .words")).to_have_text(citation["quote"])
    chips(turn).first.hover()
    expect(page.get_by_role("tooltip").locator("strong")).to_have_text("6.700")
    expect(page.get_by_role("tooltip")).to_contain_text("Los contenedores, CNN, 2024-06-18")
    opened(page, chips(turn).first)
    expect(page.locator("#source-lines mark.own strong")).to_have_text("6.700")


@pytest.mark.parametrize(
    ("text", "span", "most", "pieces"),
    [
        ("uno dos tres", (4, 7), 99, ["uno ", "dos", " tres"]),
        ("uno dos tres", (4, 7), 8, ["uno ", "dos", " …"]),
        ("uno dos tres cuatro cinco", (13, 19), 8, ["…res ", "cuatro", "…"]),
        ("𝒜 👍🏽 dos", (5, 8), 99, ["𝒜 👍🏽 ", "dos", ""]),
        ("uno dos tres", None, 5, ["", "", "uno d…"]),
    ],
)
def test_a_long_quote_is_cut_around_the_words_that_answer(
    page: Page, text: str, span: tuple[int, int] | None, most: int, pieces: list[str]
) -> None:
    citation: dict[str, Any] = {"quote": text, "char_start": 100}
    if span:
        words = text[span[0] : span[1]]
        citation["answer_span"] = {"char_start": 100 + span[0], "char_end": 100 + span[1], "text": words}
    shown = page.evaluate(
        """async ([citation, most]) => {
          const { emphasised } = await import("/web/conversation/answer-states.js");
          return emphasised(citation, citation.quote, most).map((piece) => piece.textContent ?? piece);
        }""",
        [citation, most],
    )
    assert shown == pieces


@pytest.mark.parametrize("shift", [1, -3000, 3000])
def test_a_span_that_is_not_there_is_not_bold(page: Page, stub: Stub, shift: int) -> None:
    citation = stub.citation(1, "001", 8, "6.700")
    citation["answer_span"]["char_start"] += shift
    citation["answer_span"]["char_end"] += shift
    stub.say("answered", citation)
    turn = ask(page)
    opened(page, chips(turn).first)
    expect(page.locator(".sentence .words")).to_have_text(citation["quote"])
    expect(page.locator("strong")).to_have_count(0)


def test_sources_that_differ_stand_side_by_side_with_who_says_it(page: Page, stub: Stub) -> None:
    citations = [stub.citation(1, "001", 8, "6.700"), stub.citation(2, "001", 9, "11.000"), stub.citation(3, "000", 9)]
    differing = [{"value": "6.700", "citations": [1]}, {"value": "11.000", "citations": [2, 3]}]
    stub.say("answered", *citations, differing=differing, agreeing=2)
    turn = ask(page)
    table = turn.get_by_role("group", name="Las fuentes no coinciden")
    expect(table.locator(".value")).to_have_text(["6.700", "11.000"])
    sides = table.locator(".values > li")
    expect(sides.nth(0).locator(".file")).to_have_text([citations[0]["file"]])
    expect(sides.nth(1).locator(".file")).to_have_text([citations[1]["file"], citations[2]["file"]])
    left, right = sides.nth(0).bounding_box(), sides.nth(1).bounding_box()
    assert left
    assert right
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    expect(turn.locator(".agreeing")).to_have_count(0)
    sides.nth(1).locator(".row").first.click()
    expect(page.locator("#source-check")).to_contain_text("Verificada")
    expect(page.locator("#source-lines .hit .n")).to_have_text("9")
    page.keyboard.press("Escape")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["target"]) for v in found if v["impact"] in ("serious", "critical")] == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_sources_that_agree_are_counted(page: Page, stub: Stub) -> None:
    stub.say("answered", stub.citation(1, "001", 8), stub.citation(2, "000", 9), agreeing=2)
    expect(ask(page).locator(".agreeing")).to_have_text("2 fuentes coinciden")
    stub.say("answered", stub.citation(1, "001", 8), agreeing=1)
    expect(ask(page).locator(".agreeing")).to_have_count(0)
