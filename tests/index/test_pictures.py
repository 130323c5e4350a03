from __future__ import annotations

import io
import os
import random
from pathlib import Path

import pytest
from PIL import Image

from index.corpus.documents import read_document
from index.ingest.sync import Work
from index.pictures import PagePictures
from index.purge import purge
from index.records import Change, ModelKey
from index.store import Store
from rag.errors import FileRefused, UnknownDocument
from tests.support.paths import MAX_BYTES
from tests.support.pdfs import PROSE, drawn, lines


def put(store: Store, path: Path) -> str:
    """Store a document without passages: nothing is embedded."""
    import numpy as np

    document = read_document(path, path.parent, MAX_BYTES)
    work = Work(document, str(path.parent), [])
    nothing = np.zeros((0, 3), np.float32)
    store.replace([Change(work.document, work.root, [], nothing, nothing)], ModelKey("m", "1", 3))
    return document.id


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    path = folder / "a.pdf"
    path.write_bytes(drawn(lines(*PROSE), lines(*PROSE[:2])))
    return path


def test_a_page_shows_the_quote_where_its_boxes_are(store: Store, pdf: Path) -> None:
    """There is ink within the box of a quote and none beside it."""
    id_ = put(store, pdf)
    pictures = PagePictures(store, MAX_BYTES)
    png, scale = pictures.picture(id_, 1, 2)
    assert scale == 2
    image = Image.open(io.BytesIO(png)).convert("L")
    assert image.size == (1191, 1684)
    text, _ = store.catalog.text(id_) or ("", "")
    start = text.index("Juan Moreno Rocafull")
    found = store.catalog.printed(id_, start, start + len("Juan Moreno Rocafull"))
    assert found is not None
    (box,) = found.boxes
    sides = [round(scale * side) for side in (box.left, box.top, box.right, box.bottom)]
    ink = image.crop((sides[0], sides[1], sides[2], sides[3])).histogram()
    assert sum(ink[:128]) > 300
    left = image.crop((0, sides[1], round(scale * 71), sides[3])).histogram()
    assert sum(left[:250]) == 0
    pictures.close()


def test_pictures_are_kept_within_a_limit_and_purged(store: Store, pdf: Path) -> None:
    id_ = put(store, pdf)
    pictures = PagePictures(store, MAX_BYTES)
    first = pictures.picture(id_, 1, 1.4)
    folder = store.folder / "pages"
    assert len(list(folder.iterdir())) == 1
    kept = pdf.read_bytes()
    pdf.unlink()
    assert pictures.picture(id_, 1, 1.6) == first  # from the disk, at the same scale
    with pytest.raises(UnknownDocument, match="changed or is gone"):
        pictures.picture(id_, 2, 1)
    pdf.write_bytes(kept)
    size = sum(entry.stat().st_size for entry in os.scandir(folder))
    tight = PagePictures(store, MAX_BYTES, limit=6 * size)
    for page, scale in ((1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (2, 3), (2, 1.5)):
        tight.picture(id_, page, scale)
    assert 0 < sum(entry.stat().st_size for entry in os.scandir(folder)) <= 6 * size
    purge(store)
    assert not folder.exists()
    for one in (pictures, tight):
        one.close()


def test_what_has_no_such_page(store: Store, pdf: Path, tmp_path: Path) -> None:
    pictures = PagePictures(store, MAX_BYTES)
    with pytest.raises(FileRefused, match="has 2 pages"):
        pictures.picture(put(store, pdf), 3, 1)
    plain = pdf.with_name("b.txt")
    plain.write_text("El faro.\n")
    with pytest.raises(UnknownDocument, match="has no pages"):
        pictures.picture(put(store, plain), 1, 1)
    with pytest.raises(UnknownDocument):
        pictures.picture("0" * 16, 1, 1)
    big = pdf.with_name("c.pdf")
    noise = random.Random(0)
    big.write_bytes(drawn(lines("El faro de Mesa alumbra la costa."), size=(5000 + noise.random(), 9000)))
    png, scale = pictures.picture(put(store, big), 1, 3)
    assert max(Image.open(io.BytesIO(png)).size) <= 4001
    assert scale < 1
    pictures.close()
