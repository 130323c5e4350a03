"""Written sentences against what they cite."""

from __future__ import annotations

from rag.evidence import Evidence
from rag.nodes import PassageNode, Sentence
from rag.support import SupportCheck, Verdict


def evidence(text: str) -> Evidence:
    meta = {"document_id": "a", "file": "a.txt", "file_sha256": "s", "line_start": 1, "line_end": 1}
    sentence = Sentence(text, 0, len(text), 1, 1)
    return Evidence(sentence, PassageNode(text=text, extra_info=meta), None, frozenset(), 0.5, 0.5, 1.0)


QUOTE = "Según Seúl, Corea del Norte habría enviado alrededor de 6.700 contenedores a Rusia."


def test_a_figure_that_no_quote_has_is_named(encoder: object) -> None:
    check = SupportCheck(encoder)  # type: ignore[arg-type]
    sentences = [
        ("Corea del Norte envió unos 7.000 contenedores a Rusia.", [evidence(QUOTE)]),
        ("North Korea sent about 6,700 containers to Russia.", [evidence(QUOTE)]),
        ("Corea del Norte envió contenedores.", []),
        (QUOTE, [evidence(QUOTE)]),
    ]
    assert check.check(sentences, "es") == [
        Verdict(False, "«7.000» no está en la cita"),
        Verdict(True, None),
        Verdict(False, "no cita ninguna fuente"),
        Verdict(True, None),
    ]
