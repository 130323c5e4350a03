"""The description of the HTTP interface, under its policy, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.support.page import Open
from tests.support.server import Served
from tests.support.web import web


def test_the_description_is_drawn_under_its_policy(visit: Open, server: Served) -> None:
    policy = web.get(f"{server.url}/docs").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy.split("script-src")[1].split(";")[0]
    page = visit("/docs", wait=False)  # `visit` fails the test for whatever the policy refuses
    expect(page.get_by_text("/v1/query", exact=True)).to_be_visible()
    page.get_by_text("/v1/query", exact=True).click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()


def test_a_script_that_came_into_the_description_would_not_run(
    context: Callable[..., BrowserContext], server: Served
) -> None:
    page = context().new_page()  # not by `visit`, which takes every refusal for a fault
    page.goto(f"{server.url}/docs")
    blocked = page.evaluate(
        """() => new Promise(done => {
            addEventListener('securitypolicyviolation', () => done(true));
            const script = document.createElement('script');
            script.textContent = 'window.pwned = true';
            document.body.append(script);
            setTimeout(() => done(false), 2000);
        })"""
    )
    assert (blocked, page.evaluate("window.pwned")) == (True, None)
