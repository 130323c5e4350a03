"""Follow-ups: the conversation goes along, and the page says how a short question was understood."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.page import Open, ask, chips, marked, newest, opened, sent
from tests.support.questions import PAELLA

GIFT = "¿Qué le regaló Putin a Kim?"


def test_a_follow_up_is_understood_and_says_how(page: Page) -> None:
    bodies = sent(page)
    first = ask(page, GIFT)
    expect(page.get_by_text("Entendida así:")).to_have_count(0)
    answer = " ".join(first.locator(".words").all_inner_texts())
    turn = ask(page, "¿Y cuándo fue?")
    understood = turn.locator(".understood")
    expect(understood).to_contain_text(f"Entendida así: {GIFT}")
    expect(understood).to_contain_text("¿Y cuándo fue?")
    opened(page, chips(turn).first)
    assert "limusina" in marked(page)
    assert bodies[0]["history"] == []
    asked, answered = bodies[1]["history"]
    assert asked == {"role": "user", "content": GIFT}
    assert answered["role"] == "assistant"
    assert answer.split(".")[0] in answered["content"]
    # It stands after a reload, and in the other language.
    page.reload()
    expect(newest(page).locator(".understood")).to_contain_text(GIFT)
    page.get_by_role("button", name="Switch to English").click()
    expect(newest(page).locator(".understood")).to_contain_text(f"Understood as: {GIFT}")


def test_a_new_topic_is_not_drawn_into_the_old_one(page: Page) -> None:
    ask(page, GIFT)
    turn = ask(page, PAELLA)
    expect(turn).to_have_attribute("data-status", "no_evidence")
    expect(turn.locator(".understood")).to_have_count(0)


def test_only_the_last_turns_go_along(page: Page) -> None:
    bodies = sent(page)
    for i in range(8):
        ask(page, f"¿Qué dijo Putin en la visita número {i}?")
    questions = [turn["content"] for turn in bodies[-1]["history"] if turn["role"] == "user"]
    assert questions == [f"¿Qué dijo Putin en la visita número {i}?" for i in range(1, 7)]


def test_a_forgotten_conversation_is_not_sent(page: Page) -> None:
    ask(page, GIFT)
    page.get_by_role("button", name="Historial").click()
    page.get_by_role("button", name="Olvidar todo").click()
    page.get_by_role("button", name="¿Seguro?").click()
    page.keyboard.press("Escape")
    bodies = sent(page)
    turn = ask(page, "¿Y cuándo fue?")
    expect(turn.locator(".understood")).to_have_count(0)
    assert bodies[0]["history"] == []


def test_the_copy_says_how_the_question_was_understood(visit: Open) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    ask(page, GIFT)
    turn = ask(page, "¿Y cuándo fue?")
    turn.get_by_role("button", name="Copiar con citas").click()
    expect(turn.get_by_role("button", name="Copiado")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"**¿Y cuándo fue?**\n\n*Entendida así: {GIFT}")
