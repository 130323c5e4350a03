from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.corpus.documents import Document, TextLimits, document_of
from index.corpus.passages import Passage
from index.corpus.readable import Readable
from index.corpus.structure import split_blocks
from index.ingest.sync import Syncer
from index.model.encoder import Encoder
from index.renglon import build_engine
from index.store import Store
from rag.runs import to_readable, to_source
from rag.settings import Settings
from tests.support.paths import MODELS

GUIDE = """---
title: "Mi guía"
date: 2024-06-18
author: Ana Ruiz
lang: es
---

# Guía *rápida* { #guia }

Para usar **FastAPI** necesitas [Hypercorn](https://x.y/a_b "título b"): un servidor ASGI. Y `uvicorn`, &amp; listo.
Otra línea con <b>HTML</b> y 2 \\* 3 = 6 y snake_case_name, ***muy* fuerte**.

> Cita de varias
> líneas con **marca**.

Los requisitos son:

* [Python](https://python.org): versión 3.8.
* Pip instalado.
    1. Anidado.

## Declarar un *path parameter* { #declare }

| Nombre | Valor |
|--------|-------|
| **a** | 1 \\| 2 |
| b | [dos](http://z) |

```python
def f(x):
    return x * 2
```

Con ![imagen](foo.png) y <https://auto.link>.
"""


def read(text: str) -> Document:
    return document_of("a.md", text.encode())


def shown(document: Document) -> Readable:
    return Readable(document.source.text, document.edits)


def blocks(document: Document, kind: str) -> list[str]:
    return [shown(document).piece(b.start, b.end)[0] for b in document.blocks if b.kind == kind]


def test_readable_blocks() -> None:
    document = read(GUIDE)
    assert blocks(document, "heading") == ["Guía rápida", "Declarar un path parameter", "Nombre | Valor"]
    assert blocks(document, "code") == ["def f(x):\n    return x * 2"]
    assert blocks(document, "text") == [
        "Para usar FastAPI necesitas Hypercorn: un servidor ASGI. Y uvicorn, & listo.\n"
        "Otra línea con HTML y 2 * 3 = 6 y snake_case_name, muy fuerte.",
        "Cita de varias\nlíneas con marca.",
        "Los requisitos son:",
        "Python: versión 3.8.",
        "Pip instalado.",
        "Anidado.",
        "a | 1 \\| 2",
        "b | dos",
        "Con imagen y https://auto.link.",
    ]


def test_metadata_of_front_matter_and_first_heading() -> None:
    about = read(GUIDE).metadata
    assert (about.title, about.author, about.published, about.language) == ("Mi guía", "Ana Ruiz", "2024-06-18", "es")
    assert read("Hola.\n\n# El *faro*\n").metadata.title == "El faro"


def test_sections_leads_and_verbatim_quotes() -> None:
    document = read(GUIDE)
    text = document.source.text
    passages = split_blocks(document, TextLimits())
    assert [(p.section, p.lead, p.kind) for p in passages] == [
        ("Guía rápida", "", "text"),
        ("Guía rápida › Declarar un path parameter", "Nombre | Valor", "text"),
        ("Guía rápida › Declarar un path parameter", "", "code"),
        ("Guía rápida › Declarar un path parameter", "", "text"),
    ]
    quotes = [text[s.char_start : s.char_end] for p in passages for s in p.sentences]
    assert '[Hypercorn](https://x.y/a_b "título b"): un servidor ASGI.' in quotes[0]
    assert "Cita de varias\n> líneas con **marca**." in quotes
    assert "[Python](https://python.org): versión 3.8." in quotes
    assert not any("Guía" in quote or "Declarar" in quote for quote in quotes)  # no heading is a sentence
    (span,) = passages[2].sentences
    assert text[span.char_start : span.char_end] == "def f(x):\n    return x * 2"
    assert (span.line_start, span.line_end) == (30, 31)


