"""Answers as files, and the check of those files against the articles on disk."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from api.exports.formats import Format, export
from rag.types import Answer
from tests.support.answers import answer_of, citation_of
from tests.support.cli import renglon
from tests.support.folders import copied
from tests.support.http import problem
from tests.support.server import LocalServer
from tests.support.web import web

OPENED = "El puente de Triana se abrió en 1852."
DESIGNED = "Lo diseñó Gustave Steinacher."


@pytest.fixture
def answer(corpus: Path) -> Answer:
    return answer_of([citation_of(corpus / "uno.txt", corpus, quote) for quote in (OPENED, DESIGNED)])


def verified(file: Path, *arguments: object) -> tuple[int, dict[str, Any]]:
    """Exit status and report of `renglon verify`, beside no index."""
    done = renglon(file.parent / "none", "verify", str(file), "--json", *map(str, arguments))
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_an_export_is_checked_later_against_the_files(answer: Answer, corpus: Path, tmp_path: Path) -> None:
    file, uno = tmp_path / "answers.json", corpus / "uno.txt"
    file.write_text(export([answer], Format.JSON))
    status, report = verified(file, "--in", corpus)
    assert (status, report["valid"], report["moved"], report["stale"]) == (0, 2, 0, 0)

    text = uno.read_text()
    uno.write_text("Una línea más.\nY otra.\n" + text)
    status, report = verified(file, "--in", corpus)
    assert (status, report["moved"]) == (0, 2)
    first = report["citations"][0]
    assert (first["line_start"], first["line_end"]) == (3, 3)
    assert uno.read_text()[first["char_start"] : first["char_end"]] == OPENED
    assert verified(file, "--in", corpus, "--strict")[0] == 1

    uno.write_text(text.replace("1852", "1853"))
    status, report = verified(file, "--in", corpus)
    assert (status, [one["state"] for one in report["citations"]]) == (1, ["stale", "valid"])
    assert report["citations"][0]["why"] == "the quote is not in the file"
    uno.unlink()
    status, report = verified(file, "--in", corpus)
    assert (status, report["citations"][0]["why"]) == (1, "there is no such file")


def test_verify_prints_where_a_quote_is_now(answer: Answer, corpus: Path, tmp_path: Path) -> None:
    file, uno = tmp_path / "answers.json", corpus / "uno.txt"
    file.write_text(answer.model_dump_json())
    uno.write_text("\n" + uno.read_text())
    result = renglon(tmp_path / "data", "verify", str(file), RENGLON_CORPUS=str(corpus))
    assert result.returncode == 0
    assert result.stdout.splitlines()[0] == f"→ moved [uno.txt:1] now [uno.txt:2]  {OPENED}"
    assert result.stdout.splitlines()[-1] == "0 valid, 2 moved, 0 stale"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"nothing", "no JSON"),
        (b"[]", "holds no answers"),
        (b"{}", "has no citations"),
        (b'{"format": "renglon-answers", "version": 99, "answers": []}', "version 99"),
        (b'{"citations": [{"file": "uno.txt"}]}', "citation of answer 1"),
        (b"[" * 100_000, "no JSON"),
    ],
    ids=["bytes", "text", "list", "object", "later version", "no quote", "deep"],
)
def test_a_file_that_holds_no_answers(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    result = renglon(tmp_path / "data", "verify", str(file))
    assert (result.returncode, said in result.stderr) == (1, True), result.stderr


def test_names_that_lead_out_of_the_folder(answer: Answer, corpus: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(OPENED)
    (corpus / "link.txt").symlink_to(secret)
    names = ["../secret.txt", str(secret), "link.txt", "a" * 5000, "nul\0.txt"]
    value = answer.model_dump()
    value["citations"] = [{**value["citations"][0], "file": name} for name in names]
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(value))
    status, report = verified(file, "--in", corpus)
    assert (status, report["stale"]) == (1, len(names))


def test_a_file_that_is_called_after_its_folder(answer: Answer, corpus: Path, tmp_path: Path) -> None:
    value = answer.model_dump()
    value["citations"] = [{**one, "file": f"{corpus.name}/uno.txt"} for one in value["citations"]]
    (tmp_path / "answers.json").write_text(json.dumps(value))
    assert verified(tmp_path / "answers.json", "--in", tmp_path / "none", "--in", corpus)[1]["valid"] == 2


def test_markdown_has_a_footnote_for_each_citation(answer: Answer) -> None:
    other = answer.model_copy(update={"question": "¿Y *otra*?", "notice": "Ojo."})
    text = export([answer, other], Format.MARKDOWN)
    assert f"{OPENED}[^1] {DESIGNED}[^2]\n" in text
    assert "## ¿Y \\*otra\\*?" in text
    assert re.findall(r"^\[\^(\d)\]: uno\.txt, l\. (\d)", text, re.M) == [
        ("1", "1"),
        ("2", "2"),
        ("3", "1"),
        ("4", "2"),
    ]
    assert set(re.findall(r"\[\^(\d+)\](?!:)", text)) == {"1", "2", "3", "4"}


class _Elements(HTMLParser):
    """The tags of a document and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


