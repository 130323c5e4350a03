"""Articles in another format, and gold lines that follow their words."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.conversion import FORMATS, convert, moved
from eval.datasets import SEEDS_GOLD, DifferingValue, GoldError, GoldLine, Question, load_gold
from eval.metrics import contains_gold
from index.corpus.documents import document_of
from tests.support.paths import SEEDS


def question(file: str, *lines: int) -> Question:
    evidence = tuple(GoldLine(file=file, line=line) for line in lines)
    return Question(id="q", question="¿Qué?", answerable=True, answers=("x",), evidence=evidence)


@pytest.mark.parametrize("form", FORMATS)
def test_every_gold_line_of_the_articles_is_found_where_its_words_stand(form: str, tmp_path: Path) -> None:
    convert(SEEDS, form, tmp_path / form)
    files = (tmp_path / form).iterdir()
    lines = {path.name: document_of(path.name, path.read_bytes()).source.text.split("\n") for path in files}
    for asked in moved(load_gold(SEEDS_GOLD), SEEDS, form, tmp_path / form):
        if asked.answerable:
            held = " ".join(lines[gold.file][gold.line - 1] for gold in asked.evidence)
            assert contains_gold(held, asked.answers), asked.id


def test_a_line_that_stands_twice_keeps_its_turn(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Uno.\n\nDos.\nUno.\n")
    convert(tmp_path, "html", tmp_path / "html")
    [asked] = moved([question("a.txt", 1, 4)], tmp_path, "html", tmp_path / "html")
    assert [gold.line for gold in asked.evidence] == [1, 3]


def test_a_long_line_becomes_all_the_lines_of_the_page_that_hold_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Corta.\n" + "Una frase que sigue y sigue. " * 20 + "\nFin.\n")
    convert(tmp_path, "pdf", tmp_path / "pdf")
    [asked] = moved([question("a.txt", 2)], tmp_path, "pdf", tmp_path / "pdf")
    lines = [gold.line for gold in asked.evidence]
    assert len(lines) > 3
    assert lines == list(range(2, lines[-1] + 1))


def test_the_lines_of_differing_values_move_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\nSon 3.\n\nSon 4.\n")
    values = tuple(
        DifferingValue(value=str(n), evidence=(GoldLine(file="a.txt", line=n2),)) for n, n2 in ((3, 2), (4, 4))
    )
    asked = question("a.txt", 2, 4).model_copy(update={"kind": "differ", "differing": values})
    convert(tmp_path, "docx", tmp_path / "docx")
    [there] = moved([asked], tmp_path, "docx", tmp_path / "docx")
    assert [gold.line for value in there.differing for gold in value.evidence] == [1, 2]
    assert {gold.file for gold in there.evidence} == {"a.docx"}


def test_words_that_a_format_lost_are_reported(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Uno.\nDos.\n")
    convert(tmp_path, "html", tmp_path / "html")
    (tmp_path / "html" / "a.html").write_text("<html><body><article><p>Uno.</p></article></body></html>")
    with pytest.raises(GoldError, match=r"a\.txt:2: its words are not found in the html file"):
        moved([question("a.txt", 2)], tmp_path, "html", tmp_path / "html")


def test_an_unknown_format_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match="choose one of pdf, html, docx"):
        convert(tmp_path, "rtf", tmp_path / "rtf")
    with pytest.raises(GoldError, match=r"holds no \.txt file"):
        convert(tmp_path, "pdf", tmp_path / "pdf")
