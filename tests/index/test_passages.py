from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core.node_parser import TokenTextSplitter
from llama_index.core.schema import Document, TextNode

from index.corpus.documents import SourceText, TextLimits, read_document
from index.corpus.passages import PASSAGE_BYTES, PassageParser, passages_of, split
from rag.errors import FileRefused
from rag.sentences import sentence_bounds
from tests.support.growth import LINEAR, growth
from tests.support.paths import SEEDS


def sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in sentence_bounds(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hay 6.700 cajas. Y más.", ["Hay 6.700 cajas.", "Y más."]),
        ("En EE. UU. lo niegan. Fin.", ["En EE. UU. lo niegan.", "Fin."]),
        ("A las 2:42 p.m. ET llegó. Salió.", ["A las 2:42 p.m. ET llegó.", "Salió."]),
        ("A las 3 p. m. salió el Sr. López.", ["A las 3 p. m. salió el Sr. López."]),
        ("Mr. Smith llegó. Se fue.", ["Mr. Smith llegó.", "Se fue."]),
        ("¿Quién? ¡Nadie! Fin…", ["¿Quién?", "¡Nadie!", "Fin…"]),
        ("«Eso es», dijo. «También esto», dijo.", ["«Eso es», dijo.", "«También esto», dijo."]),
        ("dijo Wang. “De hecho, hay límites", ["dijo Wang.", "“De hecho, hay límites"]),
        ("enfatizó Wang.. “Podría”.", ["enfatizó Wang..", "“Podría”."]),
    ],
)
def test_spanish_sentence_ends(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_hard_wrapped_sentence_is_one_and_spans_its_lines() -> None:
    (passage,) = split(SourceText("La alcaldesa firmó\nel acuerdo ayer.\nHoy se publica.\n"))
    assert [(s.line_start, s.line_end) for s in passage.sentences] == [(1, 2), (3, 3)]


def test_repeated_lines_keep_their_own_places() -> None:
    text = "Publicidad.\nUna noticia.\nPublicidad.\nOtra noticia.\nPublicidad.\n"
    spans = [
        s for p in split(SourceText(text)) for s in p.sentences if text[s.char_start : s.char_end] == "Publicidad."
    ]
    assert [(s.line_start, s.char_start) for s in spans] == [(1, 0), (3, 25), (5, 51)]


def test_a_long_line_is_cut_at_sentence_ends_and_a_short_one_never() -> None:
    sentence = "Esta es una frase de prueba con bastantes palabras dentro. "
    text = sentence * 60 + "\nCorta.\n"
    passages = split(SourceText(text))
    for passage in passages:
        assert len(text[passage.span.char_start : passage.span.char_end].encode()) <= PASSAGE_BYTES
        assert text[passage.span.char_end - 1] == "."
    assert passages[-1].span.line_start == 2


def test_whole_lines_stay_together_up_to_the_limit() -> None:
    passages = split(SourceText("Línea corta.\n" * 100))
    assert all(p.span.line_end - p.span.line_start > 30 for p in passages[:-1])
    assert [p.span.line_start for p in passages[1:]] == [p.span.line_end + 1 for p in passages[:-1]]


@pytest.mark.parametrize("path", sorted(SEEDS.iterdir()), ids=lambda p: p.stem[:3])
def test_the_five_articles(path) -> None:  # type: ignore[no-untyped-def]
    check(read_document(path, SEEDS, 10**7).source.text)


def check(text: str) -> None:
    """Every non-blank character is in exactly one passage and one sentence, in order, on the right lines."""
    source = SourceText(text)
    passages = split(source)
    for spans in ([p.span for p in passages], [s for p in passages for s in p.sentences]):
        owner = [0] * len(text)
        for span in spans:
            assert span.char_start < span.char_end
            assert source.line_of(span.char_start) == span.line_start
            assert source.line_of(span.char_end - 1) == span.line_end
            assert text[span.char_start : span.char_end].strip() == text[span.char_start : span.char_end]
            for i in range(span.char_start, span.char_end):
                owner[i] += 1
        assert all(count <= 1 for count in owner)
        assert all(count == 1 for char, count in zip(text, owner, strict=True) if not char.isspace())
        starts = [span.char_start for span in spans]
        assert starts == sorted(set(starts))


PLAIN = "El presidente dijo 6.700 EE. UU. « » “ ” ¿ ? ¡ ! . ... … , ( ) p.m. ET Sr. etc. J. R. 😀 👩‍👩‍👧 ñandú 中文。 -"
ODD = ["—", ":", ";", "'", unicodedata.normalize("NFD", "Pyongyangó"), "\u200b", "\u00a0", "\x0b", "\u2028", "x" * 90]
WORDS = st.sampled_from([*PLAIN.split(), *ODD])
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", " \n \n", "\n\t\n"])
LINES = st.lists(WORDS, max_size=25).map(" ".join)
TEXTS = st.lists(st.tuples(st.one_of(LINES, st.just("Línea repetida."), st.text(max_size=30)), ENDS), max_size=14).map(
    lambda rows: "".join(line + end for line, end in rows)
)


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_spans_tile_any_text(text: str) -> None:
    check(text)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.sampled_from(["x", "😀", "palabra ", "é"]))
def test_a_line_without_any_sentence_end_is_still_cut(times: int, unit: str) -> None:
    check(unit * (times * 400))


def test_as_a_llama_index_node_parser() -> None:
    text = "Igual.\nDistinta.\nIgual.\n" + "Una frase más larga que las otras. " * 40
    nodes = PassageParser().get_nodes_from_documents([Document(text=text, metadata={"file": "a.txt"})])
    assert len(nodes) > 1
    for node in nodes:
        assert isinstance(node, TextNode)
        assert node.start_char_idx is not None
        assert text[node.start_char_idx : node.end_char_idx] == node.text
        assert node.metadata["file"] == "a.txt"
        assert node.source_node is not None
        assert node.get_content(metadata_mode="embed") == node.text  # type: ignore[arg-type]


def test_production_divides_documents_with_the_node_parser() -> None:
    source = SourceText("Igual.\nDistinta.\nIgual.\n" + "Una frase más larga que las otras. " * 40)
    assert passages_of(source, PassageParser()) == split(source)
    with pytest.raises(FileRefused, match="sentences"):
        passages_of(source, PassageParser(limits=TextLimits(sentences=3)))


def test_another_node_parser_can_divide_documents() -> None:
    source = SourceText("La alcaldesa firmó el acuerdo. Hoy se publica.\n" * 30)
    passages = passages_of(source, TokenTextSplitter(chunk_size=64, chunk_overlap=0, tokenizer=str.split))
    assert len(passages) > 1
    for passage in passages:
        for span in passage.sentences:
            assert source.text[span.char_start : span.char_end].strip()
            assert passage.span.char_start <= span.char_start < span.char_end <= passage.span.char_end


def test_the_time_of_splitting_a_long_document_is_linear() -> None:
    """LlamaIndex hashes the whole document whenever it is asked for the source of a passage."""

    def divided(text: str) -> object:
        return passages_of(SourceText(text), PassageParser())

    assert growth(divided, lambda lines: (("x" * 100 + " ") * 60 + "\n") * lines, 100) < LINEAR
