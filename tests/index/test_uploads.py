from __future__ import annotations

import threading
import unicodedata
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.database_store import DatabaseStore
from index.ingest.plan import UPLOADS
from index.ingest.sync import Syncer
from index.ingest.uploads import LONGEST_NAME, Uploads, display_name
from index.store import Store
from rag.errors import DataFolderUnusable, DocumentOfFolder, FileRefused, FileTooLarge, UnknownDocument
from tests.support.models import Held

NOTE = b"El faro de Chipiona mide 69 metros.\n"


@pytest.fixture
def uploads(store: Store, syncer: Syncer) -> Uploads:
    return Uploads(store, syncer, 10_000)


def stored(store: Store) -> list[bytes]:
    if isinstance(store, DatabaseStore):
        return [
            bytes(row[0]) for row in store.database.db.execute("SELECT content FROM originals ORDER BY document_id")
        ]
    return [path.read_bytes() for path in sorted((store.folder / UPLOADS).glob("*"))]


def test_attachments_come_and_go_with_their_message(uploads: Uploads, store: Store) -> None:
    def mail(*names: str) -> bytes:
        made = EmailMessage()
        made["Subject"] = "Los papeles"
        made.set_content("Te mando el acta.\n")
        for name in names:
            raw = b"%PDF-1.4 y nada" if name.endswith(".pdf") else b"La campana pesa 812 kilos.\n"
            made.add_attachment(raw, maintype="application", subtype="octet-stream", filename=name)
        return made.as_bytes()

    saved = uploads.save("carta.eml", mail("acta.txt", "roto.pdf"))
    assert (saved.result, (saved.note or "").split(".")[:2]) == (
        "added",
        ["roto", "pdf: The PDF is damaged and can't be opened"],
    )
    assert "La campana pesa 812 kilos." in (store.catalog.text(saved.id) or ("",))[0]
    again = uploads.save("carta.eml", mail())
    assert (again.result, again.note) == ("changed", None)
    assert "campana" not in (store.catalog.text(saved.id) or ("",))[0]
    assert [row.file for row in store.catalog.documents()] == ["uploads/carta.eml"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("nota.txt", "nota.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\x\\nota.md", "nota.md"),
        ("a\x00b.txt", "ab.txt"),
        ("an\u0303o.txt", "año.txt"),
        ("\u202etxt.exe.md", "txt.exe.md"),
        ("a∕b／c.txt", "a_b_c.txt"),
        ("a\u200bb\ufeff\n c.txt", "ab c.txt"),
        ("[1]:2.txt", "_1__2.txt"),
        ("CON.txt", "_CON.txt"),
        ("lpt1.x.md", "_lpt1.x.md"),
        ("..%2f..%2fx.txt", "%2f..%2fx.txt"),
        ("  ..nota..  .txt", "nota.txt"),
        ("\udcff.txt", "udcff.txt"),
    ],
)
def test_names_as_they_are_shown(name: str, shown: str) -> None:
    assert display_name(name) == shown


