"""What a file beside a document says of it: `informe.pdf.meta.json` of `informe.pdf`."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from index.corpus.files import read_bytes
from rag.errors import FileRefused
from rag.metadata import Metadata

SUFFIX = ".meta.json"
_MOST_BYTES = 64_000
_LONGEST = 1000  # characters of a value
log = logging.getLogger("renglon")


def sidecar_of(path: Path, root: Path) -> bytes:
    """The bytes of the file beside a document; none where there is no such file or it can't be read."""
    beside = path.with_name(path.name + SUFFIX)
    if not beside.exists():
        return b""
    try:
        return read_bytes(beside, root, _MOST_BYTES)
    except FileRefused as refusal:
        log.warning("%s is not used: %s", beside.name, refusal)
        return b""


def with_sidecar(metadata: Metadata, raw: bytes, file: str) -> Metadata:
    """What a document says of itself, corrected by the file beside it. A file that is no such JSON is reported."""
    if not raw.strip():
        return metadata
    try:
        said = json.loads(raw)
        values = _values(said)
    except (ValueError, RecursionError) as error:
        log.warning("%s%s is not used: %s", file, SUFFIX, error)
        return metadata
    return replace(metadata, **values)


def _values(said: Any) -> dict[str, str]:
    if not isinstance(said, dict):
        raise ValueError("It must be a JSON object, with title, author, published, url or language.")
    known = {field.name for field in fields(Metadata)}
    values = {key: " ".join(str(said[key]).split())[:_LONGEST] for key in known & said.keys() if said[key]}
    if "published" in values and not re.fullmatch(r"\d{4}-\d\d-\d\d", values["published"]):
        raise ValueError("`published` must be a date such as 2024-06-18.")
    if "language" in values:
        values["language"] = values["language"][:2].lower()
    return values
