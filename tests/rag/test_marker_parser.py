from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.written.assembler import Closed, Draft, Words
from rag.written.marker_parser import Cited, MarkerParser

PLACES = {"a.txt:3": 2}


def read(text: str, size: int = 10**6, known: int = 5) -> tuple[str, int]:
    """The text as it is written, with ⟦ids⟧ at the end of each sentence; how many markers were dropped."""
    parser, draft = MarkerParser(known, PLACES), Draft()
    steps = []
    for start in range(0, len(text), size):
        for token in parser.feed(text[start : start + size]):
            steps += draft.add(token)
    for token in parser.close():
        steps += draft.add(token)
    steps += draft.close()
    written = ""
    for step in steps:
        if isinstance(step, Words):
            written += step.text
        else:
            assert written.endswith(step.text)
            written += f"⟦{','.join(map(str, step.ids))}⟧"
    return written, parser.dropped


@pytest.mark.parametrize(
    ("text", "written", "dropped"),
    [
        ("Kim viajó a Moscú [1].", "Kim viajó a Moscú.⟦1⟧", 0),
        ("Kim viajó a Moscú. [1]", "Kim viajó a Moscú.⟦1⟧", 0),
        ("Kim viajó a Moscú.[1] Volvió el lunes.[2]", "Kim viajó a Moscú.⟦1⟧ Volvió el lunes.⟦2⟧", 0),
        ("Kim viajó【1】 a Moscú.", "Kim viajó a Moscú.⟦1⟧", 0),
        ("Kim viajó a Moscú [1, 3].", "Kim viajó a Moscú.⟦1,3⟧", 0),
        ("Kim viajó a Moscú [1][2].", "Kim viajó a Moscú.⟦1,2⟧", 0),
        ("Kim viajó a Moscú [1] [2].", "Kim viajó a Moscú.⟦1,2⟧", 0),
        ("Kim viajó a Moscú [1-3].", "Kim viajó a Moscú.⟦1,2,3⟧", 0),
        ("Kim viajó a Moscú [2–4], dijo.", "Kim viajó a Moscú, dijo.⟦2,3,4⟧", 0),
        ("Kim viajó a Moscú [1 y 2].", "Kim viajó a Moscú.⟦1,2⟧", 0),
        ("Kim viajó a Moscú [^4].", "Kim viajó a Moscú.⟦4⟧", 0),
        ("Kim viajó a Moscú 【3†fuente】.", "Kim viajó a Moscú.⟦3⟧", 0),
        ("Kim viajó a Moscú [Frase 2].", "Kim viajó a Moscú.⟦2⟧", 0),
        ("Kim via[1]jó.", "Kim viajó.⟦1⟧", 0),
        ("Kim viajó [9].", "Kim viajó.⟦⟧", 1),
        ("Kim viajó [1, 9, 12].", "Kim viajó.⟦1⟧", 2),
        ("Kim viajó [4-9].", "Kim viajó.⟦4,5⟧", 4),
        ("Kim viajó [1-999999].", "Kim viajó.⟦1⟧", 1),
        ("Kim viajó [0].", "Kim viajó.⟦⟧", 1),
        ("Kim viajó [1][1].", "Kim viajó.⟦1⟧", 0),
        ("Kim viajó [a.txt:3].", "Kim viajó.⟦2⟧", 0),
        ("Kim viajó [otro.txt:99].", "Kim viajó.⟦⟧", 1),
        ("[1] Kim viajó.\n[2] Volvió.", "Kim viajó.⟦1⟧\nVolvió.⟦2⟧", 0),
        ("- Kim viajó [1]\n- Volvió [2]", "- Kim viajó⟦1⟧\n- Volvió⟦2⟧", 0),
        ("Gastó 6.700 euros en EE. UU. [1] Volvió.", "Gastó 6.700 euros en EE. UU. Volvió.⟦1⟧", 0),
        ("Son las 3 p. m. en Seúl [1]. Llueve.", "Son las 3 p. m. en Seúl.⟦1⟧ Llueve.⟦⟧", 0),
        ("Dijo «no». [1] Y se fue [2]", "Dijo «no».⟦1⟧ Y se fue⟦2⟧", 0),
        ("El [sic] texto y 3 < 4 y [1", "El [sic] texto y 3 < 4 y [1⟦⟧", 0),
        ("<think>Según [3]…</think>Kim viajó [1].", "Kim viajó.⟦1⟧", 0),
        ("Mira ![x](https://e.example/?q=1) aquí [1].", "Mira x aquí.⟦1⟧", 0),
        ("Mira [esto](https://e.example/?q=1) [1].", "Mira esto.⟦1⟧", 0),
        ("Mira https://e.example/a?b=1 y www.e.example [1].", "Mira … y ….⟦1⟧", 0),
        ("Mira ht[1]tp://e.example/a, www[2].e.example y http:[3]//x [1].",
         "Mira http:… www .e.example y http:….⟦1,2,3⟧", 0),
        ("Hola <img src=x onerror=y> <b>Kim</b> [1].", "Hola Kim.⟦1⟧", 0),
        ("", "", 0),
        ("[1]", "", 0),
        ("   \n ", "", 0),
    ],
)  # fmt: skip
def test_every_form_in_chunks_of_every_size(text: str, written: str, dropped: int) -> None:
    for size in (1, 2, 3, 5, 8, 10**6):
        found, count = read(text, size)
        assert (re.sub(" +", " ", found), count) == (written, dropped), size


FORMS = """[1] | [ | ] | [2 | ,3] | 【4】 | [9] | [1-3] | . | ! | ![a](b) | http |
 s:// | www. | www | / | : | <b> | < | >
 | <think> | </think> | [a.txt:3] | [b.txt:9] | ( | ) | « | » | ¿ | … | Kim | viajó | EE. UU. | 6.700 | NO_ANSWER"""
PIECES = st.lists(
    st.sampled_from([*map(str.strip, FORMS.split("|")), ". ", " ", "\n", "\n\n", "\ud83d", "\u202e"])
    | st.text(max_size=6),
    max_size=25,
)


@settings(max_examples=600, deadline=None)
@given(PIECES, st.integers(1, 9))
def test_fuzzed(pieces: list[str], size: int) -> None:
    """Whatever comes: no crash, nothing that reaches out, ids only that were given, and chunks make no difference."""
    text = "".join(pieces)
    parser, draft = MarkerParser(5, PLACES), Draft()
    tokens = [token for start in range(0, len(text), size) for token in parser.feed(text[start : start + size])]
    tokens += parser.close()
    assert all(1 <= id_ <= 5 for token in tokens if isinstance(token, Cited) for id_ in token.ids)
    steps = [step for token in tokens for step in draft.add(token)] + draft.close()
    written = "".join(step.text for step in steps if isinstance(step, Words))
    written.encode()
    assert not re.search(r"https?://\w|www\.\w|!\[[^\[\]]*\]\(|<img|<b>|\u202e", written)
    assert "".join("".join(s.text.split()) for s in steps if isinstance(s, Closed)) == "".join(written.split())
    if "\ud83d" not in text:
        assert read(text, size) == read(text)
