from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.parsers import REPLIES, check_reply, read


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


@settings(max_examples=600, deadline=None)
@given(REPLIES, st.integers(1, 9))
def test_fuzzed(pieces: list[str], size: int) -> None:
    check_reply(pieces, size)
