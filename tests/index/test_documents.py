from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.corpus.decoding import decode
from index.corpus.documents import SourceText, corpus_files, document_id, read_document
from rag.errors import CorpusNotFound, FileRefused

SPANISH = "El año pasado, «la señora Núñez» pagó más de 3.000 € en Málaga — según informó el periódico."


def put(folder: Path, name: str, raw: bytes) -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (SPANISH.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + SPANISH.encode(), "utf-8-sig"),
        (SPANISH.encode("cp1252"), "cp1252"),
    ],
)
def test_encodings_are_told_apart(raw: bytes, encoding: str) -> None:
    assert decode(raw) == (SPANISH, encoding)


def test_latin_1_is_read_as_it_was_written() -> None:
    text = "La niña comió piñones en Cádiz; después, según él, volvió a Córdoba con su tía Begoña. " * 3
    assert decode(text.encode("latin-1"))[0] == text


@pytest.mark.parametrize("raw", [b"", b" \n\t", b"\xef\xbb\xbf\n"])
def test_empty_files_are_refused(raw: bytes) -> None:
    with pytest.raises(FileRefused, match="empty"):
        decode(raw)


@pytest.mark.parametrize("raw", [b"\x7fELF\x02\x01\x01" + bytes(60), b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00"])
def test_binary_data_is_refused(raw: bytes) -> None:
    with pytest.raises(FileRefused, match="binary"):
        decode(raw)


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(10_000_000_000)  # sparse: reading it would take minutes and all memory
    with pytest.raises(FileRefused, match="limit is 1,000"):
        read_document(path, tmp_path, 1000)


def test_a_link_that_leaves_the_corpus_is_refused_and_one_inside_is_read(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    root.mkdir()
    outside = put(tmp_path, "secret.txt", b"secreto")
    put(root, "a.txt", b"hola")
    (root / "out.txt").symlink_to(outside)
    (root / "in.txt").symlink_to(root / "a.txt")
    (root / "dangling.txt").symlink_to(root / "none.txt")
    assert [p.name for p in corpus_files(root)] == ["a.txt", "dangling.txt", "in.txt", "out.txt"]
    with pytest.raises(FileRefused, match="leaves the corpus"):
        read_document(root / "out.txt", root, 1000)
    with pytest.raises(FileRefused, match="can't be read"):
        read_document(root / "dangling.txt", root, 1000)
    assert read_document(root / "in.txt", root, 1000).source.text == "hola"


def test_only_text_files_that_are_not_hidden_belong_to_the_corpus(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("b.md", "a.TXT", "c.png", ".hidden.txt", "sub/d.txt", ".git/e.txt"):
        put(tmp_path, name, b"x")
    assert [p.relative_to(tmp_path).as_posix() for p in corpus_files(tmp_path)] == ["a.TXT", "b.md", "sub/d.txt"]


def test_a_missing_folder_and_a_file_in_its_place_are_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusNotFound, match="does not exist"):
        list(corpus_files(tmp_path / "none"))
    with pytest.raises(CorpusNotFound, match="is not a folder"):
        list(corpus_files(put(tmp_path, "a.txt", b"x")))


def test_document_carries_hash_of_bytes_and_stable_id(tmp_path: Path) -> None:
    raw = "línea\r\notra\r\n".encode()
    document = read_document(put(tmp_path, "a.txt", raw), tmp_path, 1000)
    assert document.sha256 == hashlib.sha256(raw).hexdigest()
    assert document.id == document_id("a.txt")
    assert document.source.lines == ["línea", "otra"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\rb\r", ["a", "b"]),
        ("\n\na\n", ["", "", "a"]),
        ("a\n\n", ["a", ""]),
        ("a\x0bb\u2028c\x85d", ["a\x0bb\u2028c\x85d"]),  # only LF, CRLF and CR end a line, as in editors
        ("", [""]),
    ],
)
def test_line_table(text: str, lines: list[str]) -> None:
    source = SourceText(text)
    assert source.lines == lines
    assert source.line_count == len(lines)


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from("ab \r\n\té😀"), max_size=60))
def test_every_offset_lies_on_its_line(text: str) -> None:
    source = SourceText(text)
    for offset in range(len(text)):
        line = source.line_of(offset)
        before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
        half = text[offset - 1 : offset + 1] == "\r\n"  # the LF of a CRLF still belongs to the line that it ends
        assert line == before.count("\n") + 1 - half
        if text[offset] not in "\r\n":
            start, end = source.span_of_line(line)
            assert start <= offset < end