def test_an_item_far_from_its_introduction_keeps_it() -> None:
    items = "".join(
        f"- El requisito número {n} pide una memoria de {n} gigas y una licencia vigente.\n" for n in range(60)
    )
    passages = split_blocks(read(f"# Requisitos\n\nEl servidor necesita:\n\n{items}"), TextLimits())
    assert len(passages) > 3
    assert {p.lead for p in passages[1:]} == {"El servidor necesita:"}
    assert passages[1].context == "Requisitos\nEl servidor necesita:"


def check(text: str) -> list[Passage]:
    """Every sentence is a stretch of the file, in order; the way to its readable form and back holds."""
    document = read(text)
    source, end = document.source.text, 0
    passages = split_blocks(document, TextLimits())
    for passage in passages:
        start = passage.span.char_start
        own = source[start : passage.span.char_end]
        for run in passage.runs:
            if run.length == run.source_length and passage.text is not None:
                there = own[run.source : run.source + run.length]
                assert passage.text[run.start : run.start + run.length] == there
        for s in passage.sentences:
            assert end <= s.char_start < s.char_end
            end = s.char_end
            assert (s.line_start, s.line_end) == (
                document.source.line_of(s.char_start),
                document.source.line_of(end - 1),
            )
            a, b = to_readable(passage.runs, s.char_start - start, s.char_end - start)
            assert passage.text is not None
            assert passage.text[a:b].strip()
            first, last = to_source(passage.runs, a, b)
            assert s.char_start - start <= first < last <= s.char_end - start
    return passages


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_kind(end: str) -> None:
    assert len(check(GUIDE.replace("\n", end))) == 4


MARKS = [
    *["*", "**", "_", "`", "[", "](", ")", "<b>", "&amp;", "\\", "~~", "![", "é", "😀", "hola", "{#x}", "<!--"],
    *["# ", "- ", "> ", "| ", "\n", "\n\n", "---\n", "```\n", "    ", "Uno. ", " ", "\t", "1. ", "\r\n"],
]


@given(st.lists(st.sampled_from(MARKS), max_size=40).map("".join))
def test_any_markup_keeps_its_offsets(text: str) -> None:
    if text.strip():
        check(text + "x")


@pytest.mark.parametrize(
    "piece", ["[", "![", "*", "**a", "`", "<", "> ", "- ", "&", "\\", "[a](", "| ", "_a_", "~~", "<!--", "{#"]
)
def test_hostile_markup_is_read_all_the_same(piece: str) -> None:
    began = time.process_time()
    check(piece * (60_000 // len(piece)) + "\n\nFin.")
    assert time.process_time() - began < 60  # not a matter of speed: quadratic time would take hours


def test_an_answer_shows_the_readable_form_and_quotes_the_file(tmp_path: Path, encoder: Encoder) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "guia.md").write_text(
        "# Servidores\n\nPara producción hacen falta *dos* cosas.\n\n## Hypercorn { #hyper }\n\n"
        "* [Hypercorn](https://hypercorn.dev/): es un servidor ASGI que escribió **Philip Jones** en 2018.\n"
        "* [Uvicorn](https://uvicorn.dev/): es otro servidor, rápido y pequeño.\n"
    )
    text = (folder / "guia.md").read_text()
    with Store(tmp_path / "data") as store:
        Syncer(store, encoder, 10**6).sync(folder)
        row = store.catalog.documents()[0]
        assert (row.reader, row.title) == ("markdown/1", "Servidores")
        answer = build_engine(store, encoder, Settings(models_dir=MODELS)).answer("¿Quién escribió Hypercorn?")
    first = answer.citations[0]
    assert first.verified
    assert text[first.char_start : first.char_end] == first.quote
    assert first.quote.startswith(
        "[Hypercorn](https://hypercorn.dev/): es un servidor ASGI que escribió **Philip Jones**"
    )
    assert first.readable == "Hypercorn: es un servidor ASGI que escribió Philip Jones en 2018."
    assert first.readable in answer.text
    assert first.section == "Servidores › Hypercorn"
    assert (first.line_start, first.marker) == (7, "[guia.md:7]")
    assert first.answer_span is not None
    assert text[first.answer_span.char_start : first.answer_span.char_end] == first.answer_span.text == "Philip Jones"
