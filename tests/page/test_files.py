"""The page's files as they are served: policy, caching, names; and what their source may not hold. No browser."""

from __future__ import annotations

import posixpath
import re
from graphlib import TopologicalSorter

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages import WEB
from index.corpus.formats import SUFFIXES
from rag.settings import Settings

FILES = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*") if path.is_file())
# A room imports from itself and from the rooms before it; main.js stands above them all.
ROOMS = ("words", "shell", "source", "conversation", "panels")
ENTRY = "main.js"


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
    assert client.get("/web/shell/base.css").headers["content-type"] == "text/css; charset=utf-8"
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


@pytest.mark.parametrize("name", ["nothing.js", "shell", "shell/", "", "..%2fapp.py", "%2e%2e/app.py",
                                  "../pages.py", "main.js%00", "MAIN.JS"])  # fmt: skip
def test_other_names_lead_nowhere(client: TestClient, name: str) -> None:
    response = client.get(f"/web/{name}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


# Loaded when they are needed for the first time.
LATER = {
    "conversation/markdown.js", "conversation/stale-citations.js", "panels/export.js",
    "panels/first-steps.js", "panels/help.js", "panels/history.js", "panels/panels.css", "panels/scope.js",
    "panels/sources.js", "panels/titles.js", "panels/uploads.js", "shell/key-dialog.js", "source/pane.js",
    "source/printed-page.css", "source/printed-page.js", "source/quote-check.js", "source/search.js",
    "source/source.css", "source/tools.js", "words/more.js",
}  # fmt: skip


def _imports(name: str) -> list[tuple[str, bool]]:
    """The files that a module imports, and whether at once (or only when a line of it runs)."""
    source = (WEB / name).read_text(encoding="utf-8")
    source = re.sub(r"/\*.*?\*/|^\s*//[^\n]*$", "", source, flags=re.S | re.M)
    at_once = re.findall(r"""^(?:import|export)\b[^;"'`(=]*["']([^"']+)["']""", source, re.M)
    later = re.findall(r"""\bimport\(["']([^"']+)["']\)""", source)
    languages = re.findall(r"\bimport\(`([^`]+)`\)", source)  # the word lists, chosen by their language
    assert len(at_once + later + languages) >= len(re.findall(r"\bimport\b", source)), (
        "an import that is not understood"
    )
    later += [file.replace("${tag}", tag) for file in languages for tag in ("es", "en")]
    folder = posixpath.dirname(name)
    return [(posixpath.normpath(posixpath.join(folder, file)), file in at_once) for file in at_once + later]


MODULES = {name: _imports(name) for name in FILES if name.endswith(".js")}


def test_every_import_leads_to_a_file() -> None:
    missing = [(name, file) for name, found in MODULES.items() for file, _ in found if file not in MODULES]
    assert not missing
    assert sum(len(found) for found in MODULES.values()) > 50


def test_every_file_is_used() -> None:
    page = (WEB / "index.html").read_text(encoding="utf-8")
    used = set(re.findall(r'(?:href|src)="/web/([^"]+)"', page))
    assert used <= set(FILES)
    scripts = "".join((WEB / name).read_text(encoding="utf-8") for name in MODULES)
    used |= set(re.findall(r'stylesheet\("/web/([^"]+)"\)', scripts))
    used |= {file for found in MODULES.values() for file, _ in found}
    assert set(FILES) - used == {"index.html", "README.md"}


def test_no_import_cycle_also_not_through_what_is_loaded_later() -> None:
    TopologicalSorter({name: {file for file, _ in found} for name, found in MODULES.items()}).prepare()


def test_rooms_import_from_the_rooms_before_them() -> None:
    order = {room: i for i, room in enumerate(ROOMS)}
    assert {posixpath.dirname(name) for name in MODULES} == {*ROOMS, ""}
    wrong = [
        (name, file)
        for name, found in MODULES.items()
        if name != ENTRY
        for file, _ in found
        if order[posixpath.dirname(file)] > order[posixpath.dirname(name)]
        or {posixpath.dirname(file), posixpath.dirname(name)} == {"conversation", "panels"}
    ]
    assert not wrong


def test_the_map_has_a_line_for_every_module() -> None:
    described = re.findall(r"^\| `([^`]+\w)` \| (.+) \|$", (WEB / "README.md").read_text(encoding="utf-8"), re.M)
    assert sorted(name for name, _ in described) == sorted(set(FILES) - {"README.md"})
    assert all(len(words) > 10 for _, words in described)


def test_the_whole_page_weighs_less_than_100_kb() -> None:
    size = {name: (WEB / name).stat().st_size for name in FILES if name != "README.md"}
    languages = [size["words/es.js"], size["words/en.js"]]
    assert sum(size.values()) - sum(size[name] for name in LATER) - min(languages) < 100_000  # one language is loaded
    first = {name: found for name, found in MODULES.items() if name not in LATER}
    assert not {file for found in first.values() for file, at_once in found if at_once} & LATER


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
    more: set[str] = set()
    for path in (WEB / name for name in FILES if name != "README.md"):
        source = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"data-t(?:-label|-title|-placeholder)?=\"([^\"]+)\"", source))
        used |= set(re.findall(r"\bt\(\"([\w.]+)\"", source))
        more |= set(re.findall(r"\bmoreText\(\"([\w.]+)\"", source))
    assert len(used) > 50
    spanish, english = (WEB / "words" / "more.js").read_text(encoding="utf-8").split("\n  en: {")
    known_later = [set(re.findall(r"^    \"?([\w.]+)\"?:", part, re.M)) for part in (spanish, english)]
    assert known_later[0] == known_later[1]
    assert more <= known_later[0]
    for path in (WEB / "words" / "es.js", WEB / "words" / "en.js"):
        known = set(re.findall(r"^  \"?([\w.]+)\"?:", path.read_text(encoding="utf-8"), re.M))
        assert used <= known


def test_a_dropped_folder_gives_the_files_that_are_read() -> None:
    source = (WEB / "panels" / "uploads.js").read_text(encoding="utf-8")
    (taken,) = re.findall(r"^const SUFFIXES = /\\.\(([\w|]+)\)\$/i;", source, re.M)
    assert {".txt", ".md", ".pdf", ".html"} <= {f".{suffix}" for suffix in taken.split("|")} <= SUFFIXES
