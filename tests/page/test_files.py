"""The page's files as they are served: policy, caching, names; and what their source may not hold. No browser."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages import WEB
from rag.settings import Settings

FILES = sorted(path.name for path in WEB.iterdir())


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(
        create_app(Settings()), "http://localhost"
    )  # not entered: nothing is loaded, as in a server's first moment


@pytest.mark.parametrize("path", ["/", *(f"/web/{name}" for name in FILES)])
def test_every_file_comes_with_its_policy(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
                 "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"):  # fmt: skip
        assert rule in policy.split("; ")
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    head = client.head(path)
    assert head.status_code == 200
    assert not head.content
    assert head.headers["content-length"] == str(len(response.content))


def test_types(client: TestClient) -> None:
    assert client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/web/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get("/web/base.css").headers["content-type"] == "text/css; charset=utf-8"
    assert client.get("/web/icon.svg").headers["content-type"] == "image/svg+xml"


def test_a_file_that_the_browser_has_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/web/main.js")
    etag = first.headers["etag"]
    assert "no-cache" in first.headers["cache-control"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        again = client.get("/web/main.js", headers={"If-None-Match": known})
        assert again.status_code == 304
        assert not again.content
        assert again.headers["etag"] == etag
    assert client.get("/web/main.js", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2fapp.py", "%2e%2e/app.py", "../pages.py", "main.js%00", "MAIN.JS"])
def test_other_names_lead_nowhere(client: TestClient, name: str) -> None:
    response = client.get(f"/web/{name}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


LATER = {"key.js", "panels.js", "recheck.js", "uploads.js"}  # loaded when they are needed for the first time


def test_the_whole_page_weighs_less_than_100_kb() -> None:
    languages = [path.stat().st_size for path in WEB.glob("words.*.js")]
    total = sum(path.stat().st_size for path in WEB.iterdir() if path.name not in LATER)
    assert total - min(languages) < 100_000  # one language is loaded
    sources = "".join(path.read_text(encoding="utf-8") for path in WEB.glob("*.js") if path.name not in LATER)
    for name in LATER:
        assert f'import("./{name}")' in sources
        assert f'from "./{name}"' not in sources


@pytest.mark.parametrize("name", FILES)
def test_what_the_source_may_not_hold(name: str) -> None:
    source = (WEB / name).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 300
    sinks = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser"
    assert not re.search(rf"{sinks}|\beval\(|new Function", source)
    hosts = set(re.findall(r"https?://[^\s\"'`)]+", source)) - {"http://www.w3.org/2000/svg"}
    assert not hosts
    if name.endswith(".html"):
        assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=", source)


def test_every_key_is_in_the_word_lists() -> None:
    used: set[str] = set()
    for path in WEB.iterdir():
        source = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"data-t(?:-label|-title|-placeholder)?=\"([^\"]+)\"", source))
        used |= set(re.findall(r"\bt\(\"([\w.]+)\"", source))
    assert len(used) > 50
    for path in WEB.glob("words.*.js"):
        known = set(re.findall(r"^  \"?([\w.]+)\"?:", path.read_text(encoding="utf-8"), re.M))
        assert used <= known