@pytest.mark.parametrize(
    "name", ["", ".txt", "...", "../", "a", "a.exe", "a.txt/", "\u202e.txt", "a.txt\x00.exe", " .md"]
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(FileRefused):
        display_name(name)


@settings(max_examples=1000, deadline=None)
@given(st.text(st.characters(), max_size=300))
def test_no_name_leaves_the_folder_or_hides_anything(name: str) -> None:
    shown = display_name(f"x{name}.txt".replace("/", "").replace("\\", ""))
    assert len(shown) <= LONGEST_NAME + 1
    assert not set(shown) & set('/\\[]:*?"<>|\n\r\x00')
    assert not shown.startswith(".")
    assert all(unicodedata.category(c)[0] != "C" for c in shown)
    assert display_name(shown) == shown
    shown.encode()


def test_save_replace_delete(store: Store, uploads: Uploads) -> None:
    saved = uploads.save("faro.txt", NOTE)
    assert (saved.result, saved.file) == ("added", "uploads/faro.txt")
    assert store.catalog.text(saved.id) == (NOTE.decode(), saved.sha256)
    assert store.dense.pks() == store.lexical.pks() == store.catalog.pks() != set()
    assert uploads.save("faro.txt", NOTE).result == "unchanged"
    changed = uploads.save("otro/faro.txt", NOTE + b"Y alumbra.\n")
    assert (changed.result, changed.id) == ("changed", saved.id)
    replaced = uploads.replace(saved.id, b"Otro texto.\n")
    assert (replaced.result, replaced.file) == ("changed", "uploads/faro.txt")
    assert stored(store) == [b"Otro texto.\n"]
    uploads.delete(saved.id)
    assert store.catalog.text(saved.id) is None
    assert store.dense.pks() == store.lexical.pks() == set()
    assert stored(store) == []
    for call in (lambda: uploads.delete(saved.id), lambda: uploads.replace(saved.id, NOTE)):
        with pytest.raises(UnknownDocument):
            call()


def test_a_sync_leaves_uploads_alone_and_folders_follow_their_files(
    store: Store, syncer: Syncer, uploads: Uploads, corpus: Path
) -> None:
    uploads.save("uno.txt", NOTE)
    (corpus / "uploads").mkdir()
    (corpus / "uploads" / "uno.txt").write_text("Un fichero de una carpeta del mismo nombre.\n")
    assert syncer.sync(corpus).removed == []
    files = {row.file: row.id for row in store.catalog.documents()}
    assert set(files) == {"uno.txt", "dos.txt", "uploads/uno.txt", "corpus/uploads/uno.txt"}
    assert store.catalog.text(files["uploads/uno.txt"]) == (NOTE.decode(), uploads.save("uno.txt", NOTE).sha256)
    for call in (lambda: uploads.delete(files["uno.txt"]), lambda: uploads.replace(files["uno.txt"], NOTE)):
        with pytest.raises(DocumentOfFolder, match="RENGLON_EXCLUDE"):
            call()
    for path in sorted(corpus.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    corpus.rmdir()
    uploads.delete(files["uno.txt"])  # nothing brings it back any more
    assert "uno.txt" not in {row.file for row in store.catalog.documents()}


def test_what_is_refused_leaves_no_trace(store: Store, uploads: Uploads) -> None:
    for raw, error in ((b"", FileRefused), (bytes(500), FileRefused), (b"a" * 10_001, FileTooLarge)):
        with pytest.raises(error):
            uploads.save("a.txt", raw)
    assert store.catalog.documents() == []
    assert not (store.folder / UPLOADS).exists() or stored(store) == []


@pytest.mark.folder
def test_bytes_of_requests_that_were_cut_off_are_tidied_away(store: Store, uploads: Uploads) -> None:
    saved = uploads.save("faro.txt", NOTE)
    for name in (f"{saved.id}-{'0' * 32}", ".half-written", "stranger"):
        (store.folder / UPLOADS / name).write_bytes(b"never acknowledged")
    assert uploads.tidy() == 3
    assert stored(store) == [NOTE]


def test_a_disk_that_cannot_be_written_is_told_and_nothing_is_lost(
    store: Store, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = uploads.save("faro.txt", NOTE)
    import errno
    import os

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        if not isinstance(store, DatabaseStore):
            with pytest.raises(DataFolderUnusable, match="full"):
                uploads.save("faro.txt", b"Otra cosa.\n")
    assert store.catalog.text(saved.id) == (NOTE.decode(), saved.sha256)
    assert stored(store) == [NOTE]
    with monkeypatch.context() as patch:
        patch.setattr(store.catalog, "replace", lambda *_: full(0))
        with pytest.raises(DataFolderUnusable, match="full"):
            uploads.save("faro.txt", b"Otra cosa.\n")
    assert store.catalog.text(saved.id) == (NOTE.decode(), saved.sha256)
    assert stored(store) == [NOTE]
    assert uploads.save("faro.txt", b"Otra cosa.\n").result == "changed"


def test_a_note_does_not_wait_for_a_large_file(store: Store) -> None:
    encoder = Held()
    uploads = Uploads(store, Syncer(store, encoder, 10_000), 10_000)
    saved = uploads.save("nota.txt", NOTE)
    encoder.hold_at("grande")
    large = threading.Thread(target=uploads.save, args=("grande.txt", b"Un texto muy grande.\n"))
    large.start()
    assert encoder.reached.wait(60)
    assert uploads.save("nota.txt", NOTE * 2).result == "changed"
    assert uploads.save("otra.txt", NOTE).result == "added"
    uploads.delete(saved.id)
    assert uploads.tidy() == 0  # the bytes of the one that is under way stay
    again = threading.Thread(target=uploads.save, args=("grande.txt", b"Otro texto muy grande.\n"))
    again.start()
    assert sorted(row.file for row in store.catalog.documents()) == ["uploads/otra.txt"]
    encoder.gate.set()
    for thread in (large, again):
        thread.join(60)
    assert sorted(row.file for row in store.catalog.documents()) == ["uploads/grande.txt", "uploads/otra.txt"]
    assert len(stored(store)) == 2
    assert uploads.tidy() == 0