HOSTILE = "<script>alert(1)</script> ![x](http://evil.example/a.png) \"onload='x' & </style> [^1] {\\input} % $ #"


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    (tmp_path / "<b>&.txt").write_text(f"{HOSTILE}\n")
    answer = answer_of([citation_of(tmp_path / "<b>&.txt", tmp_path, HOSTILE)], question=HOSTILE, notice=HOSTILE)
    found = _Elements(export([answer], Format.HTML))
    assert not {"script", "img", "b"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert found.words.count(HOSTILE) == 4
    text = export([answer], Format.MARKDOWN)
    assert "<script" not in text.replace("\\<script", "")
    assert "![" not in text
    entry = export([answer], Format.BIBTEX)
    assert r"<b>\&.txt" in entry
    assert entry.count("{") - entry.count(r"\{") == entry.count("}") - entry.count(r"\}")


def test_pages_are_named_where_there_are_some(answer: Answer) -> None:
    paged = [one.model_copy(update={"page": 3, "page_line": 12}) for one in answer.citations]
    printed = answer.model_copy(update={"citations": paged})
    assert "[^1]: uno.txt, p. 3, l. 12: “" in export([printed], Format.MARKDOWN)
    assert "uno.txt, p. 3, l. 12</cite>" in export([printed], Format.HTML)


def test_html_holds_the_quotes_and_marks_the_answer(answer: Answer) -> None:
    one = answer.citations[0]
    span = {"char_start": one.char_start + 32, "char_end": one.char_start + 36, "text": "1852"}
    marked = answer.model_copy(update={"citations": [type(one)(**{**one.model_dump(), "answer_span": span})]})
    text = export([marked], Format.HTML)
    assert "<mark>1852</mark>" in text
    found = _Elements(text)
    links = {value for name, value in found.attributes if name == "href" and value}
    assert {f"#{value}" for name, value in found.attributes if name == "id"} == links
    assert OPENED in found.words


def test_reference_managers_get_one_entry_a_file(answer: Answer, corpus: Path) -> None:
    other = answer_of([citation_of(corpus / "dos.txt", corpus, "Abre a las nueve de la mañana.")])
    entries = json.loads(export([answer, other, answer], Format.CSL))
    assert [(one["id"], one["type"], one["title"]) for one in entries] == [
        ("uno-txt", "document", "uno.txt"), ("dos-txt", "document", "dos.txt"),
    ]  # fmt: skip
    assert entries[0]["note"].startswith("uno.txt, lines 1, 2; SHA-256 ")
    assert export([answer], Format.BIBTEX).startswith("@misc{uno-txt,\n  title = {uno.txt},")


def test_what_is_known_of_a_document_reaches_the_reference_manager(answer: Answer) -> None:
    about = {
        "title": "Puentes & ríos",
        "author": "Ana {Ruiz}",
        "published": "2024-05-01",
        "url": "https://example.org/a",
    }
    known = answer.model_copy(update={"citations": [one.model_copy(update=about) for one in answer.citations]})
    (entry,) = json.loads(export([known], Format.CSL))
    assert (entry["type"], entry["title"], entry["URL"]) == ("webpage", "Puentes & ríos", "https://example.org/a")
    assert (entry["author"], entry["issued"]) == ([{"literal": "Ana {Ruiz}"}], {"date-parts": [[2024, 5, 1]]})
    text = export([known], Format.BIBTEX)
    assert r"title = {Puentes \& ríos}" in text
    assert r"author = {{Ana \{Ruiz\}}}" in text
    odd = [one.model_copy(update={"url": "javascript:alert(1)", "published": "ayer"}) for one in answer.citations]
    (entry,) = json.loads(export([answer.model_copy(update={"citations": odd})], Format.CSL))
    assert not {"URL", "issued"} & set(entry)


def test_a_quote_reads_without_the_marks_of_its_format(answer: Answer) -> None:
    one = answer.citations[0]
    span = {"char_start": one.char_start + 32, "char_end": one.char_start + 36, "text": "1852"}
    value = {**one.model_dump(), "readable": "El puente se abrió en 1852.", "answer_span": span}
    read = answer.model_copy(update={"citations": [type(one)(**value)]})
    assert "El puente se abrió en <mark>1852</mark>." in export([read], Format.HTML)
    assert "“El puente se abrió en 1852.”" in export([read], Format.MARKDOWN)
    assert json.loads(export([read], Format.JSON))["answers"][0]["citations"][0]["quote"] == one.quote


def test_nothing_was_found(answer: Answer) -> None:
    none = answer.model_copy(update={"citations": [], "status": "no_evidence", "text": "Los artículos no lo dicen."})
    assert export([none], Format.MARKDOWN) == "## ¿Qué dice?\n\nLos artículos no lo dicen.\n"
    assert json.loads(export([none], Format.CSL)) == []
    assert "<ol>" not in export([none], Format.HTML)


def test_an_export_over_http(tiny: LocalServer, answer: Answer) -> None:
    kept = {**answer.model_dump(), "of_a_later_release": 1}
    del kept["passages"]
    for form in Format:
        response = web.post(f"{tiny.url}/v1/exports", json={"format": form, "answers": [kept]})
        assert response.status_code == 200
        assert response.headers["content-disposition"].startswith('attachment; filename="renglon.')
        assert "uno" in response.text
    for body in (
        {"format": "word", "answers": [kept]}, {"format": "html", "answers": []}, {"format": "html", "answers": [7]},
        {"format": "html", "answers": [{"question": "?"}]}, {"format": "html", "answers": [kept] * 10_001},
    ):  # fmt: skip
        problem(web.post(f"{tiny.url}/v1/exports", json=body), 422)
    problem(web.post(f"{tiny.url}/v1/exports", content=b"{"), 422)


def test_a_conversation_of_ten_thousand_turns(tiny: LocalServer, answer: Answer) -> None:
    kept = answer.model_dump(exclude={"passages"})
    response = web.post(f"{tiny.url}/v1/exports", json={"format": "markdown", "answers": [kept] * 10_000})
    assert response.status_code == 200
    assert response.text.count("\n[^") == 20_000
    assert "[^20000]: " in response.text
    problem(web.post(f"{tiny.url}/v1/exports", content=b" " * 50_000_001), 413)


def test_ask_prints_an_export_that_verifies(tiny: LocalServer, tmp_path: Path) -> None:
    done = renglon(tiny.data, "ask", "¿Quién diseñó el puente de Triana?", "--export", "json")
    answers = json.loads(done.stdout)["answers"]
    assert len(answers) == 1
    file = tmp_path / "answers.json"
    file.write_text(done.stdout)
    assert answers[0]["citations"] or answers[0]["status"] == "no_evidence"
    assert verified(file, "--in", tiny.data.parent / "corpus")[0] == 0
    markdown = renglon(tiny.data, "ask", "¿Quién diseñó el puente de Triana?", "--export", "markdown").stdout
    assert markdown.startswith("## ¿Quién diseñó el puente de Triana?\n")


def test_uploads_are_found_in_the_data_folder(tiny: LocalServer, tmp_path: Path) -> None:
    text = "El faro de Chipiona mide 69 metros de altura.\n"
    sent = web.post(f"{tiny.url}/v1/documents", files=[("files", ("faro.txt", text.encode()))]).json()["files"][0]
    folder = tmp_path / "was" / "uploads"
    folder.mkdir(parents=True)
    (folder / "faro.txt").write_text(text)
    claim = citation_of(folder / "faro.txt", tmp_path / "was", text.strip())
    assert (claim.file, claim.document_id) == (sent["file"], sent["id"])
    file = tmp_path / "answers.json"
    file.write_text(export([answer_of([claim])], Format.JSON))
    result = renglon(copied(tiny.data, tmp_path), "verify", str(file), "--in", str(tmp_path / "none"))
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "1 valid, 0 moved, 0 stale")
