"""A file that can't be processed is refused by name, for whatever reason, and the rest of the folder goes on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sentencex import get_sentence_boundaries

from index.corpus.decoding import decode
from index.corpus.documents import SourceText, TextLimits, document_of, refused_on_failure
from index.corpus.globs import Globs
from index.corpus.passages import PassageParser, split
from index.ingest.sync import Syncer
from index.ingest.uploads import Uploads, display_name
from index.model.encoder import Encoder
from index.store import Store
from rag.errors import FileRefused
from tests.support.models import Tiny
from tests.support.paths import MAX_BYTES
from tests.support.soundness import in_step

PANICS = "La vitamina C\u00a0. Es buena para la vista.\n"
LIMITS = TextLimits(lines=5, sentences=4)


class Choosy(Encoder):
    """The bundled model, failing on one word as a damaged tokenizer would."""

    def __init__(self, encoder: Encoder) -> None:
        self.__dict__.update(encoder.__dict__)

    def encode_documents(self, passages: Any, *rest: Any) -> Any:
        passages = list(passages)
        if any("indigesto" in text for text, _ in passages):
            raise RuntimeError("no such token")
        return super().encode_documents(passages, *rest)


def files(store: Store) -> list[str]:
    return [row.file for row in store.catalog.documents()]


def test_a_line_that_made_the_splitter_panic_is_indexed(store: Store, syncer: Syncer, corpus: Path) -> None:
    (corpus / "vitamina.txt").write_text(PANICS)
    assert syncer.sync(corpus).refused == []
    uploads = Uploads(store, syncer, MAX_BYTES)
    saved = uploads.save("vitamina.txt", PANICS.encode())
    assert saved.file in files(store)
    assert in_step(store)


def test_a_file_on_which_the_model_fails_is_refused_alone(store: Store, encoder: Encoder, corpus: Path) -> None:
    syncer = Syncer(store, Choosy(encoder), MAX_BYTES)
    syncer.sync(corpus)
    (corpus / "uno.txt").write_text("Un texto indigesto.\n")
    (corpus / "tres.txt").write_text("Otro indigesto.\n")
    (corpus / "cuatro.txt").write_text("El faro alumbra.\n")
    report = syncer.sync(corpus)
    assert sorted(file for file, _ in report.refused) == ["tres.txt", "uno.txt"]
    assert all("can't be processed (RuntimeError)" in reason for _, reason in report.refused)
    assert (report.added, report.changed, report.removed) == (["cuatro.txt"], [], ["uno.txt"])
    assert files(store) == ["cuatro.txt", "dos.txt"]
    assert in_step(store)


def test_an_upload_on_which_the_model_fails_is_refused(store: Store, encoder: Encoder) -> None:
    uploads = Uploads(store, Syncer(store, Choosy(encoder), MAX_BYTES), MAX_BYTES)
    with pytest.raises(FileRefused, match="can't be processed"):
        uploads.save("a.txt", b"Un texto indigesto.\n")
    assert files(store) == []
    assert uploads.save("a.txt", b"Un texto.\n").result == "added"


def test_too_many_lines_and_sentences(store: Store, encoder: Encoder, corpus: Path) -> None:
    (corpus / "lineas.txt").write_text("a\r\n" * 6)
    (corpus / "frases.txt").write_text("Uno. Dos. Tres. Cuatro. Cinco.\n")
    (corpus / "justas.txt").write_text("Uno. Dos. Tres. Cuatro.\n\n\n\n\n")
    report = Syncer(store, encoder, MAX_BYTES, Globs(), LIMITS).sync(corpus)
    assert dict(report.refused) == {
        "lineas.txt": "The file has 6 lines; the limit is 5. Split it, or raise RENGLON_MAX_FILE_LINES.",
        "frases.txt": "The file has more than 4 sentences, which is the limit. Split it, or raise"
        " RENGLON_MAX_FILE_SENTENCES.",
    }
    assert "justas.txt" in report.added
    uploads = Uploads(store, Syncer(store, encoder, MAX_BYTES, Globs(), LIMITS), MAX_BYTES, LIMITS)
    for raw in (b"a\n" * 6, b"Uno. Dos. Tres. Cuatro. Cinco.\n"):
        with pytest.raises(FileRefused, match="limit"):
            uploads.save("a.txt", raw)


def test_splitting_stops_at_the_limit() -> None:
    """20 MB of short sentences are refused without a list of all of them being made."""
    seen = 0

    class Counted(str):
        def __getitem__(self, key: Any) -> str:
            nonlocal seen
            piece = super().__getitem__(key)
            seen += isinstance(key, slice)
            return piece

    source = SourceText(Counted("Sí. " * 100_000))
    with pytest.raises(FileRefused, match="more than 100 sentences"):
        split(source, TextLimits(sentences=100))
    assert seen < 10


@pytest.mark.parametrize("quote", ["'", "“"])
def test_a_large_file_in_neither_encoding_is_read_or_refused(quote: str) -> None:
    """charset-normalizer looks at samples of a large file, so a byte that it didn't see must not raise."""
    raw = (f"La niña comió {quote}piñones en Cádiz.\n" * 330_000).encode("cp1252") + b"\x81\x8d\x8f\x90\x9d"
    with suppress(FileRefused):
        text, encoding = decode(raw)
        assert text.encode(encoding) == raw


def test_a_panic_refuses_the_file_and_an_interruption_does_not() -> None:
    with pytest.raises(FileRefused, match="PanicException"), refused_on_failure():
        get_sentence_boundaries("es", PANICS)
    with pytest.raises(KeyboardInterrupt), refused_on_failure():
        raise KeyboardInterrupt
    with pytest.raises(FileRefused, match="empty"), refused_on_failure():
        document_of("a.txt", b" ")


def test_an_endless_name_is_shown_by_its_end() -> None:
    assert display_name("a" + "\u0301\u0327" * 500_000 + "/faro.txt") == "faro.txt"


class Counted(PassageParser):
    """The splitter, noting how often it is asked."""

    asked: ClassVar[list[int]] = []

    def get_nodes_from_documents(self, documents: Any, *rest: Any, **options: Any) -> Any:
        self.asked.append(1)
        return super().get_nodes_from_documents(documents, *rest, **options)


def test_a_file_over_a_limit_is_split_once(store: Store, corpus: Path) -> None:
    def sync(limits: TextLimits) -> tuple[int, list[str]]:
        Counted.asked.clear()
        syncer = Syncer(store, Tiny(), MAX_BYTES, limits=limits, parser=Counted(limits=limits))
        refused = syncer.sync(corpus).refused
        assert all("sentences" in reason for _, reason in refused)
        return len(Counted.asked), [file for file, _ in refused]

    (corpus / "largo.txt").write_text("Una frase. " * 10)
    assert sync(LIMITS) == (3, ["largo.txt"])
    assert sync(LIMITS) == (0, ["largo.txt"])
    assert sync(LIMITS) == (0, ["largo.txt"])
    (corpus / "largo.txt").write_text("Otra frase. " * 10)
    assert sync(LIMITS) == (1, ["largo.txt"])
    assert sync(TextLimits(lines=5, sentences=20)) == (1, [])
    assert "largo.txt" in files(store)
